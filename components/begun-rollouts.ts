import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { readMark } from "../plan/rollout/mark.ts";
import { UPGRADE_STATE } from "../plan/rollout/names.ts";
import type { Part } from "../plan/rollout/owed.ts";
import type { SeenNode } from "../plan/rollout/seen.ts";

/** What a rollout has left on a node, or is at work on now; its labels may owe nothing any more. */
export interface BegunRollout {
  /** `failed`: the node was changed and did not become ready; it stays cordoned until the next rollout. */
  readonly state: "begun" | "failed";
  /** RFC 3339; empty where the mark does not say. */
  readonly started: string;
  /** What the node is to get. */
  readonly what: readonly Part[];
}

/** Undefined: no rollout has begun the node. */
export function begunRollout({
  annotations,
  labels,
}: Pick<SeenNode, "annotations" | "labels">): BegunRollout | undefined {
  const mark = readMark(annotations);
  if (mark === undefined) return undefined;
  const state = labels[UPGRADE_STATE] === "upgrade-failed" ? "failed" : "begun";
  return { state, started: mark.started, what: mark.what };
}

/** `rollout begun 2026-03-01T10:00:00Z: ./zones rollout zone-1-dev goes on`, or that it failed. */
export function begunInWords(zone: string, { state, started }: BegunRollout): string {
  return state === "failed"
    ? `rollout failed, cordoned: ./zones rollout ${zone} tries again`
    : `rollout begun${started === "" ? "" : ` ${started}`}: ./zones rollout ${zone} goes on`;
}

/** A warning for the nodes that a rollout has begun and not given back: apps are planned for GPUs that nobody gets. */
export function begunProblems(
  zone: Zone,
  nodes: readonly Pick<SeenNode, "name" | "annotations" | "labels">[],
): Problem[] {
  return (["begun", "failed"] as const).flatMap((state) => {
    const names = nodes
      .filter((node) => begunRollout(node)?.state === state)
      .map(({ name }) => name)
      .toSorted();
    if (names.length === 0) return [];
    const left = state === "failed" ? "a rollout that failed" : "a rollout that is not done";
    return [
      {
        ...configPlace(zone, "nodePools"),
        code: "GZ310" as const,
        severity: "warning" as const,
        message: `wanted nodes that no rollout has cordoned, got ${left} on ${names.join(", ")}`,
        fix: `./zones rollout ${zone.name} ${state === "failed" ? "tries again" : "goes on with it, unless one is at work now"} (./zones status ${zone.name} shows how far)`,
      },
    ];
  });
}
