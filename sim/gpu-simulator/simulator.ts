import { CoreV1Api, PatchStrategy, setHeaderOptions, KubeConfig, type V1Node } from "@kubernetes/client-node";
import { OPERANDS } from "../kwok-stages.ts";
import { ClusterWatch } from "./cluster-watch.ts";
import { actingAs, LABELLER, type LabellerPod } from "./labeller-pod.ts";
import { nextNode } from "./next-node.ts";
import type { Down, GpuNode, NextNode, PodAction } from "./node-draft.ts";
import { nodePatch } from "./node-patch.ts";
import { NodeWriter } from "./node-writer.ts";
import { podStatus } from "./pod-progress.ts";

/** Changes that come in a burst are worked off together. */
const GATHER_MS = 20;
const RETRY_MS = 1000;
const STRATEGIC_PATCH = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);

/** A pod whose status was written, in the version that has it. */
interface WrittenPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly version: string;
}

/** Plays the GPU components on every node of one zone. */
export class Simulator {
  readonly #watch: ClusterWatch;
  readonly #config: KubeConfig;
  readonly #api: CoreV1Api;
  readonly #labeller: LabellerPod;
  readonly #log: (line: string) => void;
  readonly #waiting = new Set<string>();
  readonly #complaints = new Map<string, string>();
  readonly #written = new Map<string, WrittenPod>();
  #timer: NodeJS.Timeout | undefined;
  #working = true;

