import type { NodeDraft } from "./node-draft.ts";
import type { NodePod } from "./node-pod.ts";

/** Pods that were given a GPU of the node or a part of one, finished ones left out. */
export function gpuUsers(node: NodeDraft): NodePod[] {
  const { rejected } = node.host;
  return node.pods.filter(
    ({ uid, hasGpu, progress }) => hasGpu && !hasEnded(progress) && !rejected.includes(uid),
  );
}

/** True for an operand that keeps the driver open for as long as it runs. */
export function isClient(node: NodeDraft, pod: NodePod): boolean {
  if (!pod.held || pod.runtimeClass === undefined) return false;
  const { containers } = node.progress.get(pod) ?? pod.progress;
  return pod.containers.some(
    ({ name, command }) =>
      containers[name]?.is === "running" &&
      /nvidia-device-plugin|mps-control-daemon|dcgm/.test([name, ...(command ?? [])].join(" ")),
  );
}

function hasEnded({ phase }: NodePod["progress"]): boolean {
  return phase === "Succeeded" || phase === "Failed";
}
