import type { Board, MigState } from "../annotations.ts";
import { GPU } from "./labels.ts";
import type { PluginConfig } from "./plugin-config.ts";

/** Devices of one kind on a node, before sharing. */
export interface Devices {
  /** The resource that they are offered as. */
  readonly resource: string;
  readonly count: number;
  /** NVIDIA's profile name; undefined: whole boards. */
  readonly profile: string | undefined;
}

/** What the node's boards are to the device plugin. */
export type DeviceSet =
  | { readonly kind: "devices"; readonly devices: readonly Devices[] }
  /** Strategy single, and the MIG devices are not all alike, or there are none. */
  | { readonly kind: "invalid"; readonly reason: string };

/** Resource and label spelling of a profile: a plus sign is not allowed in either. */
export function profileName(profile: string): string {
  return profile.replace("+", ".");
}

/** The node's devices under a MIG strategy. */
export function devicesOf(board: Board, mig: MigState, strategy: PluginConfig["migStrategy"]): DeviceSet {
  const whole = {
    kind: "devices",
    devices: [{ resource: GPU, count: board.count, profile: undefined }],
  } as const;
  if (!mig.enabled || strategy === "none") return whole;
  const instances = Object.entries(mig.layout).map(([profile, perBoard]) => ({
    profile,
    count: perBoard * board.count,
  }));
  if (strategy === "mixed") {
    return {
      kind: "devices",
      devices: instances.map((each) => ({
        ...each,
        resource: `nvidia.com/mig-${profileName(each.profile)}`,
      })),
    };
  }
  const [only, ...others] = instances;
  if (only === undefined || others.length > 0) {
    const got = instances.map(({ profile }) => profile).join(", ") || "no MIG device";
    return { kind: "invalid", reason: `strategy single wants MIG devices of one profile, got ${got}` };
  }
  return { kind: "devices", devices: [{ ...only, resource: GPU }] };
}
