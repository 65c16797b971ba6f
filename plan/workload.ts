import type { V1Container, V1ObjectMeta, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { KubernetesObject } from "./object.ts";
import { quantityValue } from "./quantity.ts";

/** Kinds that run pods. */
export const WORKLOAD_KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"] as const;

/** The pod template of a workload; undefined for every other object. */
export function podTemplate(object: KubernetesObject): V1PodTemplateSpec | undefined {
  if (!(WORKLOAD_KINDS as readonly string[]).includes(object.kind)) return undefined;
  const spec = object["spec"] as
    | { template?: V1PodTemplateSpec; jobTemplate?: { spec?: { template?: V1PodTemplateSpec } } }
    | null
    | undefined;
  return object.kind === "CronJob" ? spec?.jobTemplate?.spec?.template : spec?.template;
}

/** Whether a pod is the workload's: by its selector, which never changes, so that pods of an older revision are too. */
export function isPodOf(metadata: V1ObjectMeta | undefined, workload: KubernetesObject): boolean {
  const template = podTemplate(workload);
  if (template === undefined || metadata?.namespace !== workload.metadata.namespace) return false;
  const { selector } = (workload["spec"] ?? {}) as { selector?: { matchLabels?: Record<string, string> } };
  const wanted = Object.entries(selector?.matchLabels ?? template.metadata?.labels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => metadata?.labels?.[key] === value);
}

/** Pods that the workload wants: 1 where a kind has no number of its own. */
export function replicasOf(object: KubernetesObject): number {
  const spec = object["spec"] as { replicas?: number; parallelism?: number } | undefined;
  return spec?.replicas ?? spec?.parallelism ?? 1;
}

/** What a container takes of NVIDIA's resources: `nvidia.com/gpu` or `nvidia.com/mig-…`, and how many. */
export function gpuOf(container: V1Container): { resource: string; count: number } | null {
  const limits = container.resources?.limits ?? {};
  const resource = Object.keys(limits).find((name) => name.startsWith("nvidia.com/"));
  return resource === undefined ? null : { resource, count: quantityValue(limits[resource] ?? 0) ?? 0 };
}
