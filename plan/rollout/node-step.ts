import type { PoolRow } from "../../components/operands/node-label-template.ts";
import { describe, gpuPods, refused } from "./gpu-pods.ts";
import { writeMark, type Mark } from "./mark.ts";
import type { Memory, Surrounding } from "./machine.ts";
import { MIG_CONFIG, MIG_STATE, PAUSED_FOR_MIG, ROLLOUT, UPGRADE_ENABLED, UPGRADE_STATE } from "./names.ts";
import {
  LABEL_OF,
  replacedDriverPods,
  PARTS,
  wantedValue,
  WHOLE_BOARDS,
  type Debt,
  type Part,
} from "./owed.ts";
import type { SeenNode, SeenPod } from "./seen.ts";
import { awaited, isPending, pausedLabels, staleValidator } from "./settled.ts";
import type { Action, Closed, NodePatch, Step } from "./step.ts";

/** A node of the zone, what it owes, and what this run remembers of it. */
export interface NodeView {
  readonly node: SeenNode;
  readonly row: PoolRow;
  readonly mark: Mark | undefined;
  readonly owes: readonly Debt[];
  readonly memory: Memory | undefined;
  readonly clock: number;
}

/** States in which a begun node is tried again: what a run left, and what upstream's operator waits for after a repair. */
const TRIED_AGAIN: ReadonlySet<string> = new Set(["upgrade-failed", "upgrade-required"]);

/** What is next for a ready node that owes something, or that a rollout has begun. */
export function nodeStep(view: NodeView, around: Surrounding): Step {
  return view.mark === undefined ? beginning(view, around) : begun(view, view.mark, around);
}

function beginning(view: NodeView, { world, options, failed, full }: Surrounding): Step {
  const { node, owes } = view;
  if (failed !== undefined) return step(view, "halted", `${failed}: nothing is begun after that`);
  const pods = gpuPods(node.name, world.pods);
  const refusal = refused(pods, options);
  if (refusal !== undefined) return step(view, "refused", refusal);
  if (full !== undefined) return step(view, "queued", full);
  const mark: Mark = {
    what: owes.map(({ part }) => part),
    initiallyUnschedulable: node.unschedulable,
    initiallyEnabled: node.annotations[UPGRADE_ENABLED] === "true",
    started: options.now,
    changed: [],
    touched: false,
    again: false,
    freed: false,
  };
  const leaving = pods.map((pod) => describe(pod, world.budgets)).join(", ");
  return step(view, "cordon", leaving === "" ? "is cordoned" : `is cordoned, for ${leaving} to go`, [
    patch(node, {
      annotations: { [ROLLOUT]: writeMark(mark), [UPGRADE_ENABLED]: "true" },
      labels: { [UPGRADE_STATE]: "pod-deletion-required" },
      unschedulable: true,
    }),
  ]);
}

function begun(view: NodeView, mark: Mark, around: Surrounding): Step {
  const { node, row, owes } = view;
  const { world, options } = around;
  if (TRIED_AGAIN.has(node.labels[UPGRADE_STATE] ?? ""))
    return step(view, "cordon", "failed before, and is tried again", [
      patch(node, {
        ...marked(mark, { changed: [], touched: true, again: false, freed: false }),
        labels: { [UPGRADE_STATE]: "pod-deletion-required" },
        unschedulable: true,
      }),
    ]);
  // A MIG change that hangs is in the way of every part.
  const freed = hangs(view, options.hangs) && options.only.includes("mig");
  const parts = PARTS.filter(
    (part) =>
      mark.what.includes(part) || owes.some((debt) => debt.part === part) || (part === "mig" && freed),
  );
  const open = parts.filter((part) => needsChange(part, view, mark, around));
  const pods = open.length === 0 ? [] : gpuPods(node.name, world.pods);
  const next =
    pods.length > 0 ? emptying(view, mark, pods, around) : arriving(parts, open, view, mark, around);
  if (next === undefined)
    return step(view, "uncordon", "has what it owed", [
      patch(node, released(mark, "upgrade-done"), { state: "done", says: inWords(parts, row, node) }),
    ]);
  const late = view.clock - (view.memory?.begun ?? view.clock) >= options.timeout;
  return late && next.phase !== "uncordon"
    ? givingUp(view, mark, `not within ${options.timeout} s: ${next.says}`)
    : next;
}

