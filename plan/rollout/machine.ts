import type { PoolRow } from "../../components/operands/node-label-template.ts";
import { readMark, type Mark } from "./mark.ts";
import { MIG_CONFIG, SKIP } from "./names.ts";
import { nodeStep, released, type NodeView } from "./node-step.ts";
import type { Options } from "./options.ts";
import { failure, full, isInterrupted, isWorked } from "./out.ts";
import { owed, rowOf, type Debt } from "./owed.ts";
import type { Revisions, SeenBudget, SeenNode, SeenPod } from "./seen.ts";
import { isPending } from "./settled.ts";
import { isWorking, type Closed, type Phase, type Step } from "./step.ts";
import type { Target } from "./target.ts";

/** The cluster as it is now: all that a step is decided from. */
export interface World {
  readonly nodes: readonly SeenNode[];
  readonly pods: readonly SeenPod[];
  readonly budgets: readonly SeenBudget[];
  readonly revisions: Revisions;
}

/** What one run remembers of the nodes, and no run needs of another: since when each is where it is. */
export interface Memory {
  readonly phase: Phase;
  /** Seconds on the run's own clock. */
  readonly since: number;
  /** Since when this run works on the node. */
  readonly begun?: number;
  /** Since when a MIG change is under way there. */
  readonly pending?: number;
  readonly closed?: Closed;
}

export type Memories = Readonly<Record<string, Memory>>;

export interface Decision {
  /** One for each node that is to be changed, those first that were begun already. */
  readonly steps: readonly Step[];
  readonly memories: Memories;
  /** True while there is something to do or to wait for. */
  readonly working: boolean;
}

/**
 * What is to be done now, decided from what the cluster shows alone: whoever runs this next goes on where the last run
 * died. @param clock seconds, never going back
 */
export function decide(
  world: World,
  target: Target,
  options: Options,
  memories: Memories,
  clock: number,
): Decision {
  const debts = new Map(owed(target.table, world).map(({ node, owes }) => [node, owes]));
  const views = world.nodes
    .flatMap((node): NodeView[] => {
      const row = rowOf(target.table, node);
      const mark = readMark(node.annotations);
      if (row === undefined) return [];
      const owes = (debts.get(node.name) ?? []).filter(({ part }) => options.only.includes(part));
      return [{ node, row, mark, owes, memory: memories[node.name], clock }];
    })
    .toSorted(byTurn(target.table));
  const next: Record<string, Memory> = {};
  const steps: Step[] = world.nodes.flatMap((node) => strayStep(node, target.table, memories));
  const failed = failure(views, options);
  const taken = new Set(views.filter((view) => isWorked(view, options)));
  for (const view of views) {
    const step = stepOf(view, { world, target, options, failed, full: full(view, views, taken, options) });
    if (step === undefined) continue;
    if (step.phase === "cordon" && view.mark === undefined) taken.add(view);
    steps.push(step);
    next[view.node.name] = remembered(view, step);
  }
  for (const [name, memory] of Object.entries(memories))
    if (memory.closed !== undefined) next[name] ??= memory;
  return { steps, memories: next, working: steps.some(isWorking) };
}

/** The memories after a request that ends a node's turn has gone well. */
export function close(memories: Memories, node: string, closed: Closed): Memories {
  return { ...memories, [node]: { phase: closed.state, since: 0, closed } };
}

/** What surrounds a node in one decision. */
export interface Surrounding {
  readonly world: World;
  readonly target: Target;
  readonly options: Options;
  /** Why nothing more is begun: a node failed in this run, or went dark after its change. */
  readonly failed: string | undefined;
  /** Why no more nodes may be begun for now. */
  readonly full: string | undefined;
}

