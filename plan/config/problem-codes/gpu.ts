import type { CodeInfo } from "./code-info.ts";

const STACK_FILE = "Pulumi.zone-9-dev.yaml";

/** What can be wrong with GPU requests, boards and the plan as a whole. */
export const GPU_CODES = {
  GZ201: {
    title: "GPU request that the zone cannot serve",
    why: "The app asks for a board, a MIG profile or a product label that no pool of the zone has. Its pods would stay Pending for ever, and a rolling update of the app would stop half-way. The pools are the zone's word on what it has; ask for one of them, or add the pool.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1] }
  gpu-zones:apps:
    private-detector: { gpu: { model: NVIDIA-A100-SXM4-40GB } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1] }
  gpu-zones:apps:
    private-detector: { gpu: { model: NVIDIA-A100-PCIE-40GB } }
`,
      },
    },
  },
  GZ202: {
    title: "MIG layout that the board does not have",
    why: "Profiles are named by slices and memory, so equal slices have other names on boards of other size. A layout that the board does not have ends in `mig.config.state=failed` on the node, long after the update, with no GPU left to use. Layouts of boards that nobody could verify are a warning.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1], mig: all-3g.40gb }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1], mig: all-3g.20gb }
`,
      },
    },
  },
  GZ203: {
    title: "App that shares its GPU without having asked",
    why: "Every GPU of the board that the app asks for serves several pods, so the app gets a part of one and its memory is not protected from the others. That is a choice, and it should stand in the app's configuration. `shared: true` agrees, `shared: false` makes it an error.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { timeSlicing: 4 } }
  gpu-zones:apps:
    private-detector: { gpu: { model: Tesla-T4 } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { timeSlicing: 4 } }
  gpu-zones:apps:
    private-detector: { gpu: { model: Tesla-T4, shared: true } }
`,
      },
    },
  },
  GZ204: {
    title: "More than one shared GPU or MIG slice requested",
    why: "Several shares of a GPU are no larger GPU: they may be shares of the same board, with the memory and time of one. The device plugin refuses such a container, and the pod fails at its start. Several MIG devices are a warning, since a process uses one of them.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { timeSlicing: 4 } }
  gpu-zones:apps:
    private-detector: { gpu: { model: Tesla-T4, shared: true, count: 2 } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { timeSlicing: 4 } }
  gpu-zones:apps:
    private-detector: { gpu: { model: Tesla-T4, shared: true, count: 1 } }
`,
      },
    },
  },
  GZ205: {
    title: "Predicted label longer than 63 characters",
    why: "Under strategy single the profile becomes part of the node's product label, and a label value holds 63 characters at most. GPU Feature Discovery could not set it, so the app would ask for a label that no node carries. Under strategy mixed the profile is a resource of its own and the label stays short.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { mig: { strategy: single } }
  gpu-zones:nodePools:
    rtx:
      product: NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition
      gpusPerNode: 2
      os: ubuntu24.04
      runtime: containerd@2.1
      nodes: [ds-node6]
      mig: all-1g.24gb
  gpu-zones:apps:
    private-detector: { gpu: { mig: 1g.24gb } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { mig: { strategy: mixed } }
  gpu-zones:nodePools:
    rtx:
      product: NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition
      gpusPerNode: 2
      os: ubuntu24.04
      runtime: containerd@2.1
      nodes: [ds-node6]
      mig: all-1g.24gb
  gpu-zones:apps:
    private-detector: { gpu: { mig: 1g.24gb } }
`,
      },
    },
  },
  GZ206: {
    title: "App order that cannot be met",
    why: "`after` says which apps of the zone come first. Apps that wait for each other in a circle never start, and an app that is not in the zone never comes. The circle is drawn in the message.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { after: [scam-detector] }
    scam-detector: { after: [private-detector] }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { after: [scam-detector] }
    scam-detector: {}
`,
      },
    },
  },
  GZ207: {
    title: "Custom resource without its definition",
    why: "A preview passes an object whose kind nobody defines; the update then waits a minute for the definition and fails half-way. The zone must know the kind: from a CustomResourceDefinition that one of its apps ships, or from `capabilities` when the cluster has it already.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { components: [metrics] }
`,
        "apps/private-detector/components/metrics/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - service-monitor.yaml
`,
        "apps/private-detector/components/metrics/service-monitor.yaml": `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: private-detector
spec:
  selector: { matchLabels: { app: pd } }
  endpoints: [{ port: http }]
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:capabilities: { crds: [ServiceMonitor.monitoring.coreos.com] }
  gpu-zones:apps:
    private-detector: { components: [metrics] }
`,
        "apps/private-detector/components/metrics/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - service-monitor.yaml
`,
        "apps/private-detector/components/metrics/service-monitor.yaml": `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: private-detector
spec:
  selector: { matchLabels: { app: pd } }
  endpoints: [{ port: http }]
`,
      },
    },
  },
  GZ208: {
    title: "Selector that does not match its template",
    why: "A workload finds its pods by its selector, and the API server refuses one whose own pods would not match. It does so when the update is under way, after other objects were changed. A selector cannot be changed later either, so new labels belong beside the selected ones.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector:
      patches:
        - target: { kind: Deployment }
          patch: |-
            - op: replace
              path: /spec/template/metadata/labels/app
              value: private-detector
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector:
      patches:
        - target: { kind: Deployment }
          patch: |-
            - op: add
              path: /spec/template/metadata/labels/team
              value: private-detector
`,
      },
    },
  },
  GZ209: {
    title: "MIG layout that the strategy cannot offer",
    why: "The MIG strategy decides what the device plugin makes of a board that is cut. Under `none` it offers the board as a whole, which no process can use in MIG mode; under `single` it wants equal devices on every board of a node, and where they differ it offers nothing. Under `mixed` each profile is a resource of its own.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { mig: { strategy: single } }
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1], mig: { 1g.5gb: 4, 3g.20gb: 1 } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu: { mig: { strategy: mixed } }
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1], mig: { 1g.5gb: 4, 3g.20gb: 1 } }
`,
      },
    },
  },
  GZ210: {
    title: "Sharing that cannot work",
    why: "MPS gives each pod its part of a GPU's memory and threads, and it does so on whole boards only: with MIG devices the control daemon does not start, and the node offers no GPU. Boards before Turing take 16 clients at most. Time-slicing works on all of them.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1], mig: all-1g.5gb, sharing: { mps: 4 } }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1], sharing: { mps: 4 } }
`,
      },
    },
  },
} as const satisfies Record<string, CodeInfo>;
