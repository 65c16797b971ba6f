import type { V1DaemonSet, V1RuntimeClass } from "@kubernetes/client-node";
import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import {
  otherStacks,
  stackInWords,
  type OtherStack,
  type StackObjects,
} from "../plan/preflight/other-stacks.ts";
import { kubectl, type Kubectl, type KubectlAnswer } from "./kubectl.ts";

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

/** Who drives the cluster's GPUs beside this zone. A list that cannot be read is never an empty one. */
export async function readOtherStacks(
  cluster: Kubectl,
  zone: Zone,
  groups: Promise<readonly string[] | Unread> = readApiGroups(cluster),
): Promise<OtherStack[] | Unread> {
  const [objects, customResources] = await Promise.all([
    readObjects(cluster),
    groups.then((names) => readOperatorKinds(cluster, names)),
  ]);
  if (objects instanceof Unread) return objects;
  if (customResources instanceof Unread) return customResources;
  return otherStacks(zone.name, { ...objects, customResources });
}

/** The end of a run that would put a second GPU stack beside the one that is there. */
export function stackProblems(zone: Zone, found: readonly OtherStack[] | Unread): Problem[] {
  if (!zone.gpu.managed) return [];
  if (found instanceof Unread)
    return [
      {
        ...configPlace(zone, "gpu"),
        code: "GZ311",
        severity: "error",
        message: `wanted to know whether somebody else drives the cluster's GPUs, got ${found.reason}`,
        fix: `kubectl --context ${zone.cluster.context} must be able to list DaemonSets, RuntimeClasses and ClusterPolicies; then run this once more, nothing was changed`,
      },
    ];
  if (found.length === 0) return [];
  return [
    {
      ...configPlace(zone, "gpu.managed"),
      code: "GZ401",
      severity: "error",
      message: `wanted a cluster whose GPUs nobody else drives, got ${found.map(stackInWords).join(", ")}`,
      fix: `either leave the GPUs to it, with gpu-zones:gpu: { managed: false }; or remove it, then run this once more (not yet: zones adopt ${zone.name} --from-operator, which takes it over under running pods)${handOver(zone, found)}`,
    },
  ];
}

/** A RuntimeClass that nobody uses any more is a line of text, and need not be made anew. */
function handOver(zone: Zone, found: readonly OtherStack[]): string {
  return found.every(({ kind }) => kind === "RuntimeClass")
    ? `; one that a removed stack left is handed over by kubectl --context ${zone.cluster.context} label runtimeclass nvidia gpu-zones.dev/zone=${zone.name} and ./zones up ${zone.name}`
    : "";
}

async function readObjects(cluster: Kubectl): Promise<Omit<StackObjects, "customResources"> | Unread> {
  const answer = await kubectl(
    cluster,
    ["get", "daemonsets.apps,runtimeclasses.node.k8s.io", "--all-namespaces", "-o", "json"],
    READ_SECONDS,
  );
  const read = json(answer);
  if (read instanceof Unread) return read;
  const { items } = read as { items: { kind: string }[] };
  const ofKind = <Kind>(kind: string): Kind[] => items.filter((item) => item.kind === kind) as Kind[];
  return {
    daemonSets: ofKind<V1DaemonSet>("DaemonSet"),
    runtimeClasses: ofKind<V1RuntimeClass>("RuntimeClass"),
  };
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
