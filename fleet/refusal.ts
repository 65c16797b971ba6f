import { close, type Memories, type World } from "../plan/rollout/machine.ts";
import { ROLLOUT } from "../plan/rollout/names.ts";
import type { Action } from "../plan/rollout/step.ts";

/** What the next look deals with by itself: the node changed, the pod is gone, its budget lets nobody go now. */
export function isPassing(message: string): boolean {
  return /object has been modified|not found|disruption budget|Too ?Many ?Requests|Precondition failed/i.test(
    message,
  );
}

/** What the next try would hear again: rights that are missing, a policy, an admission webhook that says no. */
function isFinal(message: string): boolean {
  return /\(Forbidden\)|is forbidden|denied the request|\(Invalid\)|is invalid/i.test(message);
}

/** A refused request in words. */
export function refusal(action: Action, message: string): string {
  const what =
    action.do === "patch" ? "its change" : `${action.do} ${action.pod.namespace}/${action.pod.name}`;
  return `${what} was refused: ${message}`;
}

/** The memories after a refused request: a node that may not be changed is left; one that was begun stays as it is. */
export function afterRefusal(memories: Memories, action: Action, message: string, world: World): Memories {
  if (action.do !== "patch" || !isFinal(message)) return memories;
  const begun = world.nodes.some(
    ({ name, annotations }) => name === action.node && annotations[ROLLOUT] !== undefined,
  );
  return close(memories, action.node, {
    state: begun ? "failed" : "blocked",
    says: refusal(action, message),
  });
}
