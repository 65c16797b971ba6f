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
  GZ222: {
    title: "Operand switched off that a pool or an app needs",
    why: "Operands lean on each other's labels: without GPU Feature Discovery no node gets the labels by which the MPS control daemon and the MIG manager run and apps choose their boards, so that pods stay Pending for ever. Where hosts are cut by themselves, or another device plugin offers their GPUs, the MIG manager or ours may be off: that is a warning.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { gfd: { enabled: false } }
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { mps: 4 } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { dcgmExporter: { enabled: false } }
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { mps: 4 } }
`,
      },
    },
  },
  GZ223: {
    title: "Container runtime that does not fit the way of GPUs into containers",
    why: "`gpu.cdi.enabled` holds for the whole zone. With it the runtime must know the Container Device Interface, which containerd before 1.7 does not. Without it every operand goes by the RuntimeClass `nvidia` under containerd and by a hook under CRI-O, so one zone cannot have both.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [ds-node2], runtime: containerd@1.6 }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { cdi: { enabled: false } }
  gpu-zones:nodePools:
    t4: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [ds-node2], runtime: containerd@1.6 }
`,
      },
    },
  },
} as const satisfies Record<string, CodeInfo>;
