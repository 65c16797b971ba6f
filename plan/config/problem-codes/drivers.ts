import type { CodeInfo, Example } from "./code-info.ts";

const STACK_FILE = "Pulumi.zone-9-dev.yaml";

/** A zone whose stack file holds these lines below `config:`. */
function zone(...lines: readonly string[]): Example {
  return { files: { [STACK_FILE]: `config:\n${lines.map((line) => `  gpu-zones:${line}\n`).join("")}` } };
}

/** A zone with one pool, by its hardware class or with these keys, and this driver. */
function pool(keys: string, driver: string, ...more: readonly string[]): Example {
  return zone(
    `nodePools:\n    gpus: { ${keys}, nodes: [ds-node1] }`,
    `gpu: { driver: { ${driver} } }`,
    ...more,
  );
}

const V100 = "product: Tesla-V100-SXM2-32GB, gpusPerNode: 8, os: ubuntu22.04";

/** What can be wrong with drivers. */
export const DRIVER_CODES = {
  GZ211: {
    title: "Driver that does not know the board",
    why: "A driver branch knows the boards of its time: one that is too old does not know a new board, and since the branch after 580 drivers ignore Volta and older. Such a driver loads and finds no GPU, so that the node's validation never ends. Bounds that nobody could verify, and boards that are not in the tables, are a warning.",
    wrong: pool(V100, "version: 595.91.07"),
    right: pool(V100, "version: 580.178.04"),
  },
  GZ212: {
    title: "Kernel modules that do not drive the board",
    why: "NVIDIA's open kernel modules need a board of Turing or newer, and Grace Hopper and Blackwell are driven by no others. With the wrong kind the driver's pod fails on the node after minutes of building. `auto` lets the installer choose.",
    wrong: pool(V100, "version: 580.178.04, kernelModuleType: open"),
    right: pool(V100, "version: 580.178.04, kernelModuleType: auto"),
  },
  GZ213: {
    title: "Operating system without a driver image",
    why: "The tag of a driver image ends in the operating system of its nodes, and NVIDIA builds images for a few systems only. For any other the driver's pod waits in ImagePullBackOff for ever. There the driver is installed on the hosts.",
    wrong: pool("hardware: t4x1, os: debian12", "version: 580.178.04"),
    right: pool("hardware: t4x1, os: debian12", "mode: preinstalled"),
  },
  GZ214: {
    title: "Secure Boot with kernel modules that are not signed",
    why: "Under Secure Boot the kernel loads signed modules only. What a driver container builds on the node has no signature, so that the driver never loads. Canonical signs the modules of precompiled driver images, and a driver on the hosts is signed by whoever installs it.",
    wrong: pool("hardware: t4x1, secureBoot: true", "version: 580.178.04"),
    right: pool("hardware: t4x1, secureBoot: true", "mode: preinstalled"),
  },
  GZ215: {
    title: "Driver container without a package mirror",
    why: "A driver container builds its kernel modules at every boot of a node, from kernel headers that it fetches from the distribution's servers. When these are out of reach, or have dropped the running kernel, the node comes back without GPUs. A mirror of one's own keeps what the nodes run; `repoConfig: null` says that the internet will do.",
    wrong: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
        "layers/fleet.yaml": `hardware:
  t4x1: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, runtime: containerd@2.1 }
`,
      },
    },
    right: {
      files: {
        [STACK_FILE]: `config:
  gpu-zones:nodePools:
    t4: { hardware: t4x1, nodes: [ds-node2] }
`,
        "layers/fleet.yaml": `hardware:
  t4x1: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, runtime: containerd@2.1 }
gpu:
  driver: { repoConfig: { configMapName: package-mirror } }
`,
      },
    },
  },
  GZ216: {
    title: "Driver too old for an app's CUDA version",
    why: "A driver knows CUDA up to its own version. Apps of a newer major version fail at their first call; those of a newer minor version run, but not everything in them, which is a warning. `cudaMin` says what the app's image needs.",
    wrong: pool(
      "hardware: t4x1",
      "version: 570.211.01",
      'apps: { private-detector: { gpu: { model: Tesla-T4 }, cudaMin: "13.0" } }',
    ),
    right: pool(
      "hardware: t4x1",
      "version: 580.178.04",
      'apps: { private-detector: { gpu: { model: Tesla-T4 }, cudaMin: "13.0" } }',
    ),
  },
} as const satisfies Record<string, CodeInfo>;
