import type { Debt } from "./owed.ts";
import type { SeenPod } from "./seen.ts";

/** A change of a Node object, written in one request; null removes. */
export interface NodePatch {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly unschedulable?: boolean;
}

/** One request to the cluster. Each may be the last one that a run makes. */
export type Action =
  | {
      readonly do: "patch";
      readonly node: string;
      /** Version of the node that was read: the write is refused when somebody changed it since. */
      readonly version: string;
      readonly patch: NodePatch;
      /** What becomes of the node in this run when the request has gone well: nothing more is done to it. */
      readonly closes?: Closed;
    }
  | { readonly do: "evict" | "delete"; readonly node: string; readonly pod: SeenPod };

/** How a node ended in this run, and why. */
export interface Closed {
  readonly state: "done" | "refused" | "blocked" | "skipped" | "failed";
  readonly says: string;
}

/**
 * Where a node is. Ended: `done` · `refused` (pods hold GPUs, and nobody said --drain) · `blocked` (pods did not go in
 * time) · `skipped` (its label) · `dark` (NotReady) · `interrupted` (begun, and NotReady or not to be touched) · `failed` · `queued` (other nodes are out already) · `halted`
 * (another node failed first). All others are steps on the way.
 */
export type Phase =
  | Closed["state"]
  | "dark"
  | "interrupted"
  | "queued"
  | "halted"
  | "flapping"
  | "cordon"
  | "evict"
  | "mig-pending"
  | "mig-failed"
  | "mig-unheard"
  | "change"
  | "driver"
  | "mig"
  | "sharing"
  | "uncordon";

const ENDED: ReadonlySet<Phase> = new Set([
  "done",
  "refused",
  "blocked",
  "failed",
  "skipped",
  "dark",
  "interrupted",
  "queued",
  "halted",
]);

/** What is next for a node. */
export interface Step {
  readonly node: string;
  readonly pool: string;
  readonly phase: Phase;
  readonly owes: readonly Debt[];
  /** What is done, awaited or wrong, in words. */
  readonly says: string;
  readonly actions: readonly Action[];
}

/** True while the run has something to do on the node, or to wait for. */
export function isWorking({ phase }: Step): boolean {
  return !ENDED.has(phase);
}
