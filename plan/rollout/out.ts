import type { NodeView } from "./node-step.ts";
import { MIG_STATE } from "./names.ts";
import { inNodes, type Options } from "./options.ts";
import type { SeenNode } from "./seen.ts";

/**
 * Why this node may not be begun beside those that are out; undefined when it may.
 * @param taken nodes that are worked on, and those that are begun just now
 */
export function full(
  { node }: NodeView,
  all: readonly NodeView[],
  taken: ReadonlySet<NodeView>,
  options: Options,
): string | undefined {
  if (taken.size >= options.maxParallel) return `waits for ${named([...taken])}`;
  // Nobody misses a node more that is out already (gpu-operator goes on with those, too).
  if (node.unschedulable) return undefined;
  const out = all.filter((view) => isOut(view) || taken.has(view));
  const reachable = all.filter(({ node, mark }) => node.ready || mark?.touched === true);
  if (out.length < inNodes(options.maxUnavailable, reachable.length)) return undefined;
  return `${out.length} ${out.length === 1 ? "node is" : "nodes are"} out, and no more may be: ${named(out)}`;
}

/**
 * Nodes that the zone's users miss, whoever has them out. Not one that is dark by itself: where power fails, a node always
 * is, and the others would never get their change (upstream counts it).
 */
function isOut({ node, mark }: NodeView): boolean {
  return node.ready ? mark !== undefined || node.unschedulable : mark?.touched === true;
}

/** Nodes that this rollout or one before it is at work on. */
export function isWorked(view: NodeView, options: Options): boolean {
  return view.mark !== undefined && (view.mark.touched || !isInterrupted(view, options));
}

/** A change that breaks one node would break the next: why nothing is begun any more. */
export function failure(views: readonly NodeView[], options: Options): string | undefined {
  const failed = views.find(({ memory }) => memory?.closed?.state === "failed");
  if (failed !== undefined) return `${failed.node.name} failed`;
  const dark = views.find((view) => view.mark?.touched === true && isInterrupted(view, options));
  return dark && `${dark.node.name} is NotReady since it was changed`;
}

/** A begun node that is NotReady for longer than its work explains. */
export function isInterrupted({ node, mark, memory, clock }: NodeView, options: Options): boolean {
  if (node.ready || mark === undefined) return false;
  const since = memory?.phase === "flapping" ? memory.since : clock;
  return memory?.phase === "interrupted" || clock - since >= flapSeconds(node, options);
}

/** A node that mig-manager reboots is away for as long as that takes. */
function flapSeconds({ labels }: SeenNode, { flap, timeout }: Options): number {
  return labels[MIG_STATE] === "rebooting" ? timeout : flap;
}

function named(views: readonly NodeView[]): string {
  return views
    .map(
      ({ node, mark }) =>
        `${node.name} (${!node.ready ? "NotReady" : mark === undefined && node.unschedulable ? "cordoned" : "begun"})`,
    )
    .join(", ");
}
