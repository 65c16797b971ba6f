import { isDeepStrictEqual } from "node:util";
import type { V1DaemonSet, V1ObjectMeta, V1PodSpec } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../plan/object.ts";
import { daemonSet } from "../../../sim/gpu-simulator/daemon-set.ts";
import { nextNode } from "../../../sim/gpu-simulator/next-node.ts";
import type { GpuNode, NextNode, Observed, PodAction } from "../../../sim/gpu-simulator/node-draft.ts";
import { nodePod, type NodePod } from "../../../sim/gpu-simulator/node-pod.ts";
import { afterLabeller } from "./gpu-node.ts";

/** What a zone's cluster does around the simulator: DaemonSet controller, scheduler and labeller, without a clock. */
export class TestCluster {
  readonly configMaps: Record<string, Record<string, string>> = {};
  readonly daemonSets = new Map<string, V1DaemonSet>();
  readonly nodes = new Map<string, GpuNode>();
  pods: NodePod[] = [];
  /** What was complained of, in any round. */
  readonly complaints = new Set<string>();
  #pods = 0;

  constructor(nodes: readonly GpuNode[], objects: readonly KubernetesObject[]) {
    for (const node of nodes) this.nodes.set(node.name, node);
    this.apply(objects);
  }

  apply(objects: readonly KubernetesObject[]): void {
    for (const object of objects) {
      const { name } = object.metadata;
      if (object.kind === "ConfigMap") this.configMaps[name] = object["data"] as Record<string, string>;
      if (object.kind === "DaemonSet") this.daemonSets.set(name, object);
    }
  }

  get node(): GpuNode {
    const [node] = this.nodes.values();
    return node!;
  }

  label(labels: Record<string, string>): void {
    this.nodes.set(this.node.name, { ...this.node, labels: { ...this.node.labels, ...labels } });
  }

  annotate(annotations: Record<string, string>): void {
    const { node } = this;
    this.nodes.set(node.name, { ...node, annotations: { ...node.annotations, ...annotations } });
  }

  /** A pod of the DaemonSet, on any node; undefined: there is none. */
  podOf(daemonSet: string): NodePod | undefined {
    return this.pods.find((pod) => pod.daemonSet === daemonSet);
  }

  /** Puts a pod onto the node, as the scheduler does. */
  add(metadata: Partial<V1ObjectMeta>, spec: Partial<V1PodSpec>): NodePod {
    const uid = `pod-${++this.#pods}`;
    const [added] = nodePod({
      metadata: Object.assign({ name: uid, namespace: "default" }, metadata, { uid }),
      spec: Object.assign({ nodeName: this.node.name, containers: [{ name: "app" }] }, spec),
    });
    this.pods.push(added!);
    return added!;
  }

  delete(pod: NodePod): void {
    this.#update(pod, { terminating: true });
  }

  /** Rounds until nothing changes any more. */
  settle(): this {
    for (let round = 0; round < 100; round++) if (!this.round()) return this;
    throw new Error(`no rest within 100 rounds: ${[...this.complaints].join("; ")}`);
  }

  /** @returns whether anything changed */
  round(): boolean {
    const before = { nodes: [...this.nodes.values()], pods: [...this.pods] };
    for (const name of this.nodes.keys()) {
      this.#schedule(name);
      this.#play(name);
    }
    return !isDeepStrictEqual(before, { nodes: [...this.nodes.values()], pods: this.pods });
  }

  /** What the node would become, seen with these changes. */
  look(changes: Partial<Observed>): NextNode {
    return nextNode(this.node, { ...this.#observed(), ...changes });
  }

  #observed(): Observed {
    return {
      configMaps: this.configMaps,
      daemonSets: new Map([...this.daemonSets].map(([name, set]) => [name, daemonSet(set, this.configMaps)])),
      pods: this.pods,
    };
  }

  /** One pod of a DaemonSet on each node whose labels it selects; those elsewhere end. */
  #schedule(name: string): void {
    const { labels } = afterLabeller(this.nodes.get(name)!, this.#observed());
    this.nodes.set(name, { ...this.nodes.get(name)!, labels });
    for (const pod of this.pods) {
      if (pod.daemonSet === undefined || pod.node !== name || pod.terminating) continue;
      const set = this.daemonSets.get(pod.daemonSet);
      if (set === undefined || !selects(set, labels)) this.#update(pod, { terminating: true });
    }
    for (const [setName, { spec }] of this.daemonSets) {
      if (!selects(this.daemonSets.get(setName)!, labels)) continue;
      if (this.pods.some((pod) => pod.daemonSet === setName && pod.node === name)) continue;
      const { metadata, spec: podSpec } = spec!.template;
      const uid = `pod-${++this.#pods}`;
      this.pods.push(
        ...nodePod({
          metadata: Object.assign({}, metadata, {
            uid,
            name: `${setName}-${uid}`,
            namespace: "gpu-operator",
            ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: setName, uid: setName }],
          }),
          spec: Object.assign({}, podSpec, { nodeName: name }),
        }),
      );
    }
  }

  #play(name: string): void {
    const next = nextNode(this.nodes.get(name)!, this.#observed());
    const { labels, annotations, resources, capacity, runtime, unschedulable } = next;
    const ready = next.down === undefined;
    this.nodes.set(name, { name, labels, annotations, resources, capacity, runtime, unschedulable, ready });
    for (const complaint of next.complaints) this.complaints.add(complaint);
    for (const [pod, progress] of next.progress) this.#update(pod, { progress });
    for (const action of next.actions) this.#do(action);
  }

  #do(action: PodAction): void {
    if (action.do === "create") this.add(action.manifest.metadata ?? {}, action.manifest.spec ?? {});
    // Nobody but the simulator is a kubelet here.
    else if (action.do === "remove" || !action.pod.held)
      this.pods = this.pods.filter(({ uid }) => uid !== action.pod.uid);
    else this.#update(action.pod, { terminating: true });
  }

  #update(pod: NodePod, change: Partial<NodePod>): void {
    this.pods = this.pods.map((each) => (each.uid === pod.uid ? { ...each, ...change } : each));
  }
}

function selects({ spec }: V1DaemonSet, labels: Readonly<Record<string, string>>): boolean {
  const selector = spec!.template.spec?.nodeSelector ?? {};
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
