import type {
  V1ControllerRevision,
  V1DaemonSet,
  V1Deployment,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { begunRollout, type BegunRollout } from "../components/begun-rollouts.ts";
import { GPU_NAMESPACE } from "../components/operands/operand.ts";
import { owingNodes } from "../components/owing.ts";
import { operandNames, type Plan } from "../plan/plan.ts";
import { poolOf } from "../plan/preflight/pool-of.ts";
import { isReady } from "../plan/ready.ts";
import type { Debt, OwingNode } from "../plan/rollout/owed.ts";
import { newestRevisions, seenNode, seenPod } from "../plan/rollout/seen.ts";
import { podTemplate, replicasOf } from "../plan/workload.ts";
import type { KubernetesObject } from "../plan/object.ts";
import { nodeStep } from "./node-step.ts";

/** A Deployment and its newest ReplicaSet carry the same number. */
const REVISION = "deployment.kubernetes.io/revision";

/** What the cluster answered, as far as the status needs it. */
export interface LiveObjects {
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
  readonly daemonSets: readonly V1DaemonSet[];
  readonly deployments: readonly V1Deployment[];
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly statefulSets: readonly V1StatefulSet[];
  readonly controllerRevisions: readonly V1ControllerRevision[];
}

export interface NodeStatus {
  readonly node: string;
  readonly pool: string | null;
  /** False for a NotReady node, and for one that a pool names and the cluster does not have (`absent`). */
  readonly ready: boolean;
  readonly absent: boolean;
  /** No new pod comes to it. */
  readonly cordoned: boolean;
  /** The first thing that a ready node of a pool lacks on the way to its GPUs, in words; null: nothing. */
  readonly step: string | null;
  readonly product: string | null;
  /** Allocatable `nvidia.com/*` resources that are more than 0. */
  readonly resources: Readonly<Record<string, number>>;
  /** What a rollout is to bring it. */
  readonly owes: readonly Debt[];
  /** What a rollout is at work on there, or has left; null: nothing. */
  readonly rollout: BegunRollout | null;
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
  /** Every app has all its pods running, in the revision that was applied last. */
  readonly ready: boolean;
}

/** The zone as it is, beside what its plan wants. A function of the plan and the cluster's answer. */
export function zoneStatus(plan: Plan, live: LiveObjects): ZoneStatus {
  const apps = Object.keys(plan.zone.apps).map((app) => appStatus(plan, app, live));
  return {
    zone: plan.zone.name,
    nodes: nodeStatuses(plan, live),
    operands: operandStatuses(plan, live),
    apps,
    ready: apps.every(({ running, wanted }) => running >= wanted),
  };
}

/** Nodes that owe a change, by the same rule as for the update and the rollout. */
function owing({ zone }: Plan, { nodes, pods, controllerRevisions }: LiveObjects): OwingNode[] {
  const revisions = newestRevisions(controllerRevisions, GPU_NAMESPACE);
  return owingNodes(zone, { nodes: nodes.map(seenNode), pods: pods.map(seenPod), revisions });
}

function nodeStatuses(plan: Plan, live: LiveObjects): NodeStatus[] {
  const { nodes } = live;
  const debts = new Map(owing(plan, live).map(({ node, owes }) => [node, owes]));
  const there = nodes.map((node): NodeStatus => {
    const labels = node.metadata?.labels ?? {};
    const resources = Object.entries(node.status?.allocatable ?? {})
      .filter(([name, count]) => name.startsWith("nvidia.com/") && Number(count) > 0)
      .map(([name, count]) => [name, Number(count)]);
    return {
      node: node.metadata?.name ?? "",
      pool: labels["gpu-zones.dev/pool"] ?? null,
      ready: isReady(node.status),
      absent: false,
      cordoned: node.spec?.unschedulable === true,
      step: stepOf(plan, live, node),
      product: labels["nvidia.com/gpu.product"] ?? null,
      resources: Object.fromEntries(resources) as Record<string, number>,
      owes: debts.get(node.metadata?.name ?? "") ?? [],
      rollout: begunRollout(seenNode(node)) ?? null,
    };
  });
  const names = new Set(there.map(({ node }) => node));
  const absent = Object.entries(plan.zone.nodePools).flatMap(([pool, { nodes: named, product }]) =>
    (named ?? [])
      .filter((node) => !names.has(node))
      .map((node): NodeStatus => ({
        node,
        pool,
        ready: false,
        absent: true,
        cordoned: false,
        step: null,
        product,
        resources: {},
        owes: [],
        rollout: null,
      })),
  );
  return [...there, ...absent].toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

/** A node that is dark, or of no pool, waits for nothing of ours. */
function stepOf({ zone, objects }: Plan, { pods }: LiveObjects, node: V1Node): string | null {
  const { name = "", labels = {} } = node.metadata ?? {};
  const templates = objects
    .filter(({ object }) => object.kind === "DaemonSet" && object.metadata.namespace === GPU_NAMESPACE)
    .map(({ object }) => podTemplate(object)?.metadata?.labels ?? {});
  const ours = isReady(node.status) && poolOf(zone, name, labels) !== undefined;
  return ours && templates.length > 0 ? nodeStep(node, pods, templates) : null;
}

/** One row an operand, whatever it consists of; the old driver counts as one, while nodes still run it. */
function operandStatuses(plan: Plan, { daemonSets, deployments }: LiveObjects): OperandStatus[] {
  return operandNames(plan).flatMap((operand) => {
    const workloads = plan.objects.filter(({ owner, object }) => owner === operand && isWorkload(object));
    if (workloads.length === 0) return [];
    const sets = daemonSets.filter(
      ({ metadata }) =>
        metadata?.namespace === GPU_NAMESPACE && metadata.labels?.["gpu-zones.dev/owner"] === operand,
    );
    const counts = [
      ...sets.map(({ status }) => [status?.numberReady, status?.desiredNumberScheduled]),
      ...workloads.flatMap(({ object }) => {
        if (object.kind !== "Deployment") return [];
        const live = deployments.find((each) => sameObject(each, object));
        return [[live?.status?.readyReplicas, replicasOf(object)]];
      }),
    ];
    const sum = (at: 0 | 1): number => counts.reduce((total, count) => total + (count[at] ?? 0), 0);
    return [{ operand, ready: sum(0), wanted: sum(1) }];
  });
}

function isWorkload({ kind }: KubernetesObject): boolean {
  return kind === "DaemonSet" || kind === "Deployment";
}

function appStatus(plan: Plan, app: string, live: LiveObjects): AppStatus {
  const { pods, deployments } = live;
  const workloads = plan.objects.filter(
    ({ owner, object }) => owner === app && podTemplate(object) !== undefined,
  );
  const current = workloads.map(({ object }) => ({ object, isCurrent: currentRevision(object, live) }));
  const own = pods.filter((pod) =>
    current.some(({ object, isCurrent }) => isPodOf(pod, object) && isCurrent(pod)),
  );
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
  return isReady(pod.status) && pod.metadata?.deletionTimestamp === undefined;
}

function isPodOf(pod: V1Pod, workload: KubernetesObject): boolean {
  if (pod.metadata?.namespace !== workload.metadata.namespace) return false;
  const wanted = podTemplate(workload)?.metadata?.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => pod.metadata?.labels?.[key] === value);
}

/**
 * Whether a pod is of the workload as it was applied last: one of the revision before runs, and goes. Nobody tells
 * the revisions of a Job's pods apart, nor of a workload that the cluster does not show.
 */
function currentRevision(wanted: KubernetesObject, live: LiveObjects): (pod: V1Pod) => boolean {
  const ours = <Kind extends { kind?: string; metadata?: V1Deployment["metadata"] }>(
    kind: string,
    all: readonly Kind[],
  ): Kind | undefined => (wanted.kind === kind ? all.find((each) => sameObject(each, wanted)) : undefined);
  const deployment = ours("Deployment", live.deployments);
  const statefulSet = ours("StatefulSet", live.statefulSets);
  const set = deployment ?? statefulSet;
  if (set === undefined) return () => true;
  // Its controller has not looked at what was applied: every pod is still of an older one.
  if ((set.status?.observedGeneration ?? 0) < (set.metadata?.generation ?? 0)) return () => false;
  if (statefulSet !== undefined) {
    const revision = statefulSet.status?.updateRevision;
    return ({ metadata }) => metadata?.labels?.["controller-revision-hash"] === revision;
  }
  const revision = deployment?.metadata?.annotations?.[REVISION];
  const names = new Set(
    live.replicaSets
      .filter(({ metadata }) => metadata?.annotations?.[REVISION] === revision)
      .filter(({ metadata }) =>
        metadata?.ownerReferences?.some(({ uid }) => uid === deployment?.metadata?.uid),
      )
      .map(({ metadata }) => metadata?.name),
  );
  return ({ metadata }) => metadata?.ownerReferences?.some(({ name }) => names.has(name)) === true;
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

function sameObject(live: { readonly metadata?: V1Node["metadata"] }, wanted: KubernetesObject): boolean {
  return (
    live.metadata?.name === wanted.metadata.name && live.metadata.namespace === wanted.metadata.namespace
  );
}
