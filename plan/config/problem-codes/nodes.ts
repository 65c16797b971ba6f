import type { CodeInfo } from "./code-info.ts";

const STACK_FILE = "Pulumi.zone-9-dev.yaml";

/** What can be wrong with what a zone says of its nodes. */
export const NODE_CODES = {
  GZ221: {
    title: "Container runtime that nobody named",
    why: "The container toolkit extends the configuration of the nodes' container runtime, and has to read it in another way for containerd 1, containerd 2 and CRI-O. Read wrongly, containerd stops and its node is lost, or what an imported file sets is lost to GPU pods. Where a pool does not say, the way of containerd 2 is taken, which stops no runtime.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [ds-node2] }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [ds-node2], runtime: containerd@1.7 }
`,
      },
    },
  },
} as const satisfies Record<string, CodeInfo>;
