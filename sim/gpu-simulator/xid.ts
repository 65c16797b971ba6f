import { readFailures } from "../annotations.ts";
import type { NodeDraft } from "./node-draft.ts";
import { environment, type NodePod } from "./node-pod.ts";

/** An application's own fault, not the GPU's (k8s-device-plugin v0.20.0). */
const IGNORED = new Set([13, 31, 43, 45, 68, 109]);

/** GPUs that the plugin of that pod holds for unhealthy; one that it has seen fail stays so until it is a new pod. */
export function unhealthyGpus(node: NodeDraft, plugin: NodePod): number {
  const container =
    plugin.containers.find(({ name }) => name === "nvidia-device-plugin") ?? plugin.containers[0];
  const disabled = (environment(container)["DP_DISABLE_HEALTHCHECKS"] ?? "")
    .split(",")
    .map((each) => each.trim());
  const seen = [...readFailures(node.annotations)].flatMap((failure) => {
    const code = Number(/^xid-(\d+)$/.exec(failure)?.[1] ?? "0");
    return code === 0 || IGNORED.has(code) || disabled.includes(String(code)) ? [] : [code];
  });
  const off = disabled.includes("all") || disabled.includes("xids");
  const now = off ? 0 : seen.length;
  const count = Math.max(node.host.unhealthy[plugin.uid] ?? 0, now);
  if (count > 0) node.host.unhealthy[plugin.uid] = count;
  return count;
}
