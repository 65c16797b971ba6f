import type { NodePool } from "../config/zone.ts";
import { migStrategy, type MigStrategy } from "./product-label.ts";

/** True when the pool's GPUs are shared by MPS; its nodes then need the MPS control daemon. */
export function sharesByMps(pool: Pick<NodePool, "sharing">): boolean {
  return pool.sharing !== undefined && "mps" in pool.sharing;
}

/**
 * The MIG strategy that the pool's nodes run with: the zone's, but none where a mixed zone shares by MPS. The device
 * plugin does not start with both (k8s-device-plugin v0.20.0), and boards that are shared by MPS are whole.
 */
export function poolMigStrategy(
  gpu: Parameters<typeof migStrategy>[0],
  pool: Pick<NodePool, "sharing">,
): MigStrategy {
  const ofZone = migStrategy(gpu);
  return ofZone === "mixed" && sharesByMps(pool) ? "none" : ofZone;
}

/**
 * The strategy of all pools, or undefined where one differs. The environment of a DaemonSet wins over the same key of
 * the plugin's file: where pools differ, only their entries may say it.
 */
export function commonMigStrategy(zone: {
  readonly gpu: Parameters<typeof migStrategy>[0];
  readonly nodePools: Readonly<Record<string, Pick<NodePool, "sharing">>>;
}): MigStrategy | undefined {
  const ofZone = migStrategy(zone.gpu);
  const differs = Object.values(zone.nodePools).some((pool) => poolMigStrategy(zone.gpu, pool) !== ofZone);
  return differs ? undefined : ofZone;
}
