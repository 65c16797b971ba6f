import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { owed, PARTS, type OwingNode, type Part, type Seen } from "../plan/rollout/owed.ts";
import { poolTable } from "./operands/labeller.ts";

/** Config path of each part in a pool. */
const KEYS: Readonly<Record<Part, string>> = { driver: "driver", mig: "mig", sharing: "sharing" };

/** Nodes of a zone that owe a change; none where somebody else runs the GPU stack. */
export function owingNodes(zone: Zone, seen: Seen): OwingNode[] {
  return zone.gpu.managed ? owed(poolTable(zone), seen) : [];
}

/** A warning for each pool and part: what reaches a node only when its GPU pods are gone is a rollout's business. */
export function owingProblems(zone: Zone, owing: readonly OwingNode[]): Problem[] {
  return Object.keys(zone.nodePools).flatMap((pool) =>
    PARTS.flatMap((part) => {
      const nodes = owing.filter(
        (each) => each.pool === pool && each.owes.some((debt) => debt.part === part),
      );
      const [first] = nodes.flatMap(({ owes }) => owes.filter((debt) => debt.part === part));
      if (first === undefined) return [];
      const names = nodes.map(({ node }) => node).join(", ");
      return [
        {
          ...configPlace(zone, `nodePools.${pool}.${KEYS[part]}`),
          code: "GZ310" as const,
          severity: "warning" as const,
          message: `wanted ${part} ${first.to ?? "none"} on the nodes of pool ${pool}, got ${first.why === "value" ? (first.from ?? "none") : first.why === "revision" ? "a driver pod of an older revision" : "a MIG change that failed"} on ${nodes.length} of them (${names}): they go on as before`,
          fix: `./zones rollout ${zone.name} --only ${part} (--dry-run shows what it would do)`,
        },
      ];
    }),
  );
}

const IN_WORDS: Readonly<Record<Part, readonly [one: string, more: string]>> = {
  driver: ["node still runs the old driver", "nodes still run the old driver"],
  mig: ["node still has the old MIG layout", "nodes still have the old MIG layout"],
  sharing: ["node still shares its GPUs as before", "nodes still share their GPUs as before"],
};

/** `2 nodes still run the old driver: ds-node1, ds-node4`, for each part; empty when nobody owes anything. */
export function owingInWords(nodes: readonly Pick<OwingNode, "node" | "owes">[]): string[] {
  return PARTS.flatMap((part) => {
    const names = nodes.filter(({ owes }) => owes.some((debt) => debt.part === part)).map(({ node }) => node);
    const words = IN_WORDS[part][names.length === 1 ? 0 : 1];
    return names.length === 0 ? [] : [`${names.length} ${words}: ${names.join(", ")}`];
  });
}
