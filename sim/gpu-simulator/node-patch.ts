import type { GpuNode } from "./node-draft.ts";

type Changes = Record<string, string | null>;

/** Merge patches that make one node the other; a part is undefined when it need not change. */
export interface NodePatch {
  /** `spec.unschedulable`; undefined: as it is. */
  readonly unschedulable: boolean | undefined;
  readonly metadata: { readonly labels?: Changes; readonly annotations?: Changes } | undefined;
  /** Of `status.allocatable`. */
  readonly resources: Changes | undefined;
  /** Of `status.capacity`. */
  readonly capacity: Changes | undefined;
}

export function nodePatch(before: GpuNode, after: GpuNode): NodePatch {
  const labels = changes(before.labels, after.labels);
  const annotations = changes(before.annotations, after.annotations);
  return {
    unschedulable: before.unschedulable === after.unschedulable ? undefined : after.unschedulable,
    metadata:
      labels === undefined && annotations === undefined
        ? undefined
        : { ...(labels && { labels }), ...(annotations && { annotations }) },
    resources: changes(before.resources, after.resources),
    capacity: changes(before.capacity, after.capacity),
  };
}

function changes(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Changes | undefined {
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value);
  const removed = Object.keys(before).filter((key) => !(key in after));
  if (set.length === 0 && removed.length === 0) return undefined;
  return { ...Object.fromEntries(set), ...Object.fromEntries(removed.map((key) => [key, null])) };
}
