import type { V1ControllerRevision, V1Node, V1Pod, V1PodDisruptionBudget } from "@kubernetes/client-node";
import { isReady } from "../ready.ts";

type Labels = Readonly<Record<string, string>>;

/** A node as far as a rollout looks at it. */
export interface SeenNode {
  readonly name: string;
  /** The version that was read: a write that is based on it fails when the node has changed since. */
  readonly version: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  readonly allocatable: Labels;
}

/** A pod as far as a rollout looks at it. */
export interface SeenPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly labels: Labels;
  /** RFC 3339, in seconds: texts compare as times do. */
  readonly created: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** Succeeded or Failed: it holds nothing any more. */
  readonly finished: boolean;
  /** It was given something of `nvidia.com`. */
  readonly holdsGpu: boolean;
  /** Who makes it anew when it goes; undefined: nobody. */
  readonly controller: { readonly kind: string; readonly name: string } | undefined;
  readonly nodeSelector: Labels;
  /** `DRIVER_CONFIG_DIGEST`: pods of the same one load the same driver; undefined: it is no driver. */
  readonly digest: string | undefined;
}

/** A PodDisruptionBudget. */
export interface SeenBudget {
  readonly namespace: string;
  readonly name: string;
  readonly selects: (labels: Labels) => boolean;
  readonly allowed: number;
}

/** The newest revision of a DaemonSet. */
export interface Revision {
  /** Its `controller-revision-hash`. */
  readonly hash: string;
  /** `DRIVER_CONFIG_DIGEST` of its pods; undefined: they are no drivers. */
  readonly digest: string | undefined;
}

/** Newest revision of each DaemonSet of the operands, by name. */
export type Revisions = Readonly<Record<string, Revision>>;

export function seenNode({ metadata, spec, status }: V1Node): SeenNode {
  return {
    name: metadata?.name ?? "",
    version: metadata?.resourceVersion ?? "",
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    ready: isReady(status),
    unschedulable: spec?.unschedulable === true,
    allocatable: status?.allocatable ?? {},
  };
}

export function seenPod({ metadata, spec, status }: V1Pod): SeenPod {
  const controller = metadata?.ownerReferences?.find((owner) => owner.controller === true);
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    uid: metadata?.uid ?? "",
    node: spec?.nodeName ?? "",
    labels: metadata?.labels ?? {},
    created: metadata?.creationTimestamp ? new Date(metadata.creationTimestamp).toISOString() : "",
    ready: isReady(status),
    deleting: metadata?.deletionTimestamp !== undefined,
    finished: status?.phase === "Succeeded" || status?.phase === "Failed",
    holdsGpu: holdsGpu(spec),
    controller: controller && { kind: controller.kind, name: controller.name },
    nodeSelector: spec?.nodeSelector ?? {},
    digest: driverDigest(spec),
  };
}

/** @param namespace of the DaemonSets that are meant */
export function newestRevisions(all: readonly V1ControllerRevision[], namespace: string): Revisions {
  const newest = new Map<string, V1ControllerRevision>();
  for (const revision of all) {
    const owner = revision.metadata?.ownerReferences?.find(({ kind }) => kind === "DaemonSet");
    if (owner === undefined || revision.metadata?.namespace !== namespace) continue;
    if ((newest.get(owner.name)?.revision ?? -1) < revision.revision) newest.set(owner.name, revision);
  }
  return Object.fromEntries(
    [...newest].map(([name, { metadata, data }]) => [
      name,
      {
        hash: metadata?.labels?.["controller-revision-hash"] ?? "",
        digest: driverDigest((data as RevisionData | undefined)?.spec?.template?.spec),
      },
    ]),
  );
}

export function seenBudget({ metadata, spec, status }: V1PodDisruptionBudget): SeenBudget {
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    allowed: status?.disruptionsAllowed ?? 0,
    // A budget without a selector chooses no pod; an empty one chooses all.
    selects: (labels) =>
      spec?.selector !== undefined &&
      Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
      matchExpressions.every(({ key, operator, values = [] }) => matches(labels[key], operator, values)),
  };
}

function matches(value: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

/** What a DaemonSet's revision keeps: its pod template, as a patch. */
interface RevisionData {
  readonly spec?: { readonly template?: { readonly spec?: V1Pod["spec"] } };
}

function driverDigest(spec: V1Pod["spec"]): string | undefined {
  return spec?.containers.flatMap(({ env }) => env ?? []).find(({ name }) => name === "DRIVER_CONFIG_DIGEST")
    ?.value;
}

function holdsGpu(spec: V1Pod["spec"]): boolean {
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
    .flatMap(({ resources }) => Object.keys({ ...resources?.limits, ...resources?.requests }))
    .some((resource) => resource.startsWith("nvidia.com/"));
}
