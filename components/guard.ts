import type { Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { checkGates } from "../plan/gates/gates.ts";
import type { Plan } from "../plan/plan.ts";
import { absentNodes } from "./absent-nodes.ts";
import { readIdentity, simulatedUid } from "./identity.ts";
import type { Kubectl } from "./kubectl.ts";
import { readNodes } from "./live-nodes.ts";
import { readOtherStacks, stackProblems } from "./other-stacks.ts";
import { owingNodes } from "./owing-nodes.ts";
import { foreignObjects } from "./ownership.ts";
import { lastOutputs, readState, stack } from "./stack.ts";
import { unpooledNodes } from "./unpooled-nodes.ts";

/** What the guard found out; `uid` is the cluster's, or the last known one in a preview of a dark zone. */
export interface Guarded {
  readonly uid: string | undefined;
  readonly problems: readonly Problem[];
}

/** Asks which cluster answers and what the last update left, then lets the gates decide. Writes nothing. */
export async function guard(zone: Zone, kubectl: Kubectl): Promise<Guarded> {
  const [identity, simulated, outputs] = await Promise.all([
    readIdentity(kubectl),
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
    stateHoldsObjects: moved && (await readState()).objects().size > 0,
    override: process.env["GPU_ZONES_OVERRIDE"],
  });
  return { uid: identity.state === "known" ? identity.uid : lastUid, problems };
}

/** What only a run that writes needs to know of the cluster: its nodes, who else drives its GPUs, and objects that are somebody else's. */
export async function lookAround(plan: Plan, kubectl: Kubectl): Promise<Problem[]> {
  if (stack.preview) return [];
  const { zone } = plan;
  const [nodes, stacks, foreign] = await Promise.all([
    readNodes(kubectl, zone),
    zone.gpu.managed ? readOtherStacks(kubectl, zone) : [],
    stack.takesOver ? readState().then((state) => foreignObjects(kubectl, plan, state.objects())) : [],
  ]);
  const ofNodes = Array.isArray(nodes)
    ? [...absentNodes(zone, nodes), ...unpooledNodes(zone, nodes), ...owingNodes(zone, nodes)]
    : [nodes];
  return [...stackProblems(zone, stacks), ...ofNodes, ...foreign];
}
