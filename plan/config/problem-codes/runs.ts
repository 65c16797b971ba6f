import type { CodeInfo } from "./code-info.ts";

const DEV = "Pulumi.zone-9-dev.yaml";
const PROD = "Pulumi.zone-9-prod.yaml";

const OURS = "6f1c2d3e-4a5b-4c6d-8e7f-9a0b1c2d3e4f";
const OTHER = "0b7d5c1a-93e2-4f68-a1d4-5e6f7a8b9c0d";

const PINNED = `config:
  gpu-zones:extends: [prod]
  gpu-zones:cluster:
    uid: ${OURS}
`;

/** What keeps a run from starting now, decided just before it: clock, cluster, last update. */
export const RUN_CODES = {
  GZ301: {
    title: "Zone on hold",
    why: "Somebody decided that the zone takes no changes until a day, and wrote down why. A preview still works and shows this as a warning. The hold ends after its last day (UTC); before that it is lifted in the file, or passed once with `GPU_ZONES_OVERRIDE`, which is recorded.",
    wrong: {
      files: {
        [PROD]: `config:
  gpu-zones:extends: [prod]
  gpu-zones:hold: { until: "2026-12-31", reason: year-end freeze }
`,
      },
      run: { at: "2026-12-24T12:00:00Z" },
    },
    right: {
      files: {
        [PROD]: `config:
  gpu-zones:extends: [prod]
  gpu-zones:hold: { until: "2026-12-31", reason: year-end freeze }
`,
      },
      run: { at: "2027-01-01T00:00:00Z" },
    },
  },
  GZ302: {
    title: "Outside the zone's windows",
    why: "The zone says when updates may run, and now is not one of those times. Where windows allow, one of them must be open; where one denies, it must be closed. The message names the next time at which a run may start, if there is one: an allowing window opens, or a denying one ends.",
    wrong: {
      files: {
        [PROD]: `config:
  gpu-zones:extends: [prod]
  gpu-zones:windows:
    - { allow: true, cron: 0 22 * * 1-5, duration: 4h, timeZone: Europe/Berlin }
`,
      },
      run: { at: "2026-11-24T12:00:00Z" },
    },
    right: {
      files: {
        [PROD]: `config:
  gpu-zones:extends: [prod]
  gpu-zones:windows:
    - { allow: true, cron: 0 22 * * 1-5, duration: 4h, timeZone: Europe/Berlin }
`,
      },
      run: { at: "2026-11-24T22:00:00Z" },
    },
  },
  GZ303: {
    title: "Production zone without a pinned cluster",
    why: "A kubeconfig context is a name that anybody can point elsewhere. The UID of the kube-system namespace is the cluster's identity for its lifetime, and a production zone must name it before its first update. `zones pin` writes it; of other zones only a preview reminds.",
    wrong: {
      files: {
        [PROD]: `config:
  gpu-zones:extends: [prod]
`,
      },
      run: { cluster: OURS },
    },
    right: { files: { [PROD]: PINNED }, run: { cluster: OURS } },
  },
  GZ304: {
    title: "Wrong cluster",
    why: "The cluster behind the context is not the one that the zone names, or that the last update went to. An update would install this zone into it, and could delete what is there. Even a preview stops, since it would describe changes that nobody means.",
    wrong: { files: { [PROD]: PINNED }, run: { cluster: OTHER } },
    right: { files: { [PROD]: PINNED }, run: { cluster: OURS } },
  },
  GZ305: {
    title: "Cluster cannot be reached",
    why: "The zone's cluster could not be asked: nothing answered within three seconds, or the credentials, the context or the kubeconfig are not right. Absence is no evidence: a dark zone is neither changed nor forgotten, and the run stops before anything is registered. A preview goes on, compares with the state of the last update, and says so.",
    wrong: { files: { [PROD]: PINNED }, run: { cluster: null } },
    right: { files: { [PROD]: PINNED }, run: { cluster: OURS } },
  },
  GZ306: {
    title: "Rebuilt cluster",
    why: "The zone names the cluster that answers, and the state describes another one: the cluster was rebuilt since the last update. Compared with that state everything seems to be there, and nothing is. A refresh finds that out, and the update after it brings everything back.",
    wrong: { files: { [PROD]: PINNED }, run: { cluster: OURS, lastCluster: OTHER } },
    right: { files: { [PROD]: PINNED }, run: { cluster: OURS, lastCluster: OURS } },
  },
  GZ307: {
    title: "Object that belongs to somebody else",
    why: "The run may take over objects that are in the cluster, and one of the plan's is there without this zone's label. Taking it over would overwrite the work of its owner. Label it to hand it over, or delete it.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:apps:
    private-detector: {}
`,
      },
      run: {
        live: "The cluster has a Deployment private-detector in the namespace private-detector, without the label gpu-zones.dev/zone=zone-9-dev.",
      },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:apps:
    private-detector: {}
`,
      },
      run: {
        live: "The cluster has no such Deployment, or one with the label gpu-zones.dev/zone=zone-9-dev.",
      },
    },
  },
  GZ308: {
    title: "GPU operand taken away from under running pods",
    why: "The last update installed a driver, container toolkit or device plugin that the zone no longer has. Pods that hold GPUs would run on for a while, and nobody could start them again. An update stops until they are gone, or until `GPU_ZONES_OVERRIDE` says why they may lose their GPUs. A driver that other nodes still name stays in any case.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:gpu: { toolkit: { enabled: false } }
`,
      },
      run: { live: "The last update installed the container toolkit, and pods of an app hold GPUs." },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:gpu: { toolkit: { enabled: false } }
`,
      },
      run: { live: "The last update installed the container toolkit, and no pod holds a GPU." },
    },
  },
  GZ309: {
    title: "Node pool that names an absent node",
    why: "A node of a pool is not in the cluster now. Nodes come and go with the power, so this is a warning: when the node is back it gets its labels and its pods. A node that is gone for good belongs out of its pool, because GPU requests count on it.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2, ds-node3] }
`,
      },
      run: { live: "The cluster has the node ds-node2 and no node ds-node3." },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
      },
      run: { live: "The cluster has the node ds-node2 and no node ds-node3." },
    },
  },
  GZ310: {
    title: "Nodes that owe a rollout",
    why: "Driver, MIG layout and sharing reach a node only when its GPU pods are gone. An update declares them and changes no node that runs: nodes get their labels when they are new, also their first MIG layout or sharing, and driver pods stay until somebody deletes them. The nodes go on as before, and what their labels name stays in the cluster. `zones rollout` brings them what they owe, a few at a time, and goes on with nodes that one before it left cordoned: it was interrupted, or failed there.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { timeSlicing: 2 } }
`,
      },
      run: {
        live: "The node ds-node2 still has the label nvidia.com/device-plugin.config of four shares.",
      },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2], sharing: { timeSlicing: 2 } }
