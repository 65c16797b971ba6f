import type { PoolRow } from "../../../components/operands/node-label-template.ts";
import type { World } from "../../../plan/rollout/machine.ts";
import {
  CLIENT,
  COMPONENT,
  DEPLOY,
  DRIVER,
  DRIVER_COMPONENT,
  MIG_CONFIG,
  MIG_STATE,
  OPERANDS,
  PAUSED_FOR_MIG,
  PLUGIN_CONFIG,
  POOL,
  REVISION_HASH,
  ROLLOUT,
  VALIDATOR,
} from "../../../plan/rollout/names.ts";
import { LABEL_OF } from "../../../plan/rollout/owed.ts";
import type { SeenPod } from "../../../plan/rollout/seen.ts";
import type { Action } from "../../../plan/rollout/step.ts";
import type { Target } from "../../../plan/rollout/target.ts";

const PLUGIN = "nvidia-device-plugin-daemonset";
const PAUSED_OPERANDS = ["device-plugin", "gpu-feature-discovery"];

/** The pool of every model node, and what it wants of them. */
export const ROW: PoolRow = {
  pool: "a100",
  nodes: ["n0", "n1", "n2", "n3", "n4"],
  selector: null,
  driver: "580.2",
  migConfig: "all-2g.10gb",
  devicePluginConfig: "a100-new",
};

export const TARGET: Target = {
  table: [ROW],
  operands: {
    [PLUGIN]: { [`${DEPLOY}device-plugin`]: "true" },
    [VALIDATOR]: { [`${DEPLOY}operator-validator`]: "true" },
  },
  sharing: { "a100-new": { "nvidia.com/gpu": 3 } },
};

/** A user's pod at the start. */
export interface StartPod {
  /** `client`: of a DaemonSet that makes way by itself. */
  readonly kind: "Deployment" | "DaemonSet" | "client" | "alone";
  readonly gpu: boolean;
  /** Its budget lets it go only after as many ticks; null: never. */
  readonly guarded: number | null;
  /** Ticks between its eviction and its end. */
  readonly grace: number;
}

/** A node at the start. */
export interface StartNode {
  readonly driver: "580.1" | "580.2";
  /** The driver's pod is older than its DaemonSet: in its template alone, or in the driver that it loads. */
  readonly age: "new" | "template" | "driver";
  /** null: it was in the pool before that was cut, or shared. */
  readonly mig: "all-1g.5gb" | "all-2g.10gb" | null;
  readonly sharing: "a100-old" | "a100-new" | null;
  readonly cordoned: boolean;
  readonly pods: readonly StartPod[];
  /** What goes wrong on it. */
  readonly fault: "none" | "driver" | "kills" | "mig" | "late" | "hangs" | "dark";
}

interface ModelNode {
  readonly name: string;
  version: number;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  unschedulable: boolean;
  ready: boolean;
  /** A part was written since it was begun. */
  touched: boolean;
  fault: StartNode["fault"];
  /** What mig-manager has read last. */
  heard: string;
  /** Replicas that the running plugin offers. */
  offered: number;
}

interface ModelPod extends Omit<SeenPod, "created" | "ready" | "deleting" | "node" | "digest"> {
  node: string;
  digest: string | undefined;
  created: number;
  readyAt: number;
  goneAt: number | undefined;
  readonly guarded: number | null;
  readonly grace: number;
}

/** A zone as the API server shows it, with the operands of its nodes at work: each tick, each of them makes a step. */
export class ModelZone {
  readonly nodes: ModelNode[];
  pods: ModelPod[] = [];
  now = 0;
  #uid = 0;

