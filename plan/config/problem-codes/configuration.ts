import type { CodeInfo } from "./code-info.ts";

const STACK_FILE = "Pulumi.zone-9-dev.yaml";

/** What can be wrong with stack files and layers. */
export const CONFIGURATION_CODES = {
  GZ001: {
    title: "YAML that cannot be read",
    why: "A file that is no YAML has no values, and guessing at them could take apps off a zone. Nothing is planned until the line can be read; the cause is often the line before the one that is named. Aliases must have their anchor above them, and merge keys (`<<`) and tags are not read: Pulumi would read other values than we do.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:extends: [dev
  gpu-zones:site: dc-1
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:extends: [dev]
  gpu-zones:site: dc-1
`,
      },
    },
  },
  GZ002: {
    title: "Unknown key",
    why: "A key that nobody reads changes nothing, and the person who wrote it believes that it did. On GPU clusters that is an outage later, so every unknown key is an error. The nearest key that exists is named. A namespace that is ours but for a letter or its case is such a key too, and so is a key of zones in Pulumi.yaml, which Pulumi would then require of every zone.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { replcas: 3 }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { replicas: 3 }
`,
      },
    },
  },
  GZ003: {
    title: "Wrong value",
    why: "The key exists and its value is of another kind, out of range, or at odds with another value. A frequent case is a version without quotes: YAML reads `1.10` as the number 1.1, which is another version, and Pulumi reads `010` as eight. Each layer is looked at by itself, also where a higher one replaces the value. The message says what was wanted and what was got.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { image: 1.10 }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector: { image: "1.10" }
`,
      },
    },
  },
  GZ004: {
    title: "Missing value",
    why: "Something that has no default is not there. A pool, for example, must say which board its nodes have and how many, since GPU requests are resolved from files and no cluster is asked. A hardware class in `layers/fleet.yaml` says it once for all zones.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { gpusPerNode: 8, os: ubuntu22.04, nodes: [ds-node1] }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1] }
`,
      },
    },
  },
  GZ005: {
    title: "Not yet",
    why: "The name of the key is settled and what it does is not built. Reading it and doing nothing would be worse than refusing it: a zone would look configured and not be. The key can be used as soon as a release announces it.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu:
    gds: { enabled: true }
    mig: { strategy: mixed }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:gpu:
    mig: { strategy: mixed }
`,
      },
    },
  },
  GZ006: {
    title: "Layer that does not exist",
    why: "A zone builds on `layers/fleet.yaml` and on the layers that it lists in `extends`, and each is a file in `layers/`. Without the file the zone would silently lose everything that the layer gives. The layers that there are, or the nearest one, are named.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:extends: [dve]
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:extends: [dev]
`,
      },
    },
  },
  GZ007: {
    title: "Engine value differs from the file",
    why: "Pulumi handed the program a value that is not the one in the stack file, as `--config-file` or an operator's own configuration do. The engine's value replaces the file's whole, since it was meant for this run, and a key that only the file has is left out; `zones render` and the review of the file show another zone. Layers are the exception: they are read from the stack file's `extends` alone, so a different list is an error.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:site: dc-1
`,
      },
      run: { engine: { "gpu-zones:site": "dc-2" } },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:site: dc-2
`,
      },
      run: { engine: { "gpu-zones:site": "dc-2" } },
    },
  },
  GZ008: {
    title: "Secret outside gpu-zones:secrets",
    why: "One secure value makes its whole key secret: Pulumi would hide all apps of the zone, and the plan could not be shown or compared. The value is neither read nor printed, from the file or from the engine. Secrets will have one key of their own, `gpu-zones:secrets`, which is not yet. Until then an app reads a Secret that the cluster already has.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector:
      env:
        TOKEN: { secure: AAABADk0cmVkYWN0ZWQ= }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:apps:
    private-detector:
      components: [token]
`,
        "apps/private-detector/components/token/kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target: { kind: Deployment }
    patch: |-
      - op: add
        path: /spec/template/spec/containers/0/envFrom
        value: [{ secretRef: { name: private-detector-token } }]
`,
      },
    },
  },
  GZ009: {
    title: "Name that does not resolve",
    why: "A name points at something that is not there: a hardware class that no layer has, or a zone without a stack file. Names are looked up before anything is planned. The nearest name that exists is given.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x9, nodes: [ds-node1] }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    a100: { hardware: a100x8, nodes: [ds-node1] }
`,
      },
    },
  },
} as const satisfies Record<string, CodeInfo>;