/** Pods hold GPUs, and what is to come must not happen under them. */
function emptying(
  view: NodeView,
  mark: Mark,
  pods: readonly SeenPod[],
  { world, options }: Surrounding,
): Step {
  const { node } = view;
  const refusal = refused(pods, options);
  if (refusal !== undefined) return givingUp(view, mark, refusal, "refused");
  if (!node.unschedulable)
    return step(view, "cordon", "is cordoned again", [patch(node, { unschedulable: true })]);
  const evictions = pods
    .filter(({ deleting }) => !deleting)
    .map((pod): Action => ({ do: "evict", node: node.name, pod }));
  const named = pods.map((pod) => describe(pod, world.budgets)).join(", ");
  const waits = `waits for ${named} to go`;
  return inPhase(view, "evict") >= options.evicting
    ? givingUp(view, mark, `not within ${options.evicting} s: ${waits}`)
    : step(view, "evict", waits, evictions);
}

/** The next request for the parts in their order, or what they wait for; undefined when all have arrived. */
function arriving(
  parts: readonly Part[],
  open: readonly Part[],
  view: NodeView,
  mark: Mark,
  around: Surrounding,
): Step | undefined {
  // Its GPU clients are away: no other part can be judged, or changed.
  if (isPending(view.node)) return pending(parts, view, mark, around);
  for (const part of parts) {
    const next = changing(part, open.includes(part), view, mark, around);
    if (next === undefined) continue;
    return view.node.unschedulable || next.phase === "uncordon"
      ? next
      : step(view, "cordon", "was made schedulable before it is ready", [
          patch(view.node, { unschedulable: true }),
        ]);
  }
  return undefined;
}

/** The boards are being cut; when that hangs, the node is freed, once. */
function pending(parts: readonly Part[], view: NodeView, mark: Mark, { options }: Surrounding): Step {
  if (!hangs(view, options.hangs))
    return step(view, "mig-pending", "waits for the MIG manager to cut its boards");
  if (!parts.includes("mig"))
    return givingUp(view, mark, `hangs in ${MIG_STATE}=pending: a rollout with --only mig frees it`);
  return mark.freed ? givingUp(view, mark, "the MIG change hangs for the second time") : freeing(view, mark);
}

/** The value that a begun node is to have: a label that was taken away on the way comes back. */
function goal(part: Part, { node, row }: NodeView, mark: Mark): string | null | undefined {
  const wanted = wantedValue(part, row, node.labels);
  return wanted === undefined && part === "mig" && mark.what.includes("mig") ? WHOLE_BOARDS : wanted;
}

/** True where the part's change itself is still to be made. */
function needsChange(part: Part, view: NodeView, mark: Mark, { world, options }: Surrounding): boolean {
  const { node } = view;
  const to = goal(part, view, mark);
  if (to === undefined) return false;
  if ((node.labels[LABEL_OF[part]] ?? "") !== (to ?? "")) return true;
  if (part === "driver") return replacedDriverPods(node.name, world.pods, world.revisions).length > 0;
  if (part !== "mig") return false;
  return hangs(view, options.hangs) || (node.labels[MIG_STATE] === "failed" && !mark.changed.includes("mig"));
}

/** Seconds that this run has seen the node in a phase, without a break. */
function inPhase({ memory, clock }: NodeView, phase: Step["phase"]): number {
  return memory?.phase === phase ? clock - memory.since : 0;
}

function hangs({ memory, clock, node }: NodeView, after: number): boolean {
  return isPending(node) && clock - (memory?.pending ?? clock) >= after;
}

/** The next request for one part, or what it waits for; undefined when the part has arrived. */
function changing(
  part: Part,
  open: boolean,
  view: NodeView,
  mark: Mark,
  around: Surrounding,
): Step | undefined {
  const { node, row } = view;
  const seen = { ...around.world, target: around.target };
  const to = goal(part, view, mark);
  if (to === undefined) return undefined;
  if (open) return making(part, to, view, mark, around);
  const state = node.labels[MIG_STATE];
  if (part === "mig" && state === "failed") {
    const says = `the MIG manager could not cut its boards: ${MIG_STATE} is failed`;
    const { settles, mounts } = around.options;
    if (inPhase(view, "mig-failed") < (mark.again ? settles : mounts)) return step(view, "mig-failed", says);
    return mark.again ? givingUp(view, mark, says) : askingAgain(view, mark);
  }
  if (part === "mig" && state === undefined)
    return inPhase(view, "mig-unheard") < around.options.unheard
      ? step(view, "mig-unheard", `waits for the MIG manager to hear of ${MIG_CONFIG}`)
      : step(view, "change", "tells the MIG manager again", [
          patch(node, { labels: { [MIG_CONFIG]: null } }),
        ]);
  const stale = part === "driver" ? staleValidator(node, seen) : undefined;
  if (stale !== undefined)
    return step(view, "driver", "is to be validated anew", [{ do: "delete", node: node.name, pod: stale }]);
  const what = awaited(part, node, row, seen);
  return what === undefined ? undefined : step(view, part, `waits for ${what}`);
}