  constructor(start: readonly StartNode[]) {
    this.nodes = start.map((node, index) => this.#node(node, `n${index}`));
  }

  world(): World {
    return {
      nodes: this.nodes.map((node) => ({
        ...node,
        version: String(node.version),
        labels: { ...node.labels },
        annotations: { ...node.annotations },
        allocatable: { "nvidia.com/gpu": String(node.offered) },
      })),
      pods: this.pods.map((pod) => ({
        ...pod,
        created: String(pod.created).padStart(9, "0"),
        ready: this.now >= pod.readyAt,
        deleting: pod.goneAt !== undefined,
      })),
      budgets: this.pods.map((pod) => ({
        namespace: pod.namespace,
        name: `pdb-${pod.name}`,
        selects: (labels) => labels["app"] === pod.labels["app"],
        allowed: this.#mayGo(pod) ? 1 : 0,
      })),
      revisions: {
        "driver-580.1": { hash: "new", digest: "new" },
        "driver-580.2": { hash: "new", digest: "new" },
      },
    };
  }

  /** One request; false: the API server refuses it. */
  request(action: Action): boolean {
    if (action.do !== "patch") {
      const pod = this.pods.find(({ uid }) => uid === action.pod.uid);
      if (pod === undefined || (action.do === "evict" && !this.#mayGo(pod))) return false;
      pod.goneAt ??= this.now + pod.grace;
      return true;
    }
    const node = this.nodes.find(({ name }) => name === action.node)!;
    if (String(node.version) !== action.version) return false;
    const { labels = {}, annotations = {} } = action.patch;
    merge(node.labels, labels);
    if (Object.values(LABEL_OF).some((label) => label in labels)) node.touched = true;
    if (annotations[ROLLOUT] === null) node.touched = false;
    merge(node.annotations, annotations);
    node.unschedulable = action.patch.unschedulable ?? node.unschedulable;
    node.version += 1;
    return true;
  }

  /** Pods of users that hold a GPU of the node, those left out that make way by themselves. */
  users(node: string): ModelPod[] {
    return this.pods.filter(
      (pod) =>
        pod.node === node &&
        pod.holdsGpu &&
        pod.namespace === "users" &&
        pod.nodeSelector[CLIENT] === undefined,
    );
  }

  /** The MIG manager has begun on the node and given up without a word. */
  wedge(name: string, deploy = PAUSED_FOR_MIG): void {
    const node = this.nodes.find((each) => each.name === name)!;
    Object.assign(node.labels, { [MIG_STATE]: "pending", [`${DEPLOY}device-plugin`]: deploy });
    node.version += 1;
  }

  /** A driver is at work on the node. */
  hasDriver(node: string): boolean {
    return this.pods.some(
      (pod) => pod.node === node && pod.labels[COMPONENT] !== undefined && this.now >= pod.readyAt,
    );
  }

  tick(seconds: number): void {
    this.now += seconds;
    const gone = this.pods.filter(({ goneAt }) => goneAt !== undefined && goneAt <= this.now);
    this.pods = this.pods.filter((pod) => !gone.includes(pod));
    for (const pod of gone) this.#again(pod);
    for (const node of this.nodes.filter(({ ready }) => ready)) {
      const before = JSON.stringify(node);
      this.#driver(node);
      this.#migManager(node);
      this.#operand(node, PLUGIN, "device-plugin");
      this.#operand(node, VALIDATOR, "operator-validator");
      const plugin = this.#operandPod(node, PLUGIN);
      const runs = plugin !== undefined && this.now >= plugin.readyAt;
      node.offered = runs ? shares(node.labels[PLUGIN_CONFIG]) : 0;
      if (runs) node.labels["nvidia.com/gpu.replicas"] = String(node.offered);
      if (JSON.stringify(node) !== before) node.version += 1;
    }
  }

  #node(start: StartNode, name: string): ModelNode {
    const labels = {
      [DRIVER]: start.driver,
      [POOL]: ROW.pool,
      ...(start.mig === null ? {} : { [MIG_CONFIG]: start.mig, [MIG_STATE]: "success" }),
      ...(start.sharing === null ? {} : { [PLUGIN_CONFIG]: start.sharing }),
      "nvidia.com/gpu.replicas": String(shares(start.sharing ?? undefined)),
      ...Object.fromEntries(
        ["driver", "operator-validator", ...PAUSED_OPERANDS].map((each) => [DEPLOY + each, "true"]),
      ),
    };
    const driver = this.#add(name, OPERANDS, `driver-${start.driver}`, {
      [COMPONENT]: DRIVER_COMPONENT,
      [REVISION_HASH]: start.age === "new" ? "new" : "old",
    });
    driver.digest = start.age === "driver" ? "old" : "new";
    start.pods.forEach(({ kind, gpu, guarded, grace }, index) => {
      const app = `${name}-user-${index}`;
      const pod = this.#add(name, "users", app, { app }, { guarded, grace });
      const controller = { kind: kind === "client" ? "DaemonSet" : kind, name: app };
      Object.assign(pod, {
        holdsGpu: gpu,
        controller: kind === "alone" ? undefined : controller,
        nodeSelector: kind === "client" ? { [CLIENT]: "true" } : {},
      });
    });
    return {
      name,
      version: 1,
      labels,
      annotations: {},
      unschedulable: start.cordoned,
      ready: start.fault !== "dark",
      touched: false,
      fault: start.fault,
      heard: start.mig ?? "",
      offered: 0,
    };
  }

