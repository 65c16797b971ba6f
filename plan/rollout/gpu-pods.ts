import { CLIENT, OPERANDS } from "./names.ts";
import type { Options } from "./options.ts";
import type { SeenBudget, SeenPod } from "./seen.ts";

/** Pods of other people that hold GPUs of the node, those left out that make way for the change by themselves. */
export function gpuPods(node: string, pods: readonly SeenPod[]): SeenPod[] {
  return pods.filter(
    (pod) =>
      pod.node === node &&
      pod.holdsGpu &&
      !pod.finished &&
      pod.namespace !== OPERANDS &&
      !(isOfDaemonSet(pod) && CLIENT in pod.nodeSelector),
  );
}

/** Why nothing may be begun under these pods; undefined when it may. */
export function refused(
  pods: readonly SeenPod[],
  { drain, force }: Pick<Options, "drain" | "force">,
): string | undefined {
  const staying = pods.filter(({ deleting }) => !deleting);
  const named = (some: readonly SeenPod[]): string =>
    some.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
  const back = staying.filter(isOfDaemonSet);
  if (back.length > 0)
    return `${back.length === 1 ? "its DaemonSet" : "their DaemonSets"} would start ${named(back)} again at once: take ${back.length === 1 ? "it" : "them"} off the node, or have ${back.length === 1 ? "it" : "them"} make way by the node selector ${CLIENT}`;
  const lost = staying.filter(({ controller }) => controller === undefined || controller.kind === "Node");
  if (staying.length > 0 && !drain)
    return `GPUs are held by ${named(staying)}: --drain evicts ${staying.length === 1 ? "it" : "them"}`;
  return lost.length === 0 || force
    ? undefined
    : `nobody would start ${named(lost)} again: delete ${lost.length === 1 ? "it" : "them"} first`;
}

/** The pod, and what keeps it from going. */
export function describe(pod: SeenPod, budgets: readonly SeenBudget[]): string {
  const name = `${pod.namespace}/${pod.name}`;
  if (pod.deleting) return `${name} (it is ending)`;
  const holding = budgets.filter(
    (budget) => budget.namespace === pod.namespace && budget.allowed === 0 && budget.selects(pod.labels),
  );
  return holding.length === 0
    ? name
    : `${name} (PodDisruptionBudget ${holding.map((budget) => budget.name).join(", ")} lets none go)`;
}

function isOfDaemonSet({ controller }: SeenPod): boolean {
  return controller?.kind === "DaemonSet";
}
