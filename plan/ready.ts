/** The part of a node's or pod's status that says what it is. */
interface Conditioned {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** Whether the condition Ready of a node or pod is True; one that nobody has told of is not. */
export function isReady(status: Conditioned | undefined): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
}
