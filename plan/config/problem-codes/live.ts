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
  GZ403: {
    title: "Node that is not what its pool says",
    why: "The plan is a function of files: it places apps, chooses driver images and predicts labels by what pools declare. A node with another board, another number of boards or another operating system takes none of that. Either the file is wrong or the node is in the wrong pool.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
      },
      run: { live: "The node ds-node2 runs Ubuntu 24.04, and the class t4x1 says ubuntu22.04." },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], os: ubuntu24.04 }
`,
      },
      run: { live: "The node ds-node2 runs Ubuntu 24.04." },
    },
  },
  GZ404: {
    title: "Software of a node that the GPU stack cannot work with",
    why: "The container toolkit hands GPUs to pods by the Container Device Interface, which containerd knows from 1.7 on: the node is upgraded, or the zone does without it (`cdi: { enabled: false }`). Kubernetes supports a kubelet that is no newer than its API server and at most three minor versions older, and no configuration changes that.",
    wrong: { files: { [DEV]: T4 }, run: { live: "The node ds-node2 runs containerd 1.6.28." } },
    right: { files: { [DEV]: T4 }, run: { live: "The node ds-node2 runs containerd 1.7.22." } },
  },
  GZ405: {
    title: "Policy engine that may refuse the GPU operands",
    why: "Driver, toolkit and device plugin are privileged pods with host paths, and policy engines are made to refuse such pods. What its policies say is not looked at: this is a reminder to exempt the operands' namespace. Without that, their DaemonSets are there and have no pods.",
    wrong: { files: { [DEV]: T4 }, run: { live: "The cluster serves the API group kyverno.io." } },
    right: { files: { [DEV]: T4 }, run: { live: "The cluster has no policy engine." } },
  },
  GZ406: {
    title: "Host that driver or container toolkit cannot work with",
    why: "`zones preflight --probe` looked at the host itself. Secure Boot refuses a module that was built on the node, a driver of the host's collides with one in a container, and a configuration that containerd cannot read stops the node. Each of these shows after an update only, as a pod that never becomes ready.",
    wrong: {
      files: { [DEV]: T4 },
      run: { live: "The host ds-node2 has a driver of its own, and the pool's driver comes in a container." },
    },
    right: {
      files: { [DEV]: T4 },
      run: { live: "The host ds-node2 has no driver of its own." },
    },
  },
  GZ407: {
    title: "Another Node Feature Discovery in the cluster",
    why: "Somebody else's Node Feature Discovery labels the cluster's nodes already, or its definitions are there. Two masters take each other's labels away, and everything on a GPU node waits for those labels. The zone uses the one that is there, or is the only one.",
    wrong: {
      files: { [DEV]: T4 },
      run: {
        live: "The cluster has the DaemonSet nfd-worker in the namespace node-feature-discovery, without the label gpu-zones.dev/zone=zone-9-dev.",
      },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:gpu: { nfd: { mode: existing } }
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
      },
      run: { live: "The cluster has that DaemonSet, which goes on labelling its nodes." },
    },
  },
  GZ408: {
    title: "Platform without the RuntimeClass that it brings",
    why: "K3s and RKE2 bring the RuntimeClass `nvidia` themselves and write it anew, so the zone leaves it to them. In this cluster it is not there: the component that brings it is switched off, or the version is older than it. The API server refuses pods that name a RuntimeClass which does not exist.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:cluster: { platform: k3s }
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
      },
      run: { live: "K3s runs with --disable=runtimes, and the cluster has no RuntimeClass nvidia." },
    },
    right: {
      files: { [DEV]: T4 },
      run: { live: "The cluster is no K3s: the RuntimeClass nvidia is the zone's." },
    },
  },
} as const satisfies Record<string, CodeInfo>;