/** A node that was begun and has left its pool since: nobody would give it back. */
function strayStep(node: SeenNode, table: readonly PoolRow[], memories: Memories): Step[] {
  const mark = readMark(node.annotations);
  const closed = memories[node.name]?.closed;
  if (rowOf(table, node) !== undefined || (mark === undefined && closed === undefined)) return [];
  const at = { node: node.name, pool: "-", owes: [] };
  if (mark === undefined || closed !== undefined)
    return [{ ...at, phase: closed?.state ?? "done", says: closed?.says ?? "", actions: [] }];
  const says = "is in no pool any more: given back as it is";
  return [givenBack(at, node, mark, { state: "done", says })];
}

/** Nobody is to touch the node: what was begun and changed nothing is undone, what was changed is told. */
function skipped({ node, row, mark, owes }: NodeView): Step {
  const at = { node: node.name, pool: row.pool, owes, actions: [] };
  const says = `label ${SKIP} is true`;
  if (mark === undefined) return { ...at, phase: "skipped", says };
  if (mark.touched)
    return {
      ...at,
      phase: "interrupted",
      says: `was begun and stays cordoned: take its label ${SKIP} away`,
    };
  return givenBack(at, node, mark, { state: "skipped", says });
}

/** The step that gives a begun node back as it is. */
function givenBack(
  at: Pick<Step, "node" | "pool" | "owes">,
  { name, version }: SeenNode,
  mark: Mark,
  closes: Closed,
): Step {
  const patch = released(mark, null);
  return {
    ...at,
    phase: "uncordon",
    says: closes.says,
    actions: [{ do: "patch", node: name, version, patch, closes }],
  };
}

function stepOf(view: NodeView, around: Surrounding): Step | undefined {
  const { node, row, mark, memory } = view;
  const at = { node: node.name, pool: row.pool, owes: view.owes, actions: [] };
  if (memory?.closed !== undefined) return { ...at, phase: memory.closed.state, says: memory.closed.says };
  const owes = view.owes.length > 0 ? view.owes : mark === undefined ? hanging(view, around.options) : [];
  const pending =
    owes.length === 0 && mark === undefined && around.options.only.includes("mig") && isPending(node);
  if (owes.length === 0 && mark === undefined && !pending) return undefined;
  if (node.labels[SKIP] === "true") return skipped(view);
  if (!node.ready) {
    if (mark === undefined) return { ...at, phase: "dark", says: "NotReady" };
    return isInterrupted(view, around.options)
      ? { ...at, phase: "interrupted", says: "NotReady: the next rollout goes on with it" }
      : { ...at, phase: "flapping", says: "NotReady for the moment" };
  }
  if (pending)
    return { ...at, phase: "mig-pending", says: "the MIG manager is at work on it, nothing was begun" };
  return nodeStep({ ...view, owes }, around);
}

/** A MIG change that nobody owes any more, and that hangs: it is owed until somebody frees the node. */
function hanging({ node, memory, clock }: NodeView, options: Options): readonly Debt[] {
  if (!options.only.includes("mig") || clock - (memory?.pending ?? clock) < options.hangs) return [];
  const value = node.labels[MIG_CONFIG] ?? "";
  return [{ part: "mig", from: value, to: value, why: "hangs" }];
}

/** Begun nodes first; then in the order of the pools, and by name. */
function byTurn(table: readonly PoolRow[]): (a: NodeView, b: NodeView) => number {
  const place = ({ row, mark }: NodeView): number =>
    (mark === undefined ? table.length : 0) + table.indexOf(row);
  return (a, b) => place(a) - place(b) || (a.node.name < b.node.name ? -1 : 1);
}

function remembered({ node, mark, memory, clock }: NodeView, { phase }: Step): Memory {
  return {
    phase,
    since: memory?.phase === phase ? memory.since : clock,
    ...(mark === undefined || phase === "interrupted" ? {} : { begun: memory?.begun ?? clock }),
    ...(isPending(node) ? { pending: memory?.pending ?? clock } : {}),
    ...(memory?.closed === undefined ? {} : { closed: memory.closed }),
  };
}
