import type { V1Container, V1DaemonSet, V1PodSpec, V1RuntimeClass } from "@kubernetes/client-node";

/** What of a cluster says who drives its GPUs. */
export interface StackObjects {
  readonly daemonSets: readonly V1DaemonSet[];
  readonly runtimeClasses: readonly V1RuntimeClass[];
  /** By kind: names of the custom resources by which NVIDIA's operator is told what to do. */
  readonly customResources: Readonly<Record<string, readonly string[]>>;
}

/** An object that shows that somebody else drives the cluster's GPUs. */
export interface OtherStack {
  readonly kind: string;
  readonly name: string;
  /** Absent: the kind has none, or it is of no matter. */
  readonly namespace?: string;
}

/** Where a device plugin or a DRA driver makes itself known to the kubelet, below whatever its root directory is. */
const KUBELET_SOCKETS = /\/(device-plugins|plugins_registry)\/?$/;
/** Device plugins for network cards, NVIDIA's own among them: they offer no GPU. */
const NETWORK = /rdma|sr-?iov|mellanox|network/i;

/** Everything in the cluster that drives its GPUs and is not this zone's; RuntimeClasses last. */
export function otherStacks(zone: string, live: StackObjects): OtherStack[] {
  const ours = ({ metadata }: Pick<V1DaemonSet, "metadata">): boolean =>
    metadata?.labels?.["gpu-zones.dev/zone"] === zone;
  const named = (kind: string, { metadata }: Pick<V1DaemonSet, "metadata">): OtherStack => ({
    kind,
    name: metadata?.name ?? "",
    ...(metadata?.namespace !== undefined && { namespace: metadata.namespace }),
  });
  return [
    ...Object.entries(live.customResources).flatMap(([kind, names]) => names.map((name) => ({ kind, name }))),
    ...live.daemonSets
      .filter((each) => !ours(each) && offersGpus(each))
      .map((each) => named("DaemonSet", each)),
    ...live.runtimeClasses
      .filter((each) => each.metadata?.name === "nvidia" && !ours(each))
      .map((each) => named("RuntimeClass", each)),
  ];
}

/** `DaemonSet kube-system/nvidia-device-plugin`, as messages name it. */
export function stackInWords({ kind, name, namespace }: OtherStack): string {
  return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/** A device plugin or DRA driver of NVIDIA's, by whatever name: it has the kubelet's sockets, and speaks of NVIDIA. */
function offersGpus({ metadata, spec }: V1DaemonSet): boolean {
  const pod: V1PodSpec | undefined = spec?.template.spec;
  if (pod?.volumes?.some(({ hostPath }) => KUBELET_SOCKETS.test(hostPath?.path ?? "")) !== true) return false;
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  const own = containers.filter(({ image = "" }) => !NETWORK.test(image));
  // A plugin whose image is mirrored under another name still has NVIDIA's variables or arguments.
  return own.length > 0 && [metadata?.name ?? "", ...own.flatMap(words)].some((word) => /nvidia/i.test(word));
}

function words({ name, image = "", command = [], args = [], env = [] }: V1Container): string[] {
  return [name, image, ...command, ...args, ...env.flatMap((each) => [each.name, each.value ?? ""])];
}
