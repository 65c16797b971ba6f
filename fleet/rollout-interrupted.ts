import type { V1Node } from "@kubernetes/client-node";
import { begunRollout } from "../components/begun-rollouts.ts";
import { kubectl, type Kubectl } from "../components/kubectl.ts";
import { loadZone } from "../plan/config/load.ts";
import { seenNode } from "../plan/rollout/seen.ts";
import { findTool } from "../tools/find.ts";
import type { Surroundings } from "./surroundings.ts";

/** Somebody who presses Ctrl-C does not wait longer. */
const READ_SECONDS = 5;

/** Says which nodes an interrupted rollout leaves cordoned: they are nobody's until the next one. */
export async function tellInterruptedRollout(surroundings: Surroundings, name: string): Promise<void> {
  const { zone } = await loadZone(surroundings.repository, name);
  if (zone === undefined) return;
  // The rollout had found it already; one that would have to be fetched first has begun nothing.
  const signal = AbortSignal.timeout(READ_SECONDS * 1000);
  const tool = await findTool("kubectl", { log: () => undefined, signal }).catch(() => undefined);
  const { context, kubeconfig } = zone.cluster;
  surroundings.err(
    tool === undefined
      ? unasked(name, "kubectl is not there")
      : // Without the signal of the surroundings: it is what ended the rollout.
        await leftBehind({ path: tool.path, context, kubeconfig, env: surroundings.env }, name),
  );
}

/** One line about the nodes that a rollout has begun in the cluster. */
export async function leftBehind(cluster: Kubectl, zone: string): Promise<string> {
  const answer = await kubectl(cluster, ["get", "nodes", "-o", "json"], READ_SECONDS);
  const nodes = answer.ok ? parsed(answer.stdout) : undefined;
  if (nodes === undefined) return unasked(zone, answer.ok ? "an answer that is cut off" : answer.message);
  const begun = nodes
    .map(seenNode)
    .filter((node) => begunRollout(node) !== undefined)
    .map((node) => node.name)
    .toSorted();
  return begun.length === 0
    ? `${zone}: no node is left cordoned by a rollout`
    : `${zone}: left cordoned: ${begun.join(", ")}; ./zones rollout ${zone} goes on`;
}

function unasked(zone: string, why: string): string {
  return `${zone}: nobody could ask which nodes are left cordoned (${why}): ./zones status ${zone} shows them, ./zones rollout ${zone} goes on`;
}

function parsed(text: string): V1Node[] | undefined {
  try {
    return (JSON.parse(text) as { items: V1Node[] }).items;
  } catch {
    return undefined;
  }
}
