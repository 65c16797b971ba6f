import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";

const READ_SECONDS = 10;

/** A node as far as a run looks at it. */
export interface LiveNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Reads the cluster's nodes; a list that cannot be read is a problem, and never an empty one. */
export async function readNodes(cluster: Kubectl, zone: Zone): Promise<LiveNode[] | Problem> {
  const answer = await kubectl(cluster, ["get", "nodes", "-o", "json"], READ_SECONDS);
  const nodes = answer.ok ? parsed(answer.stdout) : undefined;
  return (
    nodes ?? {
      ...configPlace(zone, "nodePools"),
      code: "GZ311" as const,
      severity: "warning" as const,
      message: `wanted the list of nodes, got ${answer.ok ? "an answer that is cut off" : answer.message}: nobody looked at the nodes of the pools`,
      fix: `kubectl --context ${zone.cluster.context} get nodes must work; the next run looks again`,
    }
  );
}

function parsed(text: string): LiveNode[] | undefined {
  try {
    const { items } = JSON.parse(text) as {
      items: { metadata: { name: string; labels?: Record<string, string> } }[];
    };
    return items.map(({ metadata: { name, labels = {} } }) => ({ name, labels }));
  } catch {
    return undefined;
  }
}
