import type { V1Pod } from "@kubernetes/client-node";
import { GPU_NAMESPACE } from "./operands/operand.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";
import type { Plan } from "../plan/plan.ts";
import { gpuOf, isPodOf } from "../plan/workload.ts";

const READ_SECONDS = 30;

/**
 * Refuses to take the GPU stack away from under pods that are not the zone's: they would run on without a runtime, and
 * nobody could start them again.
 * @throws an error that names them, or says that nobody could look
 */
export async function refuseForeignGpuPods(cluster: Kubectl, plan: Plan): Promise<void> {
  if (!plan.zone.gpu.managed) return;
  const pods = await readGpuPods(cluster);
  if (typeof pods === "string")
    throw new Error(`wanted to know which pods hold GPUs, got ${pods}: nothing is deleted`);
  const foreign = foreignGpuPods(plan, pods);
  if (foreign.length === 0) return;
  throw new Error(
    `wanted GPUs that only the zone's apps hold, got ${foreign.join(", ")}: nothing is deleted; end or move ${foreign.length === 1 ? "this pod" : "these pods"} first`,
  );
}

/** Every pod that holds a GPU or a part of one; why nobody could look, in words. */
export async function readGpuPods(cluster: Kubectl): Promise<readonly V1Pod[] | string> {
  const answer = await kubectl(cluster, ["get", "pods", "--all-namespaces", "-o", "json"], READ_SECONDS);
  if (!answer.ok) return answer.message;
  try {
    return (JSON.parse(answer.stdout) as { items: V1Pod[] }).items.filter(holdsGpu);
  } catch {
    return "an answer that is cut off";
  }
}

function holdsGpu({ metadata, spec, status }: V1Pod): boolean {
  if (spec?.nodeName === undefined || metadata?.namespace === GPU_NAMESPACE) return false;
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return false;
  return spec.containers.some((container) => gpuOf(container) !== null);
}

/** Of pods that hold GPUs those that belong to no app of the plan, as namespace/name on node. */
export function foreignGpuPods(plan: Plan, pods: readonly V1Pod[]): string[] {
  return pods
    .filter(holdsGpu)
    .filter(({ metadata }) => !plan.objects.some(({ object }) => isPodOf(metadata, object)))
    .map(podText);
}

/** `namespace/name on node`. */
export function podText({ metadata, spec }: V1Pod): string {
  return `${metadata?.namespace ?? ""}/${metadata?.name ?? ""} on ${spec?.nodeName ?? ""}`;
}
