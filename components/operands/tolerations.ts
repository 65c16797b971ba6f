import type { V1Toleration } from "@kubernetes/client-node";
import type { Zone } from "../../plan/config/zone.ts";

/** Taint key that GPU nodes carry by custom, and every operand tolerates. */
const GPU_TAINT: V1Toleration = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };

/**
 * Tolerations of every operand: NVIDIA's own, those of the taints that any pool declares, the zone's, the operand's.
 * A pool's taint needs no further config.
 */
export function tolerations(zone: Zone, own: readonly V1Toleration[] = []): V1Toleration[] {
  const ofPools = Object.values(zone.nodePools).flatMap((pool) =>
    (pool.taints ?? []).map((taint): V1Toleration =>
      taint.value === undefined
        ? { key: taint.key, operator: "Exists", effect: taint.effect }
        : { key: taint.key, operator: "Equal", value: taint.value, effect: taint.effect },
    ),
  );
  const all = [GPU_TAINT, ...ofPools, ...(zone.gpu.daemonsets?.tolerations ?? []), ...own];
  const seen = new Set<string>();
  return all.filter((each) => {
    const key = JSON.stringify([each.key, each.operator, each.value, each.effect]);
    return seen.has(key) ? false : seen.add(key);
  }) as V1Toleration[];
}
