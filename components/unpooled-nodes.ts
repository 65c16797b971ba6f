import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { hasBoard, poolOf } from "../plan/preflight/pool-of.ts";
import type { SeenNode } from "../plan/rollout/seen.ts";

/** GPU nodes that are in no pool: nothing labels them, so no operand runs there. Told, and left alone. */
export function unpooledNodes(zone: Zone, live: readonly Pick<SeenNode, "name" | "labels">[]): Problem[] {
  if (!zone.gpu.managed) return [];
  return live
    .filter(({ name, labels }) => hasBoard(labels) && poolOf(zone, name, labels) === undefined)
    .map(({ name, labels }) => {
      const board = labels["nvidia.com/gpu.product"];
      return {
        ...configPlace(zone, "nodePools"),
        code: "GZ402" as const,
        severity: "warning" as const,
        message: `wanted every GPU node in a pool, got ${name}${board === undefined ? "" : ` (${board})`} in none: it is left alone, and offers no GPU`,
        fix: "name it in a pool of boards of its kind, if this zone is to drive it",
      };
    });
}
