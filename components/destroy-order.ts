import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { operandNames, type Plan } from "../plan/plan.ts";
import type { PlannedObject } from "../plan/planned-object.ts";
import { isReady } from "../plan/ready.ts";
import { isPodOf } from "../plan/workload.ts";
import { podText } from "./foreign-gpu-pods.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";
import { needs } from "./operands/node-order.ts";
import { GPU_NAMESPACE } from "./operands/operand.ts";

const READ_SECONDS = 10;
const PAUSE_MS = 500;
/** The container toolkit has a minute to put the runtime's configuration back, a driver as long to unload. */
export const PATIENCE_SECONDS = 180;

/**
 * Waits until the pods are gone that need this DaemonSet's on their nodes. The provider does not: it deletes a DaemonSet
 * that says skipAwait and goes on, and the driver would be asked to leave while others hold it (pulumi-kubernetes#3154).
 * @returns pods that are still there when patience ends, as namespace/name on node; a node in the dark keeps nobody
 */
export async function laterPodsGone(
  cluster: Kubectl,
  plan: Plan,
  planned: PlannedObject,
  seconds = PATIENCE_SECONDS,
): Promise<readonly string[]> {
  if (planned.object.kind !== "DaemonSet" || !operandNames(plan).includes(planned.owner)) return [];
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const left = await readLaterPods(cluster, plan, planned.owner);
    if (left?.length === 0 || Date.now() > until) return left ?? [];
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Undefined when the cluster did not answer, which it may the next time. */
async function readLaterPods(
  cluster: Kubectl,
  plan: Plan,
  owner: string,
): Promise<readonly string[] | undefined> {
  const answer = await kubectl(
    cluster,
    ["get", "pods,nodes", "--namespace", GPU_NAMESPACE, "-o", "json"],
    READ_SECONDS,
  );
  if (!answer.ok) return undefined;
  try {
    const { items } = JSON.parse(answer.stdout) as { items: ({ kind?: string } & (V1Pod | V1Node))[] };
    const ofKind = <Kind>(kind: string): Kind[] => items.filter((item) => item.kind === kind) as Kind[];
    return laterPods(plan, owner, ofKind<V1Pod>("Pod"), ofKind<V1Node>("Node"));
  } catch {
    return undefined;
  }
}

/** Pods of operands that need the owner's, on nodes that can still end them. */
export function laterPods(
  plan: Plan,
  owner: string,
  pods: readonly V1Pod[],
  nodes: readonly V1Node[],
): string[] {
  const later = plan.objects.filter(
    (other) =>
      other.object.kind === "DaemonSet" &&
      operandNames(plan).includes(other.owner) &&
      needs(other.owner, owner),
  );
  const ready = new Set(nodes.filter(({ status }) => isReady(status)).map(({ metadata }) => metadata?.name));
  return pods
    .filter(
      ({ metadata, spec }) =>
        ready.has(spec?.nodeName) && later.some(({ object }) => isPodOf(metadata, object)),
    )
    .map(podText);
}
