import type { V1Node } from "@kubernetes/client-node";

const NFD = "feature.node.kubernetes.io";

export interface NodeInput {
  readonly labels?: Record<string, string>;
  readonly ready?: boolean;
  readonly osImage?: string;
  readonly kernel?: string;
  readonly runtime?: string;
  readonly kubelet?: string;
}

/** A T4 node with Ubuntu 22.04, as its kubelet and both feature discoveries describe it; what is given replaces it. */
export function t4Node(name: string, input: NodeInput = {}): V1Node {
  return {
    metadata: {
      name,
      labels: input.labels ?? {
        [`${NFD}/pci-10de.present`]: "true",
        [`${NFD}/system-os_release.ID`]: "ubuntu",
        [`${NFD}/system-os_release.VERSION_ID`]: "22.04",
        "nvidia.com/gpu.product": "Tesla-T4",
        "nvidia.com/gpu.count": "1",
      },
    },
    status: {
      conditions: [{ type: "Ready", status: input.ready === false ? "False" : "True" }],
      nodeInfo: {
        osImage: input.osImage ?? "Ubuntu 22.04.5 LTS",
        kernelVersion: input.kernel ?? "5.15.0-118-generic",
        containerRuntimeVersion: input.runtime ?? "containerd://2.1.4",
        kubeletVersion: input.kubelet ?? "v1.34.2",
      } as never,
    },
  };
}
