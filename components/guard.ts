import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { checkGates } from "../plan/gates/gates.ts";
import type { Plan } from "../plan/plan.ts";
import { absentNodes } from "./absent-nodes.ts";
import { begunProblems } from "./begun-rollouts.ts";
import { readIdentity, simulatedUid } from "./identity.ts";
import type { Kubectl } from "./kubectl.ts";
import { kept } from "./kept.ts";
import { isProblem, readLive, type Live } from "./live.ts";
import { neighbourProblems } from "./neighbour-problems.ts";
import { NO_NEIGHBOURS, readNeighbours } from "./other-stacks.ts";
import { owingNodes, owingProblems } from "./owing.ts";
import { foreignObjects } from "./ownership.ts";
import { lastOutputs, readState, stack } from "./stack.ts";
import { unpooledNodes } from "./unpooled-nodes.ts";
import { withdrawnProblems } from "./withdrawn-operands.ts";

/** Stack output `gpuRelease` where somebody else runs the GPU stack. */
const NO_RELEASE = "none";

/** The GPU stack's release as the next run reads it. */
export function releaseOutput({ gpu }: Zone): string {
  return gpu.managed ? gpu.release : NO_RELEASE;
}

/** What the guard found out; `uid` is the cluster's, or the last known one in a preview of a dark zone. */
export interface Guarded {
  readonly uid: string | undefined;
  readonly problems: readonly Problem[];
  /** What runs on the nodes; undefined when no cluster answers, a problem when it did not show them. */
  readonly live: Live | Problem | undefined;
}

/** Asks which cluster answers and what the last update left, then lets the gates decide. Writes nothing. */
export async function guard(zone: Zone, kubectl: Kubectl): Promise<Guarded> {
  const dark = new AbortController();
  const [identity, live, simulated, outputs] = await Promise.all([
    readIdentity(kubectl).then((found) => {
      // Nobody waits longer for the nodes of a cluster that does not say who it is.
      if (found.state === "unreachable") dark.abort();
      return found;
    }),
    readLive({ ...kubectl, signal: dark.signal }, zone),
    simulatedUid(kubectl, zone.name, process.env["GPU_ZONES_SIM_UIDS"]),
    lastOutputs(),
  ]);
  const output = outputs["clusterUid"];
  const lastUid = typeof output === "string" ? output : (await readState()).clusterUid();
  const moved = lastUid !== undefined && identity.state === "known" && identity.uid !== lastUid;
  const problems = checkGates({
    zone,
    preview: stack.preview,
    now: new Date(),
    identity,
    simulatedUid: simulated,
    lastUid,
    lastRelease: lastReleaseOf(outputs),
    stateHoldsObjects: moved && (await readState()).objects().size > 0,
    override: process.env["GPU_ZONES_OVERRIDE"],
  });
  return identity.state === "known"
    ? { uid: identity.uid, problems, live }
    : { uid: lastUid, problems, live: undefined };
}

/** Release of the GPU stack that the last update left; undefined: none, or nobody wrote it down. */
function lastReleaseOf({ gpuRelease }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof gpuRelease === "string" && gpuRelease !== NO_RELEASE ? gpuRelease : undefined;
}

/** The plan with what nodes still name of the last update; where nobody could ask them, with all of it. */
export async function withKept(plan: Plan, { live }: Guarded): Promise<Plan> {
  if (!plan.zone.gpu.managed) return plan;
  const nodes = live === undefined || isProblem(live) ? undefined : live.nodes;
  return kept(plan, nodes, (await readState()).registered());
}

/** What a run needs to know of the cluster beside its identity: its nodes, who else drives its GPUs, and objects that are somebody else's. */
export async function lookAround(plan: Plan, { live }: Guarded, kubectl: Kubectl): Promise<Problem[]> {
  const { zone } = plan;
  const ofNodes =
    live === undefined
      ? []
      : isProblem(live)
        ? [live]
        : [...owingProblems(zone, owingNodes(zone, live)), ...begunProblems(zone, live.nodes)];
  // What holds GPUs is asked where somebody answers: a dark zone has stopped an update before.
  const ofOperands =
    live === undefined
      ? []
      : await withdrawnProblems(kubectl, {
          plan,
          earlier: (await readState()).registered(),
          preview: stack.preview,
          override: process.env["GPU_ZONES_OVERRIDE"],
        });
  if (stack.preview) return [...ofNodes, ...ofOperands];
  const nodes = live === undefined || isProblem(live) ? [] : live.nodes;
  const [neighbours, foreign] = await Promise.all([
    zone.gpu.managed ? readNeighbours(kubectl, zone) : NO_NEIGHBOURS,
    stack.takesOver ? readState().then((state) => foreignObjects(kubectl, plan, state.objects())) : [],
  ]);
  const ofPools =
    live === undefined || isProblem(live) ? [] : [...absentNodes(zone, nodes), ...unpooledNodes(zone, nodes)];
  return [...neighbourProblems(zone, neighbours), ...ofPools, ...ofNodes, ...ofOperands, ...foreign];
}
