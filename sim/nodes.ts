import { BOOT, NODE_DIGEST, POWER } from "./annotations.ts";
import { ApiError, type ApiServer } from "./api-server.ts";
import type { NodeManifest } from "./node-manifest.ts";

const NODES = "/api/v1/nodes";
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

/** Registers nodes; one that exists is left as it is. */
export async function createNodes(api: ApiServer, nodes: readonly NodeManifest[]): Promise<void> {
  await Promise.all(
    nodes.map(async (node) => {
      try {
        await api.create(NODES, node);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 409)) throw error;
      }
    }),
  );
}

/** Takes a node away, as when its machine is gone; its pods go with it. */
export async function deleteNode(api: ApiServer, name: string): Promise<void> {
  await api.delete(`${NODES}/${name}`);
}

/** Cuts a node's power, or gives it back: the simulator does the rest. */
export async function switchPower(api: ApiServer, name: string, power: "on" | "off"): Promise<void> {
  const annotations = { [POWER]: power === "off" ? power : null };
  await api.patch(`${NODES}/${name}`, { metadata: { annotations } });
}

/** Tells the simulator that all the machines have been off. @param boot what to call the boot */
export async function rebootNodes(api: ApiServer, boot: string): Promise<void> {
  const names = (await listNodes(api)).map((node) => node.metadata.name);
  const body = { metadata: { annotations: { [BOOT]: boot } } };
  await Promise.all(names.map((name) => api.patch(`${NODES}/${name}`, body)));
}

/**
 * Makes the cluster's nodes those that are declared: missing ones are created, others deleted; one that is
 * declared differently than when it was made is made anew, as a machine that was exchanged.
 * @returns what was done, one line a node
 */
export async function reconcileNodes(api: ApiServer, wanted: readonly NodeManifest[]): Promise<string[]> {
  const names = new Map(wanted.map((node) => [node.metadata.name, node]));
  const existing = (await listNodes(api)).map((node) => ({
    name: node.metadata.name,
    same:
      node.metadata.annotations?.[NODE_DIGEST] ===
      names.get(node.metadata.name)?.metadata.annotations[NODE_DIGEST],
  }));
  const gone = existing.filter((node) => !names.has(node.name));
  const changed = existing.filter((node) => names.has(node.name) && !node.same);
  const kept = new Set(existing.filter((node) => node.same).map((node) => node.name));
  await Promise.all([...gone, ...changed].map((node) => deleteNode(api, node.name)));
  const created = wanted.filter((node) => !kept.has(node.metadata.name));
  await createNodes(api, created);
  const exchanged = new Set(changed.map((node) => node.name));
  return [
    ...gone.map((node) => `node ${node.name} removed`),
    ...created.map(({ metadata: { name } }) => `node ${name} ${exchanged.has(name) ? "exchanged" : "added"}`),
  ];
}

/** @throws when a node is not Ready within 30 s */
export async function waitForNodes(
  api: ApiServer,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const end = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const ready = new Set((await listNodes(api)).filter(isReady).map((node) => node.metadata.name));
    const waiting = names.filter((name) => !ready.has(name));
    if (waiting.length === 0) return;
    if (Date.now() > end)
      throw new Error(`nodes not Ready within ${READY_TIMEOUT_MS / 1000} s: ${waiting.join(", ")}`);
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

interface LiveNode {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function listNodes(api: ApiServer): Promise<readonly LiveNode[]> {
  return (await api.get<{ items: readonly LiveNode[] }>(NODES)).items;
}

function isReady(node: LiveNode): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}
