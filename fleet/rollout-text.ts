import pc from "picocolors";
import { driverOf } from "../components/kept.ts";
import type { KubernetesObject } from "../plan/object.ts";
import type { Plan } from "../plan/plan.ts";
import { DRIVER, OPERANDS } from "../plan/rollout/names.ts";
import type { Step } from "../plan/rollout/step.ts";
import type { Seen } from "./rollout-edge.ts";
import { table } from "./table.ts";

/** One node of a rollout, as `--json` prints it. */
export interface NodeResult {
  readonly node: string;
  readonly pool: string;
  readonly state: Step["phase"];
  readonly owes: Step["owes"];
  readonly says: string;
}

export function nodeResults(steps: readonly Step[]): NodeResult[] {
  return steps.map(({ node, pool, phase, owes, says }) => ({ node, pool, state: phase, owes, says }));
}

/** The rollout as a person reads it. */
export function rolloutText(zone: string, results: readonly NodeResult[]): string {
  if (results.length === 0) return `${zone}: no node owes a change`;
  return table(
    ["NODE", "POOL", "STATE", "OWES", ""],
    results.map(({ node, pool, state, owes, says }) => [
      node,
      pool,
      state === "done" ? pc.green(state) : state === "failed" ? pc.red(state) : pc.yellow(state),
      owes.map(({ part, from, to }) => `${part}: ${from ?? "none"} -> ${to ?? "none"}`).join(", ") ||
        pc.dim("-"),
      says,
    ]),
  );
}

/** States in which a node did not get what it owes, and somebody has something to do. */
const UNDONE: ReadonlySet<Step["phase"]> = new Set([
  "refused",
  "blocked",
  "failed",
  "interrupted",
  "halted",
  "queued",
]);

export function isUndone({ state }: NodeResult): boolean {
  return UNDONE.has(state);
}

/** What to do about a node, where its own words do not say it. */
export function wayOut(zone: string, { node, state }: NodeResult): string | undefined {
  switch (state) {
    case "blocked":
      return `${node} was given back unchanged: see to what held it up, or give it longer with --timeout`;
    case "failed":
      return `${node} stays cordoned: look at its operands (kubectl -n ${OPERANDS} get pods --field-selector spec.nodeName=${node}), mend what they say, then ./zones rollout ${zone} again`;
    default:
      return undefined;
  }
}

/** Driver DaemonSets of the zone that no node names any more: they are kept no longer than that. */
export function retiring(plan: Plan, { world, daemonSets }: Seen): string[] {
  const wanted = new Set(plan.objects.map(({ object }) => nameOf(object)));
  const named = new Set(world.nodes.map(({ labels }) => labels[DRIVER]));
  return daemonSets
    .filter((object) => object.metadata.labels?.["gpu-zones.dev/zone"] === plan.zone.name)
    .filter((object) => !wanted.has(nameOf({ ...object, kind: "DaemonSet" })))
    .filter((object) => {
      const driver = driverOf({ ...object, kind: "DaemonSet" });
      return driver !== undefined && !named.has(driver);
    })
    .map(({ metadata }) => metadata.name);
}

function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}
