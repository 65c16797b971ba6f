import type { RunInput } from "../../../plan/gates/gate.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { resolve, told } from "../config/layer-texts.ts";

/** UIDs of kube-system of two clusters. */
export const OURS = "6f1c2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f";
export const OTHER = "0b7d5c1a-93e2-4f68-a1d4-5e6f7a8b9c0d";

/** The zone of these keys, on the layer prod or on none. */
export function zoneOf(text: string, layer: "prod" | "dev" = "dev"): Zone {
  const loaded = resolve({ [layer]: "", "zone-x": text });
  if (loaded.zone === undefined) throw new Error(told(loaded).join("\n"));
  return loaded.zone;
}

/** An update of the zone, on a cluster that answers, on 2026-11-24 at noon; what differs is given. */
export function run(zone: Zone, more: Partial<RunInput> = {}): RunInput {
  return {
    zone,
    preview: false,
    now: new Date("2026-11-24T12:00:00Z"),
    identity: { state: "known", uid: OURS },
    simulatedUid: undefined,
    lastUid: undefined,
    stateHoldsObjects: false,
    override: undefined,
    ...more,
  };
}
