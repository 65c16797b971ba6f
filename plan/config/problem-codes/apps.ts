import type { CodeInfo } from "./code-info.ts";

const STACK_FILE = "Pulumi.zone-9-dev.yaml";

/** What can be wrong with apps and their kustomize trees. */
export const APP_CODES = {
  GZ101: {
    title: "App or overlay that does not exist",
    why: "An app of a zone is a folder in `apps/`, its overlay a folder in that one, its components folders in `components/`. The zone names one that is not there, often by a slip of the pen. The message lists those that there are.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { overlay: bumbel }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { overlay: bumble }
`,
      },
    },
  },
  GZ102: {
    title: "Kustomization that leaves the repository",
    why: "A rendering must be the same today, tomorrow and on another machine, so it may not fetch from a network, read outside the repository, or run a program. Remote bases, Helm charts, exec plugins and absolute paths are refused before kustomize starts. What they bring belongs into `apps/`, where a review sees it change.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { components: [quota] }
`,
        "apps/private-detector/components/quota/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - https://example.com/quota.yaml
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { components: [quota] }
`,
        "apps/private-detector/components/quota/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - quota.yaml
`,
        "apps/private-detector/components/quota/quota.yaml": `apiVersion: v1
kind: ResourceQuota
metadata:
  name: private-detector
spec:
  hard:
    requests.nvidia.com/gpu: 8
`,
      },
    },
  },
  GZ103: {
    title: "kustomize could not build an app",
    why: "kustomize refused the app's tree, or a file that the tree names is not there. Nothing of the zone is registered, since a zone without the app would be read as the wish to delete it. The message is kustomize's own, in paths of the repository.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { components: [more] }
`,
        "apps/private-detector/components/more/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
replicas:
  - { name: private-detecter, count: 5 }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { components: [more] }
`,
        "apps/private-detector/components/more/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
replicas:
  - { name: private-detector, count: 5 }
`,
      },
    },
  },
  GZ104: {
    title: "Ambiguous or missing target",
    why: "`replicas`, `image`, `gpu`, `env` and `resources` act on one workload and one container. Where several fit, or none does, a guess would change the wrong one. The candidates are listed; `workload` and `container` choose.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    toxicity-detector: { workload: toxicity, replicas: 3 }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    toxicity-detector: { workload: toxicity-detector, replicas: 3 }
`,
      },
    },
  },
  GZ105: {
    title: "Object without a namespace",
    why: "Without a namespace of its own an object lands in whichever one the context names, which may be another on every machine. Every app's objects get the app's namespace; only a patch can take it away again. Set `namespace` where another one is meant.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector:
      patches:
        - target: { kind: Service }
          patch: |-
            - op: remove
              path: /metadata/namespace
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector:
      namespace: detectors
`,
      },
    },
  },
  GZ106: {
    title: "Object that two owners declare",
    why: "Two owners of one object undo each other's changes at every update, and removing one of them deletes the object of the other. Apps that share a namespace, and apps that bring what a GPU operand brings, meet here. One of the two must let go.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { components: [runtime] }
`,
        "apps/private-detector/components/runtime/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources:
  - runtime-class.yaml
`,
        "apps/private-detector/components/runtime/runtime-class.yaml": `apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata:
  name: nvidia
handler: nvidia
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: {}
`,
      },
    },
  },
} as const satisfies Record<string, CodeInfo>;
