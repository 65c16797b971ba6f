import type { NodeDraft, Observed } from "./node-draft.ts";
import type { ContainerSpec, NodePod } from "./node-pod.ts";

/** A process of the stack in its container, on its node. */
export interface Call {
  readonly node: NodeDraft;
  readonly pod: NodePod;
  readonly container: ContainerSpec;
  readonly observed: Observed;
  /** The program as it was called. */
  readonly called: string;
}

/** What comes of one step of a process. */
export type Outcome =
  /** It has ended with success. */
  | { readonly is: "done" }
  /** It works, and goes on. */
  | { readonly is: "up" }
  /** It waits, running. */
  | { readonly is: "waiting"; readonly why: string }
  /** It has ended with an error. */
  | { readonly is: "failed"; readonly why: string };

export const DONE: Outcome = { is: "done" };
export const UP: Outcome = { is: "up" };
