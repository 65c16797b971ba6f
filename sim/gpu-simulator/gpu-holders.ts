import type { NodeDraft } from "./node-draft.ts";

/** Pods that hold a GPU of the node or a part of one, finished ones left out, as namespace/name. */
export function gpuHolders(node: NodeDraft): string[] {
  return node.pods
    .filter(({ hasGpu, progress }) => hasGpu && progress.phase !== "Succeeded" && progress.phase !== "Failed")
    .map(({ namespace, name }) => `${namespace}/${name}`);
}
