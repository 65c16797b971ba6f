import type { CodeInfo } from "./code-info.ts";

const DEV = "Pulumi.zone-9-dev.yaml";

const T4 = `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`;

/** What a cluster and its nodes are, beside what the zone's files say of them. */
export const LIVE_CODES = {
  GZ401: {
    title: "Another GPU stack in the cluster",
    why: "Something else drives the cluster's GPUs already: NVIDIA's GPU Operator, a device plugin of any name, or what one left. Two device plugins hand the same GPU to two pods, and two container toolkits write the same file of the container runtime. The run stops before its first write.",
    wrong: {
      files: { [DEV]: T4 },
      run: {
        live: "The cluster has the DaemonSet nvidia-device-plugin in the namespace kube-system, without the label gpu-zones.dev/zone=zone-9-dev.",
      },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:gpu: { managed: false }
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
      },
      run: { live: "The cluster has that DaemonSet, which goes on driving its GPUs." },
    },
  },
  GZ402: {
    title: "GPU node in no pool",
    why: "Node Feature Discovery sees a board of NVIDIA's on a node that no pool names and no selector chooses. Nothing is known of its board, its operating system or its sharing, so it gets no labels and no operand runs there. It is left alone, and its GPUs stay idle.",
    wrong: {
      files: { [DEV]: T4 },
      run: { live: "The cluster's nodes ds-node2 and ds-node3 have a board of NVIDIA's each." },
    },
    right: {
      files: { [DEV]: T4.replace("[ds-node2]", "[ds-node2, ds-node3]") },
      run: { live: "The cluster's nodes ds-node2 and ds-node3 have a board of NVIDIA's each." },
    },
  },
} as const satisfies Record<string, CodeInfo>;