  #add(
    node: string,
    namespace: string,
    owner: string,
    labels: Record<string, string>,
    { guarded = 0, grace = 2 }: { guarded?: number | null; grace?: number } = {},
  ): ModelPod {
    this.#uid += 1;
    const selector = owner.startsWith("driver-") ? { [DRIVER]: owner.slice("driver-".length) } : {};
    const pod: ModelPod = {
      namespace,
      name: `${owner}-${this.#uid}`,
      uid: String(this.#uid),
      node,
      labels,
      created: this.now,
      readyAt: this.now + 4,
      goneAt: undefined,
      finished: false,
      holdsGpu: false,
      controller: { kind: "DaemonSet", name: owner },
      nodeSelector: selector,
      digest: owner.startsWith("driver-") ? "new" : undefined,
      guarded,
      grace,
    };
    this.pods.push(pod);
    return pod;
  }

  #mayGo({ guarded }: ModelPod): boolean {
    return guarded !== null && this.now >= guarded;
  }

  /** A Deployment starts its pod again where there is a place for it. */
  #again(pod: ModelPod): void {
    if (pod.controller?.kind !== "Deployment") return;
    const place = this.nodes.find(({ ready, unschedulable }) => ready && !unschedulable);
    if (place === undefined) return;
    const again = this.#add(place.name, pod.namespace, pod.controller.name, { ...pod.labels }, pod);
    Object.assign(again, { holdsGpu: pod.holdsGpu, controller: pod.controller });
  }

  #driver(node: ModelNode): void {
    const value = node.labels[DRIVER]!;
    const own = this.pods.filter((pod) => pod.node === node.name && pod.labels[COMPONENT] !== undefined);
    for (const pod of own) if (pod.nodeSelector[DRIVER] !== value) pod.goneAt ??= this.now + pod.grace;
    if (own.length > 0) return;
    const labels = { [COMPONENT]: DRIVER_COMPONENT, [REVISION_HASH]: "new" };
    const pod = this.#add(node.name, OPERANDS, `driver-${value}`, labels);
    // Where pods hold the module it cannot be unloaded, and the build may fail for reasons of its own.
    if (node.fault === "kills") node.ready = false;
    if (node.fault === "driver" || this.users(node.name).length > 0) pod.readyAt = Infinity;
  }

  #migManager(node: ModelNode): void {
    const wanted = node.labels[MIG_CONFIG] ?? "";
    const heard = node.heard;
    node.heard = wanted;
    if (wanted === heard && node.labels[MIG_STATE] !== "pending") return;
    if (wanted === "") node.labels[MIG_STATE] = "failed";
    // The kubelet has not brought it the layout yet.
    else if (node.fault === "late" && wanted === ROW.migConfig && this.now < 100)
      node.labels[MIG_STATE] = "failed";
    else if (wanted !== heard) {
      node.labels[MIG_STATE] = "pending";
      for (const each of PAUSED_OPERANDS) node.labels[DEPLOY + each] = PAUSED_FOR_MIG;
      // It hangs once: the second time the pod that it waited for is gone.
      if (heard === "" && node.fault === "hangs") node.fault = "none";
    } else if (node.fault !== "hangs") {
      for (const each of PAUSED_OPERANDS) node.labels[DEPLOY + each] = "true";
      const fails = node.fault === "mig" || this.users(node.name).length > 0;
      node.labels[MIG_STATE] = fails ? "failed" : "success";
    }
  }

  #operand(node: ModelNode, app: string, deploy: string): void {
    const pod = this.#operandPod(node, app);
    if (node.labels[DEPLOY + deploy] !== "true") {
      if (pod !== undefined) pod.goneAt ??= this.now;
    } else if (pod === undefined) this.#add(node.name, OPERANDS, app, { app });
  }

  #operandPod(node: ModelNode, app: string): ModelPod | undefined {
    return this.pods.find((pod) => pod.node === node.name && pod.labels["app"] === app);
  }
}

/** Pods that share a GPU by an entry of the plugin's configuration. */
function shares(entry: string | undefined): number {
  return entry === "a100-new" ? 3 : entry === "a100-old" ? 4 : 1;
}

function merge(into: Record<string, string>, changes: Readonly<Record<string, string | null>>): void {
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) Reflect.deleteProperty(into, key);
    else into[key] = value;
  }
}
