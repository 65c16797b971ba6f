import type { PoolRow } from "../../components/operands/node-label-template.ts";
import {
  COMPONENT,
  DRIVER,
  DRIVER_COMPONENT,
  MIG_CONFIG,
  MIG_STATE,
  OPERANDS,
  PLUGIN_CONFIG,
  POOL,
  REVISION_HASH,
} from "./names.ts";
import type { Revisions, SeenNode, SeenPod } from "./seen.ts";

/** What reaches a node only when its GPU pods are gone, in the order in which a rollout brings it. */
export const PARTS = ["driver", "mig", "sharing"] as const;
export type Part = (typeof PARTS)[number];

/** The label of a node that chooses each part. */
export const LABEL_OF: Readonly<Record<Part, string>> = {
  driver: DRIVER,
  mig: MIG_CONFIG,
  sharing: PLUGIN_CONFIG,
};

/** Standard layout of boards that are not cut. */
export const WHOLE_BOARDS = "all-disabled";

/** One change that a node owes; `from` and `to` are values of the part's label, null where there is to be none. */
export interface Debt {
  readonly part: Part;
  readonly from: string | null;
  readonly to: string | null;
  /**
   * `value`: the label differs; `revision`: the driver's pod is of an older revision that loads another driver; `failed`: the boards could not be
   * cut; `hangs`: a rollout saw them being cut for longer than that takes.
   */
  readonly why: "value" | "revision" | "failed" | "hangs";
}

/** A node and what it owes. */
export interface OwingNode {
  readonly node: string;
  readonly pool: string;
  readonly owes: readonly Debt[];
}

/** What of the cluster says what nodes owe. */
export interface Seen {
  readonly nodes: readonly Pick<SeenNode, "name" | "labels">[];
  readonly pods: readonly SeenPod[];
  readonly revisions: Revisions;
}

/** Nodes that owe a change, in the order of their names; what the labeller is about to set is no debt. */
export function owed(table: readonly PoolRow[], { nodes, pods, revisions }: Seen): OwingNode[] {
  return nodes
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((node) => {
      const row = rowOf(table, node);
      if (row === undefined) return [];
      const owes = PARTS.flatMap((part) => debt(part, row, node, pods, revisions) ?? []);
      return owes.length === 0 ? [] : [{ node: node.name, pool: row.pool, owes }];
    });
}

/** The pool of a node: the first that names or selects it, as for the labeller. */
export function rowOf(
  table: readonly PoolRow[],
  { name, labels }: Pick<SeenNode, "name" | "labels">,
): PoolRow | undefined {
  return table.find(({ nodes, selector }) => {
    if (nodes !== null) return nodes.includes(name);
    const wanted = Object.entries(selector ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
}

/** The value that a part's label is to have; null: no label; undefined: nobody says anything of it. */
export function wantedValue(
  part: Part,
  row: PoolRow,
  labels: Readonly<Record<string, string>>,
): string | null | undefined {
  const label = labels[LABEL_OF[part]] ?? "";
  switch (part) {
    case "driver":
      return row.driver ?? undefined;
    case "mig":
      // Boards that are to be whole again are cut back; those that nobody ever cut are left alone.
      return row.migConfig ?? (label === "" ? undefined : WHOLE_BOARDS);
    case "sharing":
      // `default` is the entry of nodes without the label.
      return row.devicePluginConfig ?? (label === "default" ? undefined : null);
  }
}

/** Driver pods of the node that are of an older revision of their DaemonSet, and load another driver than the newest. */
export function oldDriverPods(node: string, pods: readonly SeenPod[], revisions: Revisions): SeenPod[] {
  return outdated(node, pods, revisions, () => true);
}

/** The same, and those that load nothing: what mends them may be in the newer revision alone. */
export function replacedDriverPods(node: string, pods: readonly SeenPod[], revisions: Revisions): SeenPod[] {
  return outdated(node, pods, revisions, ({ ready }) => ready);
}

/** @param serves whether a pod may stay whose template alone is old */
function outdated(
  node: string,
  pods: readonly SeenPod[],
  revisions: Revisions,
  serves: (pod: SeenPod) => boolean,
): SeenPod[] {
  return driverPods(node, pods).filter((pod) => {
    const newest = revisions[pod.controller?.name ?? ""];
    if (newest === undefined || pod.labels[REVISION_HASH] === newest.hash) return false;
    return pod.digest === undefined || pod.digest !== newest.digest || !serves(pod);
  });
}

export function driverPods(node: string, pods: readonly SeenPod[]): SeenPod[] {
  return pods.filter(
    (pod) => pod.node === node && pod.namespace === OPERANDS && pod.labels[COMPONENT] === DRIVER_COMPONENT,
  );
}

function debt(
  part: Part,
  row: PoolRow,
  { name, labels }: Pick<SeenNode, "name" | "labels">,
  pods: readonly SeenPod[],
  revisions: Revisions,
): Debt | undefined {
  const now = labels[LABEL_OF[part]];
  const to = wantedValue(part, row, labels);
  if (to === undefined) return undefined;
  if (now === undefined)
    return part === "driver" || to === null || labels[POOL] === undefined
      ? undefined
      : { part, from: null, to, why: "value" };
  if (now !== (to ?? "")) return { part, from: now, to, why: "value" };
  if (part === "driver" && oldDriverPods(name, pods, revisions).some(({ deleting }) => !deleting))
    return { part, from: now, to, why: "revision" };
  if (part === "mig" && labels[MIG_STATE] === "failed") return { part, from: now, to, why: "failed" };
  return undefined;
}
