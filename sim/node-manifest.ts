import { createHash } from "node:crypto";
import type { NodePool, Zone } from "../plan/config/zone.ts";
import { BOARD, FOREIGN_STACK, NODE_DIGEST, type Board, type ForeignStack } from "./annotations.ts";
import { describeOs } from "./operating-system.ts";

const NFD = "feature.node.kubernetes.io";
const POD_LIMIT = "110";
const DEFAULTS = { cpu: "32", memory: "128Gi", os: "ubuntu22.04", runtime: "containerd@2.1" };
/** A node without a GPU, so that pods that ask for none have a place. */
const CPU_NODE = { name: "cpu-1", cpu: "16", memory: "64Gi" };

/** A simulated node as it registers itself. */
export interface NodeManifest {
  readonly apiVersion: "v1";
  readonly kind: "Node";
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly taints?: NonNullable<NodePool["taints"]> };
  readonly status: {
    readonly capacity: Readonly<Record<string, string>>;
    readonly allocatable: Readonly<Record<string, string>>;
    readonly nodeInfo: Readonly<Record<string, string>>;
  };
}

/**
 * The nodes that the zone's pools declare, and one without a GPU.
 * @param kubernetes version of the cluster, such as 1.37.2
 * @param absent declared nodes that do not exist, by name
 */
export function nodesOf(zone: Zone, kubernetes: string, absent: readonly string[] = []): NodeManifest[] {
  const pools = Object.entries(zone.nodePools).flatMap(([name, pool]) =>
    nodeNames(name, pool).map((node, index) => gpuNode(node, index, pool, zone, kubernetes)),
  );
  const missing = new Set(absent);
  return [...pools, cpuNode(kubernetes)].filter((node) => !missing.has(node.metadata.name));
}

/** Names of a pool's nodes: as declared, else `<pool>-1`, `<pool>-2`… */
export function nodeNames(
  pool: string,
  { nodes, count }: Pick<NodePool, "nodes" | "count">,
): readonly string[] {
  return nodes ?? Array.from({ length: count ?? 1 }, (_, index) => `${pool}-${index + 1}`);
}

/** One digest of all nodes; it changes when a pool changes what a node is. */
export function nodesDigest(nodes: readonly NodeManifest[]): string {
  return digest(nodes);
}

function gpuNode(name: string, index: number, pool: NodePool, zone: Zone, kubernetes: string): NodeManifest {
  const os = describeOs(choose(pool.os, index) ?? DEFAULTS.os);
  const kernel = choose(pool.kernel, index);
  const board: Board = { product: pool.product, count: pool.gpusPerNode };
  return manifest(
    {
      name,
      cpu: String(pool.cpu ?? DEFAULTS.cpu),
      memory: String(pool.memory ?? DEFAULTS.memory),
      kernel: kernel ?? os.kernel,
      osImage: os.image,
      runtime: runtimeVersion(pool.runtime ?? DEFAULTS.runtime),
      kubernetes,
      labels: {
        ...pool.selector,
        ...pool.labels,
        [`${NFD}/pci-10de.present`]: "true",
        ...os.labels,
        ...(kernel !== undefined && { [`${NFD}/kernel-version.full`]: kernel }),
      },
      annotations: {
        [BOARD]: JSON.stringify(board),
        ...(!zone.gpu.managed && { [FOREIGN_STACK]: JSON.stringify(foreignStack(pool, zone)) }),
      },
    },
    pool.taints,
  );
}

/** How somebody else's GPU stack drives the pool, since nothing that we apply says it. */
function foreignStack(pool: NodePool, zone: Zone): ForeignStack {
  const { sharing, mig } = pool;
  return {
    migStrategy: zone.gpu.mig?.strategy ?? "single",
    migConfig: mig ?? null,
    timeSlicing: sharing !== undefined && "timeSlicing" in sharing ? sharing.timeSlicing : null,
  };
}

function cpuNode(kubernetes: string): NodeManifest {
  const os = describeOs(DEFAULTS.os);
  return manifest({
    ...CPU_NODE,
    kernel: os.kernel,
    osImage: os.image,
    runtime: runtimeVersion(DEFAULTS.runtime),
    kubernetes,
    labels: os.labels,
    annotations: {},
  });
}

interface Machine {
  readonly name: string;
  readonly cpu: string;
  readonly memory: string;
  readonly kernel: string;
  readonly osImage: string;
  readonly runtime: string;
  readonly kubernetes: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

function manifest(machine: Machine, taints?: NodePool["taints"]): NodeManifest {
  const resources = { cpu: machine.cpu, memory: machine.memory, pods: POD_LIMIT };
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: machine.name,
      labels: {
        ...machine.labels,
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
      },
      annotations: { "kwok.x-k8s.io/node": "fake", ...machine.annotations },
    },
    spec: { ...(taints !== undefined && { taints }) },
    status: {
      capacity: resources,
      allocatable: resources,
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: machine.runtime,
        kernelVersion: machine.kernel,
        kubeProxyVersion: "",
        kubeletVersion: `v${machine.kubernetes}`,
        machineID: "",
        operatingSystem: "linux",
        osImage: machine.osImage,
        systemUUID: "",
      },
    },
  } as const;
  const annotations = { ...node.metadata.annotations, [NODE_DIGEST]: digest(node) };
  return { ...node, metadata: { ...node.metadata, annotations } };
}

/** The node's own value where a pool lists several while its nodes are being moved. */
function choose(values: string | readonly string[] | undefined, index: number): string | undefined {
  return typeof values === "string" ? values : values?.[index % values.length];
}

/** `containerd@2.1` as a kubelet reports it: `containerd://2.1.0`. */
function runtimeVersion(runtime: string): string {
  const [name = "", version = ""] = runtime.split("@");
  const full = version.split(".").length < 3 ? `${version}.0` : version;
  return `${name === "crio" ? "cri-o" : name}://${full}`;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
