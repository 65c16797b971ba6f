import type {
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1RuntimeClass,
} from "@kubernetes/client-node";
import type { Zone } from "../plan/config/zone.ts";
import {
  lacksRuntimeClass,
  otherFeatureDiscoveries,
  otherStacks,
  type OtherStack,
  type StackObjects,
} from "../plan/preflight/other-stacks.ts";
import { kubectl, type Kubectl, type KubectlAnswer } from "./kubectl.ts";
import { NFD_GROUP } from "./operands/node-feature-definitions.ts";

const READ_SECONDS = 10;

/** Kinds of NVIDIA's operator (v26.7.0) and where the API server has them; the group holds other products' kinds too. */
const OPERATOR_KINDS = {
  ClusterPolicy: "/apis/nvidia.com/v1/clusterpolicies",
  NVIDIADriver: "/apis/nvidia.com/v1alpha1/nvidiadrivers",
  GPUCluster: "/apis/nvidia.com/v1alpha1/gpuclusters",
} as const;

/** A list that could not be read, in words. */
export class Unread {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Names of the API groups that the cluster serves; everybody who may log in may ask. */
export async function readApiGroups(cluster: Kubectl): Promise<readonly string[] | Unread> {
  const answer = await kubectl(cluster, ["get", "--raw", "/apis"], READ_SECONDS);
  const read = json(answer);
  if (read instanceof Unread) return read;
  const { groups = [] } = read as { groups?: { name: string }[] };
  return groups.map(({ name }) => name);
}

/** What is in the cluster beside this zone, as far as its GPU stack is concerned. */
export interface Neighbours {
  readonly stacks: readonly OtherStack[];
  readonly featureDiscoveries: readonly OtherStack[];
  /** The platform does not bring what it is to bring. */
  readonly lacksRuntimeClass: boolean;
}

/** Where somebody else drives the GPUs there is nobody to get in the way of. */
export const NO_NEIGHBOURS: Neighbours = { stacks: [], featureDiscoveries: [], lacksRuntimeClass: false };

/** Who drives the cluster's GPUs and labels its nodes beside this zone. A list that cannot be read is never an empty one. */
export async function readNeighbours(
  cluster: Kubectl,
  zone: Zone,
  groups: Promise<readonly string[] | Unread> = readApiGroups(cluster),
): Promise<Neighbours | Unread> {
  const [objects, customResources, definitions] = await Promise.all([
    readObjects(cluster),
    groups.then((names) => readOperatorKinds(cluster, names)),
    groups.then((names) => readDefinitions(cluster, names)),
  ]);
  if (objects instanceof Unread) return objects;
  if (customResources instanceof Unread) return customResources;
  if (definitions instanceof Unread) return definitions;
  const live = { ...objects, customResources, definitions };
  return {
    stacks: otherStacks(zone, live),
    featureDiscoveries: zone.gpu.nfd?.mode === "existing" ? [] : otherFeatureDiscoveries(zone, live),
    lacksRuntimeClass: lacksRuntimeClass(zone, live),
  };
}

async function readObjects(
  cluster: Kubectl,
): Promise<Pick<StackObjects, "daemonSets" | "deployments" | "runtimeClasses"> | Unread> {
  const answer = await kubectl(
    cluster,
    ["get", "daemonsets.apps,deployments.apps,runtimeclasses.node.k8s.io", "--all-namespaces", "-o", "json"],
    READ_SECONDS,
  );
  const read = json(answer);
  if (read instanceof Unread) return read;
  const { items } = read as { items: { kind: string }[] };
  const ofKind = <Kind>(kind: string): Kind[] => items.filter((item) => item.kind === kind) as Kind[];
  return {
    daemonSets: ofKind<V1DaemonSet>("DaemonSet"),
    deployments: ofKind<V1Deployment>("Deployment"),
    runtimeClasses: ofKind<V1RuntimeClass>("RuntimeClass"),
  };
}

/** The one that every version has; all definitions of a cluster are megabytes. */
async function readDefinitions(
  cluster: Kubectl,
  groups: readonly string[] | Unread,
): Promise<StackObjects["definitions"] | Unread> {
  if (groups instanceof Unread) return groups;
  if (!groups.includes(NFD_GROUP)) return [];
  const name = `nodefeatures.${NFD_GROUP}`;
  const answer = await kubectl(
    cluster,
    ["get", "customresourcedefinitions.apiextensions.k8s.io", name, "--ignore-not-found", "-o", "json"],
    READ_SECONDS,
  );
  if (answer.ok && answer.stdout.trim() === "") return [];
  const read = json(answer);
  return read instanceof Unread ? read : [read as V1CustomResourceDefinition];
}

async function readOperatorKinds(
  cluster: Kubectl,
  groups: readonly string[] | Unread,
): Promise<StackObjects["customResources"] | Unread> {
  if (groups instanceof Unread) return groups;
  if (!groups.includes("nvidia.com")) return {};
  const lists = await Promise.all(
    Object.entries(OPERATOR_KINDS).map(async ([kind, path]) => {
      const answer = await kubectl(cluster, ["get", "--raw", path], READ_SECONDS);
      // The group is there and the kind is not: the API server knows no such path.
      if (answer.errors.some((line) => line.includes("(NotFound)"))) return [kind, []] as const;
      const read = json(answer);
      if (read instanceof Unread) return [kind, read] as const;
      const { items } = read as { items: { metadata: { name: string } }[] };
      return [kind, items.map(({ metadata }) => metadata.name)] as const;
    }),
  );
  const unread = lists.map(([, names]) => names).find((names) => names instanceof Unread);
  return unread ?? (Object.fromEntries(lists) as StackObjects["customResources"]);
}

function json({ ok, stdout, message }: KubectlAnswer): object | Unread {
  if (!ok) return new Unread(message === "" ? "no answer" : message);
  try {
    return JSON.parse(stdout) as object;
  } catch {
    return new Unread("an answer that is cut off");
  }
}