/** Writes the part's label, together with the note that it was written; where only the driver's revision is old, its pod goes. */
function making(part: Part, to: string | null, view: NodeView, mark: Mark, { world }: Surrounding): Step {
  const { node } = view;
  const label = LABEL_OF[part];
  const now = node.labels[label] ?? "";
  const same = now === (to ?? "");
  if (part === "driver" && same && mark.changed.includes("driver")) {
    const old = replacedDriverPods(node.name, world.pods, world.revisions);
    const actions = old
      .filter(({ deleting }) => !deleting)
      .map((pod): Action => ({ do: "delete", node: node.name, pod }));
    return step(view, "driver", "waits for the old driver's pod to go", actions);
  }
  // The MIG manager hears changes of its label alone: what failed is taken away before it is asked for again.
  const value = part === "mig" && same ? null : to;
  const says = same
    ? `gets ${label}=${now} anew`
    : `gets ${label} ${to ?? "(none)"} after ${now === "" ? "none" : now}`;
  return step(view, "change", says, [
    patch(node, {
      ...marked(mark, { changed: withPart(mark.changed, part), touched: true }),
      labels: {
        [label]: value,
        ...(part === "mig" ? { [MIG_STATE]: null } : {}),
        [UPGRADE_STATE]: part === "driver" ? "pod-restart-required" : "validation-required",
      },
    }),
  ]);
}

/** A layout that is new may have been asked for before the MIG manager's file had it. */
function askingAgain(view: NodeView, mark: Mark): Step {
  return step(view, "change", "asks the MIG manager once more", [
    patch(view.node, {
      ...marked(mark, { again: true }),
      labels: { [MIG_CONFIG]: null, [MIG_STATE]: null },
    }),
  ]);
}

/** mig-manager gave up waiting for a pod and left everything paused (gpu-operator#2833): the cure that its issue names. */
function freeing(view: NodeView, mark: Mark): Step {
  const { node } = view;
  const labels = Object.fromEntries(pausedLabels(node, PAUSED_FOR_MIG).map((key) => [key, "true"]));
  return step(view, "change", `hangs in ${MIG_STATE}=pending, and is freed`, [
    patch(node, {
      ...marked(mark, {
        what: withPart(mark.what, "mig"),
        changed: withPart(mark.changed, "mig"),
        touched: true,
        freed: true,
      }),
      labels: { ...labels, [MIG_CONFIG]: null, [MIG_STATE]: null },
    }),
  ]);
}

/** A node that was changed stays cordoned, for the next run to try again; one that was not is given back. */
function givingUp(view: NodeView, mark: Mark, says: string, untouched: Closed["state"] = "blocked"): Step {
  const { node } = view;
  return !mark.touched
    ? step(view, "uncordon", `is given back: ${says}`, [
        patch(node, released(mark, null), { state: untouched, says }),
      ])
    : step(view, "uncordon", says, [
        patch(
          node,
          { ...marked(mark, {}), labels: { [UPGRADE_STATE]: "upgrade-failed" } },
          { state: "failed", says },
        ),
      ]);
}

/** What gives a node back. */
export function released(mark: Mark, state: string | null): NodePatch {
  return {
    annotations: { [ROLLOUT]: null, ...(mark.initiallyEnabled ? {} : { [UPGRADE_ENABLED]: null }) },
    labels: { [UPGRADE_STATE]: state },
    ...(mark.initiallyUnschedulable ? {} : { unschedulable: false }),
  };
}

function marked(mark: Mark, changes: Partial<Mark>): Pick<NodePatch, "annotations"> {
  return { annotations: { [ROLLOUT]: writeMark({ ...mark, ...changes }) } };
}

function withPart(parts: readonly Part[], part: Part): Part[] {
  return PARTS.filter((each) => each === part || parts.includes(each));
}

function inWords(parts: readonly Part[], row: PoolRow, { labels }: SeenNode): string {
  const values = parts.map((part) => {
    const value = labels[LABEL_OF[part]] ?? "";
    return `${part} ${value === "" ? "none" : value}`;
  });
  return values.length === 0 ? `owes nothing (pool ${row.pool})` : values.join(", ");
}

function patch(node: SeenNode, change: NodePatch, closes?: Closed): Action {
  const base = { do: "patch", node: node.name, version: node.version, patch: change } as const;
  return closes === undefined ? base : { ...base, closes };
}

function step(view: NodeView, phase: Step["phase"], says: string, actions: readonly Action[] = []): Step {
  return { node: view.node.name, pool: view.row.pool, phase, owes: view.owes, says, actions };
}
