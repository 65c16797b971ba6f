import type {
  V1ControllerRevision,
  V1DaemonSet,
  V1Node,
  V1Pod,
  V1PodDisruptionBudget,
} from "@kubernetes/client-node";
import { kubectl, type Kubectl, type KubectlAnswer } from "../components/kubectl.ts";
import type { KubernetesObject } from "../plan/object.ts";
import type { World } from "../plan/rollout/machine.ts";
import { OPERANDS } from "../plan/rollout/names.ts";
import { newestRevisions, seenBudget, seenNode, seenPod } from "../plan/rollout/seen.ts";
import type { Action } from "../plan/rollout/step.ts";

const READ_SECONDS = 30;
const WRITE_SECONDS = 15;

/** The cluster as a rollout sees it. */
export interface Seen {
  readonly world: World;
  /** The zone's DaemonSets, for those that nobody needs any more. */
  readonly daemonSets: readonly KubernetesObject[];
}

/** Reads all that the next step is decided from; undefined, with kubectl's words, when the cluster does not show it. */
export async function observe(cluster: Kubectl): Promise<Seen | { readonly message: string }> {
  const kinds = "nodes,pods,poddisruptionbudgets,daemonsets,controllerrevisions";
  const answer = await kubectl(cluster, ["get", kinds, "--all-namespaces", "-o", "json"], READ_SECONDS);
  if (!answer.ok) return { message: answer.message };
  try {
    const { items } = JSON.parse(answer.stdout) as { items: { kind: string }[] };
    const ofKind = <Kind>(kind: string): Kind[] => items.filter((item) => item.kind === kind) as Kind[];
    return {
      world: {
        nodes: ofKind<V1Node>("Node").map(seenNode),
        pods: ofKind<V1Pod>("Pod").map(seenPod),
        budgets: ofKind<V1PodDisruptionBudget>("PodDisruptionBudget").map(seenBudget),
        revisions: newestRevisions(ofKind<V1ControllerRevision>("ControllerRevision"), OPERANDS),
      },
      daemonSets: ofKind<V1DaemonSet>("DaemonSet") as unknown as KubernetesObject[],
    };
  } catch {
    return { message: "an answer that is cut off" };
  }
}

/** Makes one request. A node that changed meanwhile, a budget that lets nobody go: the next look decides anew. */
export async function perform(cluster: Kubectl, action: Action): Promise<KubectlAnswer> {
  if (action.do === "patch") {
    const { labels, annotations, unschedulable } = action.patch;
    const patch = {
      metadata: { resourceVersion: action.version, labels, annotations },
      ...(unschedulable === undefined ? {} : { spec: { unschedulable } }),
    };
    return kubectl(
      cluster,
      ["patch", "node", action.node, "--type=merge", `--patch=${JSON.stringify(patch)}`],
      WRITE_SECONDS,
    );
  }
  const { namespace, name, uid } = action.pod;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  // A pod of the same name that came after it is another one.
  const preconditions = { uid };
  if (action.do === "delete") {
    const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions };
    return kubectl(cluster, ["delete", "--raw", path, "-f", "-"], WRITE_SECONDS, JSON.stringify(options));
  }
  const eviction = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace },
    deleteOptions: { preconditions },
  };
  return kubectl(
    cluster,
    ["create", "--raw", `${path}/eviction`, "-f", "-"],
    WRITE_SECONDS,
    JSON.stringify(eviction),
  );
}
