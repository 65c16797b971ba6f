import { setTimeout as pause } from "node:timers/promises";
import type { Kubectl } from "../components/kubectl.ts";
import { close, decide, type Memories } from "../plan/rollout/machine.ts";
import type { Options } from "../plan/rollout/options.ts";
import type { Step } from "../plan/rollout/step.ts";
import type { Target } from "../plan/rollout/target.ts";
import { afterRefusal, isPassing, refusal } from "./refusal.ts";
import { observe, perform, type Seen } from "./rollout-edge.ts";
import { UserError } from "./surroundings.ts";

const POLL_MS = 1000;
/** How long a cluster may be away while a rollout is at work in it. */
const AWAY_SECONDS = 120;

export interface RolloutRun {
  readonly zone: string;
  readonly cluster: Kubectl;
  readonly target: Target;
  readonly options: Options;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface RolloutEnd {
  readonly steps: readonly Step[];
  readonly seen: Seen;
}

/** Looks, decides, acts, until nothing is left to do or to wait for. It may die at any point: the next one goes on. */
export async function rollOut(run: RolloutRun): Promise<RolloutEnd> {
  const { cluster, target, options, log, signal } = run;
  const said = new Map<string, string>();
  const refused = new Map<string, string>();
  let memories: Memories = {};
  for (;;) {
    signal.throwIfAborted();
    const seen = await patiently(run);
    const decision = decide(seen.world, target, options, memories, performance.now() / 1000);
    memories = decision.memories;
    for (const step of decision.steps) {
      if (said.get(step.node) !== step.says) log(`${step.node}: ${step.says}`);
      said.set(step.node, step.says);
    }
    if (!decision.working) return { steps: decision.steps, seen };
    let acted = false;
    for (const action of decision.steps.flatMap(({ actions }) => actions)) {
      signal.throwIfAborted();
      const answer = await perform(cluster, action);
      if (answer.ok && action.do === "patch") {
        acted = true;
        if (action.closes) memories = close(memories, action.node, action.closes);
      } else if (!answer.ok && !isPassing(answer.message)) {
        const before = memories;
        memories = afterRefusal(memories, action, answer.message, seen.world);
        const says = refusal(action, answer.message);
        // A node that is left now says it itself.
        if (memories === before && refused.get(action.node) !== says) log(`${action.node}: ${says}`);
        refused.set(action.node, says);
      }
    }
    if (!acted) await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function patiently({ zone, cluster, log, signal }: RolloutRun): Promise<Seen> {
  const until = performance.now() + AWAY_SECONDS * 1000;
  for (let told = false; ; told = true) {
    const seen = await observe(cluster);
    signal.throwIfAborted();
    if ("world" in seen) return seen;
    if (performance.now() > until)
      throw new UserError(
        `${zone}: wanted the cluster of context ${cluster.context}, got ${seen.message}; what was begun stays as it is, and the next rollout goes on with it`,
      );
    if (!told) log(`the cluster does not answer: ${seen.message}`);
    await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
