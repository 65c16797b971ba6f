import type { V1OwnerReference, V1Pod, V1Toleration } from "@kubernetes/client-node";
import type { Board, Host } from "../annotations.ts";
import type { NodePod } from "./node-pod.ts";
import type { PluginConfig } from "./plugin-config.ts";
import type { PodProgress } from "./pod-progress.ts";
import type { Program } from "./programs.ts";

/** A node as far as the GPU components read and write it. */
export interface GpuNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Allocatable `nvidia.com/*` resources. */
  readonly resources: Readonly<Record<string, string>>;
  /** Container runtime as its kubelet reports it, such as containerd://2.1.0; empty: not known. */
  readonly runtime: string;
  readonly unschedulable: boolean;
  readonly ready: boolean;
  /** Capacity in `nvidia.com/*`: allocatable, and what is unhealthy. */
  readonly capacity: Readonly<Record<string, string>>;
}

/** A node whose kubelet does not say that it is Ready. */
export interface Down {
  /** Of its condition Ready. */
  readonly status: "False" | "Unknown";
  readonly message: string;
}

/** What the components do to a pod beside its status. */
export type PodAction =
  /** It has ended, and goes out of the cluster. */
  | { readonly do: "remove"; readonly pod: NodePod }
  /** Deleted, with its time to end. */
  | { readonly do: "delete"; readonly pod: NodePod }
  /** Evicted, as disruption budgets allow. */
  | { readonly do: "evict"; readonly pod: NodePod }
  /** Created, with the rights of a service account of the operands' namespace. */
  | { readonly do: "create"; readonly manifest: V1Pod; readonly account: string };

/** What a node and its pods are to become. */
export interface NextNode extends GpuNode {
  /** What a component on the node would complain of in its log. */
  readonly complaints: readonly string[];
  /** Progress of the pods that the simulator is the kubelet of, where it changed. */
  readonly progress: ReadonlyMap<NodePod, PodProgress>;
  readonly actions: readonly PodAction[];
  readonly down: Down | undefined;
  /** The machine has booted: its pods have to know it before the node does. */
  readonly rebooted: boolean;
}

/** Which parts of the stack are installed; others are taken as provided by the host. */
export type Stack = ReadonlySet<Program>;

/** A DaemonSet of the operands. */
export interface DaemonSet {
  /** What its pods run. */
  readonly programs: ReadonlySet<Program>;
  readonly tolerations: readonly V1Toleration[];
  readonly owners: readonly V1OwnerReference[];
}

/** The node while the components of one round change it, one after the other; each sees what those before it did. */
export interface NodeDraft {
  readonly name: string;
  readonly board: Board | undefined;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  resources: Record<string, string>;
  readonly runtime: string;
  capacity: Record<string, string>;
  unschedulable: boolean;
  readonly ready: boolean;
  down: Down | undefined;
  rebooted: boolean;
  readonly complaints: string[];
  readonly host: Host;
  readonly stack: Stack;
  /** The node's pods, those on their way out among them. */
  readonly pods: readonly NodePod[];
  readonly progress: Map<NodePod, PodProgress>;
  readonly actions: PodAction[];
  /** What device plugins, GPU Feature Discovery and MPS daemons have read, by UID of their pods. */
  readonly configs: Map<string, PluginConfig>;
  /** UIDs of the pods whose device plugin has told the kubelet of its devices. */
  readonly registered: Set<string>;
}

/** What of the cluster the components on a node can see. */
export interface Observed {
  /** ConfigMaps of the operands' namespace: name to data. */
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Its DaemonSets, by name. */
  readonly daemonSets: ReadonlyMap<string, DaemonSet>;
  /** Pods of any namespace that have a node. */
  readonly pods: readonly NodePod[];
}
