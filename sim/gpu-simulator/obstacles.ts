import { OPERANDS } from "../kwok-stages.ts";
import type { NodeDraft, Observed } from "./node-draft.ts";
import type { NodePod } from "./node-pod.ts";

const RUN = "/run/nvidia";

/** Why no container of the pod can be started, in the kubelet's words; undefined: nothing hinders it. */
export function obstacleTo(node: NodeDraft, pod: NodePod, observed: Observed): string | undefined {
  return mountObstacle(node, pod, observed) ?? sandboxObstacle(node, pod);
}

/** Directories that the pod may create are there afterwards. */
function mountObstacle(node: NodeDraft, pod: NodePod, { configMaps }: Observed): string | undefined {
  const volumes = Object.values(pod.volumes);
  for (const { configMap, optional, hostPath, type } of volumes) {
    if (
      configMap !== undefined &&
      optional !== true &&
      pod.namespace === OPERANDS &&
      !(configMap in configMaps)
    )
      return `ConfigMap ${configMap}, which the pod mounts, does not exist`;
    if (type === "Directory" && hostPath !== undefined && !hasDirectory(node, hostPath))
      return `hostPath ${hostPath} is not a directory`;
  }
  for (const { hostPath, type } of volumes) {
    if (hostPath !== undefined && isBelowRun(hostPath) && type === "DirectoryOrCreate")
      node.host.files[`${hostPath.replace(/\/$/, "")}/`] = "";
  }
  return undefined;
}

/** Only what lies below /run/nvidia may be missing: nobody but the operands makes it. */
function hasDirectory(node: NodeDraft, directory: string): boolean {
  if (!isBelowRun(directory)) return true;
  const start = `${directory.replace(/\/$/, "")}/`;
  return Object.keys(node.host.files).some((file) => file.startsWith(start));
}

function isBelowRun(file: string): boolean {
  return file === RUN || file.startsWith(`${RUN}/`);
}

function sandboxObstacle(node: NodeDraft, { runtimeClass }: NodePod): string | undefined {
  if (runtimeClass?.startsWith("nvidia") !== true) return undefined;
  if (!node.stack.has("toolkit") || node.host.runtime) return undefined;
  return `no runtime for "${runtimeClass}" is configured`;
}
