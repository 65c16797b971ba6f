import type { V1Pod } from "@kubernetes/client-node";
import { GPU_NAMESPACE } from "./operands/operand.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";
import type { Plan } from "../plan/plan.ts";
import { gpuOf, podTemplate } from "../plan/workload.ts";

const READ_SECONDS = 30;

/**
 * Refuses to take the GPU stack away from under pods that are not the zone's: they would run on without a runtime, and
 * nobody could start them again.
 * @throws an error that names them, or says that nobody could look
 */
export async function refuseForeignGpuPods(cluster: Kubectl, plan: Plan): Promise<void> {
  if (!plan.zone.gpu.managed) return;
  const answer = await kubectl(cluster, ["get", "pods", "--all-namespaces", "-o", "json"], READ_SECONDS);
  const pods = answer.ok ? parsed(answer.stdout) : undefined;
  if (pods === undefined)
    throw new Error(
      `wanted to know which pods hold GPUs, got ${answer.ok ? "an answer that is cut off" : answer.message}: nothing is deleted`,
    );
  const foreign = foreignGpuPods(plan, pods);
  if (foreign.length === 0) return;
  throw new Error(
    `wanted GPUs that only the zone's apps hold, got ${foreign.join(", ")}: nothing is deleted; end or move ${foreign.length === 1 ? "this pod" : "these pods"} first`,
  );
}

/** Pods that hold a GPU or a part of one and belong to no app of the plan, as namespace/name on node. */
export function foreignGpuPods(plan: Plan, pods: readonly V1Pod[]): string[] {
  return pods
    .filter(({ metadata, spec, status }) => {
      if (spec?.nodeName === undefined || metadata?.namespace === GPU_NAMESPACE) return false;
      if (status?.phase === "Succeeded" || status?.phase === "Failed") return false;
      return spec.containers.some((container) => gpuOf(container) !== null);
    })
    .filter((pod) => !plan.objects.some(({ object }) => isPodOf(pod, object)))
    .map(
      ({ metadata, spec }) =>
        `${metadata?.namespace ?? ""}/${metadata?.name ?? ""} on ${spec?.nodeName ?? ""}`,
    );
}

/** By the selector, which never changes: pods of an older revision are the app's too. */
function isPodOf({ metadata }: V1Pod, workload: Plan["objects"][number]["object"]): boolean {
  const template = podTemplate(workload);
  if (template === undefined || metadata?.namespace !== workload.metadata.namespace) return false;
  const { selector } = (workload["spec"] ?? {}) as { selector?: { matchLabels?: Record<string, string> } };
  const wanted = Object.entries(selector?.matchLabels ?? template.metadata?.labels ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => metadata?.labels?.[key] === value);
}

function parsed(stdout: string): V1Pod[] | undefined {
  try {
    return (JSON.parse(stdout) as { items: V1Pod[] }).items;
  } catch {
    return undefined;
  }
}
