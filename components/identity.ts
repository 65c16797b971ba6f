import type { Identity, Unreachable } from "../plan/gates/gate.ts";
import { kubectl, type Kubectl } from "./kubectl.ts";

const PROBE_SECONDS = 3;

/** Reads the UID of kube-system: the cluster's identity for its lifetime. Takes 3 s at most. */
export async function readIdentity(cluster: Kubectl): Promise<Identity> {
  const answer = await kubectl(cluster, ["get", "--raw", "/api/v1/namespaces/kube-system"], PROBE_SECONDS);
  if (!answer.ok) return { state: "unreachable", cause: causeOf(answer.message), reason: answer.message };
  const uid = uidOf(answer.stdout);
  return uid === undefined
    ? { state: "unreachable", cause: "dark", reason: "an answer that is no Kubernetes namespace" }
    : { state: "known", uid };
}

function causeOf(message: string): Unreachable {
  if (message.startsWith("a kubeconfig that")) return "kubeconfig";
  if (/^(credentials|no right)/.test(message)) return "credentials";
  return /context .*does not exist|context was not found/i.test(message) ? "context" : "dark";
}

function uidOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { metadata?: { uid?: string } }).metadata?.uid;
  } catch {
    return undefined;
  }
}

/**
 * UID of the simulated cluster that this run is meant for (`GPU_ZONES_SIM_UIDS`, set by `zones sim env`):
 * believed only when the context's API server is on this machine.
 */
export async function simulatedUid(
  cluster: Kubectl,
  zone: string,
  uids: string | undefined,
): Promise<string | undefined> {
  const uid = uids
    ?.split(",")
    .map((pair) => pair.split("="))
    .find(([name]) => name === zone)?.[1];
  if (uid === undefined) return undefined;
  const jsonpath = "jsonpath={.clusters[0].cluster.server}";
  const answer = await kubectl(cluster, ["config", "view", "--minify", "-o", jsonpath], PROBE_SECONDS);
  return answer.ok && isLoopback(answer.stdout.trim()) ? uid : undefined;
}

function isLoopback(server: string): boolean {
  const host = URL.canParse(server) ? new URL(server).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
