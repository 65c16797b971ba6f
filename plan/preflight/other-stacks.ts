import type {
  V1Container,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1PodSpec,
  V1RuntimeClass,
} from "@kubernetes/client-node";
import { bringsRuntimeClass } from "../../components/operands/runtime-classes.ts";
import type { Zone } from "../config/zone.ts";

/** What of a cluster says who drives its GPUs, and who labels its nodes. */
export interface StackObjects {
  readonly daemonSets: readonly V1DaemonSet[];
  readonly deployments: readonly V1Deployment[];
  readonly runtimeClasses: readonly V1RuntimeClass[];
  /** By kind: names of the custom resources by which NVIDIA's operator is told what to do. */
  readonly customResources: Readonly<Record<string, readonly string[]>>;
  /** Node Feature Discovery's own. */
  readonly definitions: readonly V1CustomResourceDefinition[];
}

/** An object that shows that somebody else drives the cluster's GPUs, or labels its nodes. */
export interface OtherStack {
  readonly kind: string;
  readonly name: string;
  /** Absent: the kind has none, or it is of no matter. */
  readonly namespace?: string;
}

/** Where a device plugin or a DRA driver makes itself known to the kubelet, below whatever its root directory is. */
const KUBELET_SOCKETS = /\/(device-plugins|plugins_registry)\/?$/;
/** Device plugins for network cards, NVIDIA's own among them, by the last part of the image's name: they offer no GPU. */
const NETWORK = /(rdma|sr-?iov|mellanox|network)[^/]*$/i;
/** Programs of Node Feature Discovery that label nodes, whatever image and distribution they come in. */
const FEATURE_DISCOVERY = /(^|\/)nfd-(master|worker)$/;

type Named = Pick<V1DaemonSet, "kind" | "metadata">;

/** Everything in the cluster that drives its GPUs and is not this zone's; RuntimeClasses last. */
export function otherStacks(zone: Pick<Zone, "name" | "cluster">, live: StackObjects): OtherStack[] {
  return [
    ...Object.entries(live.customResources).flatMap(([kind, names]) => names.map((name) => ({ kind, name }))),
    ...live.daemonSets
      .filter((each) => !isOurs(zone, each) && offersGpus(each))
      .map((each) => named("DaemonSet", each)),
    ...live.runtimeClasses
      .filter((each) => each.metadata?.name === "nvidia" && !isOurs(zone, each))
      .filter((each) => !(bringsRuntimeClass(zone) && each.handler === "nvidia"))
      .map((each) => named("RuntimeClass", each)),
  ];
}

/** Node Feature Discovery that is not this zone's; definitions alone where one was removed and left them. */
export function otherFeatureDiscoveries(zone: Pick<Zone, "name">, live: StackObjects): OtherStack[] {
  const runs = ({ spec }: V1DaemonSet | V1Deployment): boolean =>
    spec?.template.spec?.containers.some(({ command = [], args = [] }) =>
      [...command, ...args].some((word) => FEATURE_DISCOVERY.test(word)),
    ) === true;
  return [
    ...live.daemonSets
      .filter((each) => !isOurs(zone, each) && runs(each))
      .map((each) => named("DaemonSet", each)),
    ...live.deployments
      .filter((each) => !isOurs(zone, each) && runs(each))
      .map((each) => named("Deployment", each)),
    ...live.definitions
      .filter((each) => !isOurs(zone, each))
      .map((each) => named("CustomResourceDefinition", each)),
  ];
}

/** True when the platform is to bring the RuntimeClass of NVIDIA's handler, and the cluster does not have it. */
export function lacksRuntimeClass(zone: Pick<Zone, "cluster">, live: StackObjects): boolean {
  return (
    bringsRuntimeClass(zone) &&
    !live.runtimeClasses.some(({ metadata, handler }) => metadata?.name === "nvidia" && handler === "nvidia")
  );
}

function isOurs({ name }: Pick<Zone, "name">, { metadata }: Named): boolean {
  return metadata?.labels?.["gpu-zones.dev/zone"] === name;
}

function named(kind: string, { metadata }: Named): OtherStack {
  return {
    kind,
    name: metadata?.name ?? "",
    ...(metadata?.namespace !== undefined && { namespace: metadata.namespace }),
  };
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
