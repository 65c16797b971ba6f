import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import type { SeenNode } from "../plan/rollout/seen.ts";

/** Nodes that the zone's pools name and the cluster does not have: a warning, since nodes come and go with the power. */
export function absentNodes(zone: Zone, live: readonly Pick<SeenNode, "name">[]): Problem[] {
  const there = new Set(live.map(({ name }) => name));
  return Object.entries(zone.nodePools).flatMap(([pool, { nodes }]) =>
    (nodes ?? []).flatMap((node, index) =>
      there.has(node)
        ? []
        : [
            {
              ...configPlace(zone, `nodePools.${pool}.nodes.${index}`),
              code: "GZ309" as const,
              severity: "warning" as const,
              message: `wanted node ${node} of pool ${pool}, got a cluster that does not have it now`,
              fix: "nothing to do if it comes back: it gets its labels then; else take it out of the pool",
            },
          ],
    ),
  );
}
