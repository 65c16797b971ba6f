import type { V1DaemonSet, V1Deployment, V1Node, V1Pod } from "@kubernetes/client-node";
import type { Plan } from "../plan/plan.ts";
import { podTemplate, replicasOf } from "../plan/workload.ts";
import type { KubernetesObject } from "../plan/object.ts";

/** What the cluster answered, as far as the status needs it. */
export interface LiveObjects {
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
  readonly daemonSets: readonly V1DaemonSet[];
  readonly deployments: readonly V1Deployment[];
}

export interface NodeStatus {
  readonly node: string;
  readonly pool: string | null;
  /** False for a NotReady node, and for one that a pool names and the cluster does not have (`absent`). */
  readonly ready: boolean;
  readonly absent: boolean;
  readonly product: string | null;
  /** Allocatable `nvidia.com/*` resources that are more than 0. */
  readonly resources: Readonly<Record<string, number>>;
}

export interface OperandStatus {
  readonly operand: string;
  readonly ready: number;
  readonly wanted: number;
}

export interface AppStatus {
  readonly app: string;
  readonly running: number;
  readonly wanted: number;
  /** Node names, each with how many pods run there. */
  readonly where: Readonly<Record<string, number>>;
  /** What a replica takes of a GPU, such as nvidia.com/mig-1g.5gb. */
  readonly gpu: string | null;
  /** Why pods do not run, in the scheduler's or kubelet's words. */
  readonly waiting: readonly string[];
}

export interface ZoneStatus {
  readonly zone: string;
  readonly nodes: readonly NodeStatus[];
  readonly operands: readonly OperandStatus[];
  readonly apps: readonly AppStatus[];
  /** Every app has all its pods running. */
  readonly ready: boolean;
}

/** The zone as it is, beside what its plan wants. A function of the plan and the cluster's answer. */
export function zoneStatus(plan: Plan, live: LiveObjects): ZoneStatus {
  const apps = Object.keys(plan.zone.apps).map((app) => appStatus(plan, app, live));
  return {
    zone: plan.zone.name,
    nodes: nodeStatuses(plan, live.nodes),
    operands: operandStatuses(plan, live),
    apps,
    ready: apps.every(({ running, wanted }) => running >= wanted),
  };
}

function nodeStatuses(plan: Plan, nodes: readonly V1Node[]): NodeStatus[] {
  const there = nodes.map((node): NodeStatus => {
    const labels = node.metadata?.labels ?? {};
    const resources = Object.entries(node.status?.allocatable ?? {})
      .filter(([name, count]) => name.startsWith("nvidia.com/") && Number(count) > 0)
      .map(([name, count]) => [name, Number(count)]);
    return {
      node: node.metadata?.name ?? "",
      pool: labels["gpu-zones.dev/pool"] ?? null,
      ready:
        node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true,
      absent: false,
      product: labels["nvidia.com/gpu.product"] ?? null,
      resources: Object.fromEntries(resources) as Record<string, number>,
    };
  });
  const names = new Set(there.map(({ node }) => node));
  const absent = Object.entries(plan.zone.nodePools).flatMap(([pool, { nodes: named, product }]) =>
    (named ?? [])
      .filter((node) => !names.has(node))
      .map((node): NodeStatus => ({ node, pool, ready: false, absent: true, product, resources: {} })),
  );
  return [...there, ...absent].toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

function operandStatuses(plan: Plan, { daemonSets }: LiveObjects): OperandStatus[] {
  return plan.objects
    .filter(({ owner, object }) => object.kind === "DaemonSet" && !(owner in plan.zone.apps))
    .map(({ owner, object }) => {
      const status = daemonSets.find((each) => sameObject(each, object))?.status;
      return { operand: owner, ready: status?.numberReady ?? 0, wanted: status?.desiredNumberScheduled ?? 0 };
    });
}

function appStatus(plan: Plan, app: string, { pods, deployments }: LiveObjects): AppStatus {
  const workloads = plan.objects.filter(
    ({ owner, object }) => owner === app && podTemplate(object) !== undefined,
  );
  const own = pods.filter((pod) => workloads.some(({ object }) => isPodOf(pod, object)));
  const running = own.filter(isRunning);
  const where: Record<string, number> = {};
  for (const pod of running) {
    const node = pod.spec?.nodeName ?? "";
    where[node] = (where[node] ?? 0) + 1;
  }
  // A Deployment that was scaled by somebody else is judged by what it wants now.
  const wanted = workloads.reduce((sum, { object }) => {
    const scaled = deployments.find((each) => sameObject(each, object))?.spec?.replicas;
    return sum + Math.max(scaled ?? 0, replicasOf(object));
  }, 0);
  return { app, running: running.length, wanted, where, gpu: gpuResource(workloads), waiting: reasons(own) };
}

function gpuResource(workloads: Plan["objects"]): string | null {
  const limits = workloads
    .flatMap(({ object }) => podTemplate(object)?.spec?.containers ?? [])
    .flatMap(({ resources }) => Object.keys(resources?.limits ?? {}));
  return limits.find((name) => name.startsWith("nvidia.com/")) ?? null;
}

function isRunning(pod: V1Pod): boolean {
  const ready =
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
  return ready && pod.metadata?.deletionTimestamp === undefined;
}

function isPodOf(pod: V1Pod, workload: KubernetesObject): boolean {
  if (pod.metadata?.namespace !== workload.metadata.namespace) return false;
  const wanted = podTemplate(workload)?.metadata?.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => pod.metadata?.labels?.[key] === value);
}

function reasons(pods: readonly V1Pod[]): string[] {
  const messages = pods
    .filter((pod) => !isRunning(pod) && pod.metadata?.deletionTimestamp === undefined)
    .flatMap((pod) => {
      const scheduled = pod.status?.conditions?.find(
        ({ type, status }) => type === "PodScheduled" && status === "False",
      );
      const container = pod.status?.containerStatuses
        ?.map(({ state }) => state?.waiting?.reason)
        .find(Boolean);
      return [scheduled?.message ?? container ?? pod.status?.phase ?? "not there yet"];
    });
  return [...new Set(messages)];
}

function sameObject(
  live: { metadata?: { name?: string; namespace?: string } },
  wanted: KubernetesObject,
): boolean {
  return (
    live.metadata?.name === wanted.metadata.name && live.metadata.namespace === wanted.metadata.namespace
  );
}