`,
      },
      run: { live: "The node ds-node2 has the label of two shares, or is new and has none yet." },
    },
  },
  GZ311: {
    title: "Cluster that does not show what a run must know",
    why: "The cluster answers, and did not show what was asked: rights are missing, the answer took too long, or it was cut off. An empty answer is no evidence that nothing is there. A run that may take over objects stops, because it could overwrite somebody else's; a list of nodes that cannot be read is told, and nobody has looked at the nodes.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:apps:
    private-detector: {}
`,
      },
      run: { live: "The credentials may not list Deployments." },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:apps:
    private-detector: {}
`,
      },
      run: { live: "The credentials may read every kind of the plan." },
    },
  },
  GZ312: {
    title: "Skipped release of the GPU stack",
    why: "A release of the GPU stack is a set of component versions that were tested together, and so is the step from one to the next, or back by one. A zone that leaves one out runs components beside each other that nobody has seen together while nodes are rolled out. Where the last release is one that this version does not know, nobody can say how far it is.",
    wrong: {
      files: {
        [DEV]: `config:
  gpu-zones:gpu: { release: "26.7" }
`,
      },
      run: { lastRelease: "25.3" },
    },
    right: {
      files: {
        [DEV]: `config:
  gpu-zones:gpu: { release: "26.7" }
`,
      },
      run: { lastRelease: "26.7" },
    },
  },
} as const satisfies Record<string, CodeInfo>;