  constructor(config: KubeConfig, labeller: LabellerPod, log: (line: string) => void) {
    this.#labeller = labeller;
    this.#config = config;
    this.#api = config.makeApiClient(CoreV1Api);
    this.#log = log;
    this.#watch = new ClusterWatch(config, (nodes) => {
      this.#enqueue(nodes);
    });
  }

  async start(): Promise<void> {
    await this.#watch.start();
    // What is not read yet is not there: nobody may act on that.
    this.#working = false;
    this.#enqueue([]);
    this.#log("watching");
  }

  #enqueue(nodes: Iterable<string>, delay = GATHER_MS): void {
    for (const node of nodes) this.#waiting.add(node);
    if (this.#working || this.#waiting.size === 0) return;
    this.#timer ??= setTimeout(() => void this.#work(), delay);
  }

  async #work(): Promise<void> {
    this.#timer = undefined;
    this.#working = true;
    const nodes = [...this.#waiting];
    this.#waiting.clear();
    const observed = this.#watch.observed();
    this.#labeller.follow(this.#watch.runningPod(LABELLER), observed.configMaps);
    const failed: string[] = [];
    await Promise.all(
      nodes.map(async (name) => {
        const node = this.#watch.node(name);
        if (node === undefined) {
          this.#complaints.delete(name);
          return;
        }
        try {
          await this.#round(node, observed);
        } catch (error) {
          // Not found or changed meanwhile: its event is on the way. Anything else is tried again.
          if (isStale(error)) return;
          this.#log(`${name}: ${String(error).split("\n", 1)[0] ?? ""}`);
          failed.push(name);
        }
      }),
    );
    this.#working = false;
    this.#enqueue([], GATHER_MS);
    this.#enqueue(failed, RETRY_MS);
  }

  async #round(node: V1Node, observed: ReturnType<ClusterWatch["observed"]>): Promise<void> {
    const before = gpuNode(node);
    // What a container has done would be done again on a node that has gone on since: the events are on the way.
    if (this.#isBehind(before.name)) return;
    const after = nextNode(before, observed);
    this.#complain(before.name, after.complaints);
    const patch = nodePatch(before, after);
    const write = new NodeWriter(this.#api, node, patch);
    if (after.rebooted) {
      // First nobody offers its GPUs any more; and were it known to have booted, its pods would go on as before.
      await write.status();
      if (!(await this.#runPods(after))) return;
      await write.node();
    } else {
      await write.node();
      await write.status();
    }
    if (patch.metadata !== undefined || patch.resources !== undefined) {
      this.#log(`${before.name}: ${JSON.stringify({ ...patch.metadata, resources: patch.resources })}`);
    }
    if (after.down !== undefined && before.ready) await this.#takeDown(before.name, after.down);
    if (!after.rebooted) await this.#runPods(after);
  }

  /** kwok has let go of the node by now, and has it Ready again when the simulator does. */
  async #takeDown(name: string, { status, message }: Down): Promise<void> {
    const reason = status === "Unknown" ? "NodeStatusUnknown" : "KubeletNotReady";
    const condition = { type: "Ready", status, reason, message, lastTransitionTime: new Date() };
    await this.#api.patchNodeStatus({ name, body: { status: { conditions: [condition] } } }, STRATEGIC_PATCH);
  }

  /** True while the watch has not seen what was written to a pod of the node. */
  #isBehind(node: string): boolean {
    for (const [uid, pod] of this.#written) {
      if (pod.node !== node) continue;
      const seen = this.#watch.pod(pod.namespace, pod.name)?.metadata;
      if (seen?.uid === uid && BigInt(seen.resourceVersion ?? 0) < BigInt(pod.version)) return true;
      this.#written.delete(uid);
    }
    return false;
  }

  /** Pods follow their node: what they have left on it is on record before anybody sees them go on. False: one has changed meanwhile. */
  async #runPods({ progress, actions }: NextNode): Promise<boolean> {
    const statuses = [...progress].map(async ([{ namespace, name, uid }, next]) => {
      const pod = this.#watch.pod(namespace, name);
      if (pod?.metadata?.uid !== uid) return;
      const { resourceVersion = "" } = pod.metadata;
      const body = { metadata: { uid, resourceVersion }, status: podStatus(pod, next, new Date()) };
      const patched = await this.#api.patchNamespacedPodStatus({ namespace, name, body }, STRATEGIC_PATCH);
      const version = patched.metadata?.resourceVersion ?? "0";
      this.#written.set(uid, { namespace, name, node: pod.spec?.nodeName ?? "", version });
    });
    const results = await Promise.allSettled([...statuses, ...actions.map((action) => this.#do(action))]);
    const failure = results.find((result) => result.status === "rejected" && !isStale(result.reason));
    if (failure?.status === "rejected") throw failure.reason;
    return results.every(({ status }) => status === "fulfilled");
  }

  async #do(action: PodAction): Promise<void> {
    if (action.do === "create") {
      const account = `system:serviceaccount:${OPERANDS}:${action.account}`;
      await this.#as(account).createNamespacedPod({ namespace: OPERANDS, body: action.manifest });
      return;
    }
    const { namespace, name, uid } = action.pod;
    const preconditions = { uid };
    if (action.do === "evict") {
      const body = { metadata: { name, namespace }, deleteOptions: { preconditions } };
      await this.#api.createNamespacedPodEviction({ namespace, name, body });
    } else {
      const body = { preconditions, ...(action.do === "remove" && { gracePeriodSeconds: 0 }) };
      await this.#api.deleteNamespacedPod({ namespace, name, body });
    }
  }

  /** The API with a service account's rights, so that the zone's own RBAC decides. */
  #as(account: string): CoreV1Api {
    const config = new KubeConfig();
    config.loadFromString(actingAs(this.#config.exportConfig(), account));
    return config.makeApiClient(CoreV1Api);
  }

  /** Says what is wrong once, not in every round. */
  #complain(node: string, complaints: readonly string[]): void {
    const text = complaints.join("; ");
    if ((this.#complaints.get(node) ?? "") === text) return;
    this.#complaints.set(node, text);
    this.#log(`${node}: ${text === "" ? "all is well again" : text}`);
  }
}

/** Gone or changed meanwhile: its event is on the way. */
function isStale(error: unknown): boolean {
  const status = (error as { code?: unknown }).code;
  return status === 404 || status === 409;
}

function gpuResources(all: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith("nvidia.com/")));
}

function gpuNode(node: V1Node): GpuNode {
  return {
    name: node.metadata?.name ?? "",
    labels: node.metadata?.labels ?? {},
    annotations: node.metadata?.annotations ?? {},
    resources: gpuResources(node.status?.allocatable),
    capacity: gpuResources(node.status?.capacity),
    ready:
      node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
    runtime: node.status?.nodeInfo?.containerRuntimeVersion ?? "",
    unschedulable: node.spec?.unschedulable ?? false,
  };
}
