import type { V1ControllerRevision, V1Node, V1Pod } from "@kubernetes/client-node";
import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import {
  newestRevisions,
  seenNode,
  seenPod,
  type Revisions,
  type SeenNode,
  type SeenPod,
} from "../plan/rollout/seen.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";
import { GPU_NAMESPACE } from "./operands/operand.ts";

const READ_SECONDS = 10;

/** What a run looks at: the nodes, the operands' pods, and which of those are of an old revision. */
export interface Live {
  readonly nodes: readonly SeenNode[];
  readonly pods: readonly SeenPod[];
  readonly revisions: Revisions;
}

/** Reads what runs on the cluster's nodes; a list that cannot be read is a problem, and never an empty one. */
export async function readLive(cluster: Kubectl, zone: Zone): Promise<Live | Problem> {
  const kinds = zone.gpu.managed ? "nodes,pods,controllerrevisions.apps" : "nodes";
  const answer = await kubectl(
    cluster,
    ["get", kinds, "--namespace", GPU_NAMESPACE, "-o", "json"],
    READ_SECONDS,
  );
  const live = answer.ok ? parsed(answer.stdout) : undefined;
  return (
    live ?? {
      ...configPlace(zone, "nodePools"),
      code: "GZ311" as const,
      severity: "warning" as const,
      message: `wanted the list of nodes, got ${answer.ok ? "an answer that is cut off" : answer.message}: nobody looked at the nodes of the pools`,
      fix: `kubectl --context ${zone.cluster.context} get ${kinds} --namespace ${GPU_NAMESPACE} must work; the next run looks again`,
    }
  );
}

/** True when the cluster did not show its nodes. */
export function isProblem(live: Live | Problem): live is Problem {
  return "code" in live;
}

function parsed(text: string): Live | undefined {
  try {
    const { items } = JSON.parse(text) as { items: { kind?: string }[] };
    const ofKind = <Kind>(kind: string): Kind[] => items.filter((item) => item.kind === kind) as Kind[];
    return {
      nodes: ofKind<V1Node>("Node").map(seenNode),
      pods: ofKind<V1Pod>("Pod").map(seenPod),
      revisions: newestRevisions(ofKind<V1ControllerRevision>("ControllerRevision"), GPU_NAMESPACE),
    };
  } catch {
    return undefined;
  }
}
