import { BOARD, HOST, type Board } from "../../../sim/annotations.ts";
import type { PoolRow } from "../../../components/operands/node-label-template.ts";
import type { GpuNode, NextNode, Observed } from "../../../sim/gpu-simulator/node-draft.ts";
import type { NodePod } from "../../../sim/gpu-simulator/node-pod.ts";
import { freshHost } from "../../../sim/gpu-simulator/host.ts";
import { labelled } from "../../fixtures/labeller-model.ts";
import { nextNode } from "../../../sim/gpu-simulator/next-node.ts";

export const A100: Board = { product: "NVIDIA-A100-PCIE-40GB", count: 1 };
export const T4: Board = { product: "Tesla-T4", count: 1 };

/** A node as it registers itself, with that board. */
export function bareNode(board: Board, name = "n1"): GpuNode {
  return {
    name,
    labels: { "feature.node.kubernetes.io/pci-10de.present": "true", rack: "r1" },
    annotations: { [BOARD]: JSON.stringify(board), [HOST]: JSON.stringify(freshHost("")) },
    resources: {},
    runtime: "containerd://2.1.0",
    unschedulable: false,
    ready: true,
    capacity: {},
  };
}

export interface Applied {
  /** Row of the pool table; absent: the zone has no table. */
  readonly pool?: {
    migConfig?: string | null;
    devicePluginConfig?: string | null;
    selector?: Record<string, string>;
  };
  /** MIG_STRATEGY of the plugin's DaemonSet. */
  readonly strategy?: string;
  /** Files of the ConfigMap that the plugin mounts; absent: it runs without. */
  readonly configs?: Record<string, string>;
  readonly defaultConfig?: string;
  /** Names of pods that hold a GPU. */
  readonly holders?: readonly string[];
}

/** What the components see when a zone has its labeller's table and a device plugin. */
export function applied({ pool, strategy, configs, defaultConfig, holders = [] }: Applied): Observed {
  const row = {
    pool: "pool-1",
    nodes: pool?.selector === undefined ? ["n1"] : null,
    selector: pool?.selector ?? null,
    driver: null,
    migConfig: pool?.migConfig ?? null,
    devicePluginConfig: pool?.devicePluginConfig ?? null,
  };
  return {
    configMaps: {
      ...(pool !== undefined && { "gpu-zones-node-pools": { "pools.json": JSON.stringify([row]) } }),
      ...(configs !== undefined && { "plugin-configs-1": configs }),
    },
    daemonSets: new Map([
      [
        "nvidia-device-plugin-daemonset",
        { programs: new Set(["device-plugin"]), tolerations: [], owners: [] },
      ],
    ]),
    pods: [pluginPod(strategy, configs !== undefined, defaultConfig), ...holders.map(gpuPod)],
  };
}

const POD: NodePod = {
  uid: "pod-1",
  namespace: "gpu-operator",
  name: "plugin-1",
  node: "n1",
  app: "nvidia-device-plugin-daemonset",
  daemonSet: "nvidia-device-plugin-daemonset",
  runtimeClass: "nvidia",
  account: "default",
  containers: [],
  initContainers: [],
  volumes: {},
  restarts: true,
  sharesProcesses: true,
  held: true,
  terminating: false,
  hasGpu: false,
  progress: { phase: "Running", containers: {} },
};

function gpuPod(name: string): NodePod {
  const { daemonSet: _set, app: _app, runtimeClass: _class, ...pod } = POD;
  const none = { daemonSet: undefined, app: undefined, runtimeClass: undefined };
  return { ...pod, ...none, uid: name, namespace: "apps", name, held: false, hasGpu: true };
}

function pluginPod(strategy: string | undefined, configured: boolean, defaultConfig = ""): NodePod {
  const file = "/config/config.yaml";
  return {
    ...POD,
    containers: [
      {
        name: "nvidia-device-plugin",
        env: [
          ...(strategy === undefined ? [] : [{ name: "MIG_STRATEGY", value: strategy }]),
          ...(configured ? [{ name: "CONFIG_FILE", value: file }] : []),
        ],
      },
      ...(configured
        ? [
            {
              name: "config-manager",
              env: [
                { name: "SEND_SIGNAL", value: "true" },
                { name: "PROCESS_TO_SIGNAL", value: "nvidia-device-plugin" },
              ],
            },
          ]
        : []),
    ],
    initContainers: configured
      ? [
          {
            name: "config-manager-init",
            env: [
              { name: "CONFIG_FILE_DST", value: file },
              { name: "DEFAULT_CONFIG", value: defaultConfig },
            ],
            volumeMounts: [{ name: "available-configs", mountPath: "/available-configs" }],
          },
        ]
      : [],
    volumes: configured ? { "available-configs": { configMap: "plugin-configs-1" } } : {},
    progress: {
      phase: "Running",
      containers: {
        "nvidia-device-plugin": { is: "running", restarts: 0, ready: true },
        ...(configured && {
          "config-manager-init": { is: "done", restarts: 0 },
          "config-manager": { is: "running", restarts: 0, ready: true },
        }),
      },
    },
  };
}

/** The node as the zone's labeller leaves it, where the zone has a pool table. */
export function afterLabeller(node: GpuNode, observed: Observed): GpuNode {
  const table = observed.configMaps["gpu-zones-node-pools"]?.["pools.json"] ?? "[]";
  return { ...node, labels: labelled(node.name, node.labels, JSON.parse(table) as PoolRow[]) };
}

/** Rounds until nothing changes any more; every node on the way, the last one last. */
export function rounds(start: GpuNode, observed: Observed): NextNode[] {
  const all: NextNode[] = [];
  let node = start;
  for (let round = 0; round < 10; round++) {
    const next = nextNode(afterLabeller(node, observed), observed);
    all.push(next);
    if (
      JSON.stringify([next.labels, next.annotations, next.resources]) ===
      JSON.stringify([node.labels, node.annotations, node.resources])
    ) {
      return all;
    }
    node = next;
  }
  throw new Error("the node does not come to rest within 10 rounds");
}

/** The node at rest. */
export function settled(start: GpuNode, observed: Observed): NextNode {
  const last = rounds(start, observed).at(-1);
  if (last === undefined) throw new Error("no round");
  return last;
}

/** Labels below nvidia.com/ that begin so, without that prefix. */
export function labelsOf(node: GpuNode, start: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(node.labels)
      .filter(([key]) => key.startsWith(`nvidia.com/${start}`))
      .map(([key, value]) => [key.slice("nvidia.com/".length), value]),
  );
}

export const sharedBy = (replicas: number, resource = "nvidia.com/gpu", more = ""): string =>
  `version: v1\nsharing:\n  timeSlicing:\n${more}    resources: [{name: ${resource}, replicas: ${replicas}}]\n`;
