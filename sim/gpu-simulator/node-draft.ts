/** A node as far as the GPU components read and write it. */
export interface GpuNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Allocatable `nvidia.com/*` resources. */
  readonly resources: Readonly<Record<string, string>>;
}

/** What a node is to become. */
export interface NextNode extends GpuNode {
  /** What a component on the node would complain of in its log. */
  readonly complaints: readonly string[];
}

/** The node while the components of one round change it, one after the other; each sees what those before it did. */
export interface NodeDraft {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  resources: Record<string, string>;
  readonly complaints: string[];
}

/** A container as a pod's spec holds it. */
export interface ContainerSpec {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

/** A pod of an operand that runs on a node. */
export interface OperandPod {
  readonly uid: string;
  /** Its label `app`: operands know each other by it. */
  readonly app: string;
  readonly node: string;
  readonly containers: readonly ContainerSpec[];
  readonly initContainers: readonly ContainerSpec[];
  /** ConfigMap by volume name. */
  readonly configMaps: Readonly<Record<string, string>>;
}

/** What of the cluster the components on a node can see. */
export interface Observed {
  /** ConfigMaps of the operands' namespace: name to data. */
  readonly configMaps: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Names of its DaemonSets. */
  readonly daemonSets: ReadonlySet<string>;
  /** Its running pods. */
  readonly pods: readonly OperandPod[];
  /** Pods of any namespace that hold a GPU or a part of one, as namespace/name, by node. */
  readonly gpuHolders: Readonly<Record<string, readonly string[]>>;
}

export function podOn(observed: Observed, node: string, app: string): OperandPod | undefined {
  return observed.pods.find((pod) => pod.node === node && pod.app === app);
}
