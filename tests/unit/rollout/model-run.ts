import assert from "node:assert/strict";
import { close, decide, type Memories } from "../../../plan/rollout/machine.ts";
import { inNodes, type Options } from "../../../plan/rollout/options.ts";
import { DRIVER, MIG_CONFIG, PLUGIN_CONFIG, ROLLOUT } from "../../../plan/rollout/names.ts";
import { PARTS } from "../../../plan/rollout/owed.ts";
import type { Action, Step } from "../../../plan/rollout/step.ts";
import { TARGET, type ModelZone, type StartNode, type StartPod } from "./model-zone.ts";

export const OPTIONS: Options = {
  only: PARTS,
  drain: true,
  force: false,
  maxUnavailable: 1,
  maxParallel: Infinity,
  timeout: 300,
  evicting: Infinity,
  hangs: 60,
  flap: 20,
  settles: 10,
  mounts: 120,
  unheard: 40,
  now: "2026-11-25T08:00:00Z",
};
export const ROUND = 5;
/** Each node takes its time at most, one after the other. */
const MOST_ROUNDS = (nodes: number): number => (nodes + 1) * ((OPTIONS.timeout + OPTIONS.hangs) / ROUND + 20);
const LABELS = [DRIVER, MIG_CONFIG, PLUGIN_CONFIG];

export const PLAIN: StartNode = {
  driver: "580.2",
  age: "new",
  mig: "all-2g.10gb",
  sharing: "a100-new",
  cordoned: false,
  pods: [],
  fault: "none",
};
export const USER: StartPod = { kind: "Deployment", gpu: true, guarded: 0, grace: 2 };

export interface RunOutcome {
  readonly steps: readonly Step[];
  readonly killed: boolean;
  readonly actions: readonly Action[];
}

/** One run of the command; it dies before its n-th request, when `dies` says so. What must never happen is looked for. */
export function run(zone: ModelZone, options: Options = OPTIONS, dies = Infinity): RunOutcome {
  let memories: Memories = {};
  const actions: Action[] = [];
  for (let round = 0; ; round += 1) {
    assert.ok(round < MOST_ROUNDS(zone.nodes.length), "the run does not end");
    const decision = decide(zone.world(), TARGET, options, memories, zone.now);
    memories = decision.memories;
    if (!decision.working) return { steps: decision.steps, killed: false, actions };
    for (const action of decision.steps.flatMap((step) => step.actions)) {
      if (actions.length >= dies) return { steps: decision.steps, killed: true, actions };
      forbid(zone, options, action);
      actions.push(action);
      const went = zone.request(action);
      if (went && action.do === "patch" && action.closes)
        memories = close(memories, action.node, action.closes);
    }
    zone.tick(ROUND);
  }
}

function forbid(zone: ModelZone, options: Options, action: Action): void {
  if (action.do === "evict") {
    assert.ok(options.drain, "a pod is evicted, and nobody said --drain");
    assert.ok(
      action.pod.holdsGpu && (options.force || action.pod.controller?.kind === "Deployment"),
      action.pod.name,
    );
  }
  if (action.do === "delete") assert.equal(action.pod.namespace, "gpu-operator");
  if (action.do !== "patch") return;
  const { labels = {}, annotations = {} } = action.patch;
  const moves = LABELS.some((label) => label in labels);
  if (moves) assert.deepEqual(zone.users(action.node), [], "a label changes under running GPU pods");
  const node = zone.nodes.find(({ name }) => name === action.node)!;
  if (moves) assert.ok(node.unschedulable && node.annotations[ROLLOUT], "a node changes that is not out");
  const begins = typeof annotations[ROLLOUT] === "string" && node.annotations[ROLLOUT] === undefined;
  // A node that is dark by itself is nobody's to give.
  const reachable = zone.nodes.filter(({ ready, touched }) => ready || touched);
  const out = reachable.filter(({ ready, unschedulable }) => !ready || unschedulable);
  // A node that is out already is missed no more than before.
  if (begins && !node.unschedulable)
    assert.ok(out.length < inNodes(options.maxUnavailable, reachable.length), "too many nodes are out");
  if (annotations[ROLLOUT] === null && node.touched)
    assert.ok(zone.hasDriver(node.name), "a node is given back without a driver");
}
