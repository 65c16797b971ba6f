import { setTimeout as pause } from "node:timers/promises";
import type {
  V1ControllerRevision,
  V1DaemonSet,
  V1Deployment,
  V1Node,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { Option, type Command } from "commander";
import { kubectl, type Kubectl } from "../components/kubectl.ts";
import { Unread } from "../components/other-stacks.ts";
import type { Plan } from "../plan/plan.ts";
import { findTool } from "../tools/find.ts";
import { inMinutes } from "./duration.ts";
import { statusText, waitingFor } from "./status-text.ts";
import { toolSearch, UserError, type Surroundings } from "./surroundings.ts";
import { zoneStatus, type LiveObjects, type ZoneStatus } from "./zone-status.ts";
import { chosenZones, requirePlan } from "./zones.ts";

const POLL_MS = 500;
const READ_SECONDS = 10;

interface StatusFlags {
  readonly wait?: number;
  readonly json?: boolean;
}

/** `zones status`: nodes, operands and apps as they are, and what is awaited. */
export function statusCommand(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  program
    .command("status")
    .summary("nodes, operands and apps of a zone as they are")
    .description("Shows nodes with their GPU resources, operands, and apps with pods running of wanted.")
    .argument("<zone>", "the zone to look at")
    .addOption(
      new Option(
        "--wait <time>",
        "wait until the apps run, at most 90s, 30m or 1h; exits 1 after that",
      ).argParser(seconds),
    )
    .option("--json", "one JSON array with the zone's status")
    .action(async (name: string, flags: StatusFlags) => {
      await chosenZones(surroundings, [name]);
      const plan = await requirePlan(surroundings, name);
      const status = await readStatus(surroundings, plan, flags.wait ?? 0);
      surroundings.out(flags.json === true ? JSON.stringify([status]) : statusText(status));
      if (flags.wait !== undefined && !status.ready) {
        surroundings.err(
          `${name}: not ready after ${inMinutes(flags.wait)}: ${waitingFor(status).join("; ")}`,
        );
        exit(1);
      }
    });
}

/** Reads the zone's status; with a time limit, again and again until its apps run or the time is over. */
export async function readStatus(
  surroundings: Surroundings,
  plan: Plan,
  waitSeconds: number,
): Promise<ZoneStatus> {
  const { signal, env, err } = surroundings;
  const tool = await findTool("kubectl", toolSearch(surroundings));
  const { context, kubeconfig } = plan.zone.cluster;
  return awaitStatus({ path: tool.path, context, kubeconfig, env, signal }, plan, waitSeconds, err);
}

/**
 * The status of a cluster, read until its apps run or the time is over.
 * @throws UserError when the first answer does not come, or none after that for the rest of the time, or when the
 * cluster answers that it may not be asked
 */
export async function awaitStatus(
  cluster: Kubectl,
  plan: Plan,
  waitSeconds: number,
  log: (line: string) => void,
): Promise<ZoneStatus> {
  const until = Date.now() + waitSeconds * 1000;
  const zone = plan.zone.name;
  let last = "";
  let said = "";
  for (;;) {
    cluster.signal?.throwIfAborted();
    const live = await readLive(cluster);
    cluster.signal?.throwIfAborted();
    const over = Date.now() >= until;
    let waiting: string;
    if (live instanceof Unread) {
      waiting = `the cluster of context ${cluster.context} (${live.reason})`;
      // An API server that restarts, or a line that breaks, is no reason to give up what was waited for.
      if (last === "" || over || REFUSED.test(live.reason))
        throw new UserError(
          `${zone}: wanted the cluster of context ${cluster.context}, got ${live.reason}${last === "" ? "" : `; before that it was waited for ${last}`}`,
        );
    } else {
      const status = zoneStatus(plan, live);
      if (status.ready || over) return status;
      last = waiting = waitingFor(status).join("; ");
    }
    if (waiting !== said) log(`${zone}: waiting for ${waiting}`);
    said = waiting;
    await pause(POLL_MS, undefined, { signal: cluster.signal }).catch(() => undefined);
  }
}

/** Kubeconfig, context, credentials and rights: nobody but a person mends them. */
const REFUSED =
  /^(a kubeconfig that cannot|credentials that the cluster|no right to do that)|context .*does not exist/;

async function readLive(cluster: Kubectl): Promise<LiveObjects | Unread> {
  const answer = await kubectl(
    cluster,
    [
      "get",
      "nodes,pods,daemonsets,deployments,replicasets,statefulsets,controllerrevisions",
      "--all-namespaces",
      "-o",
      "json",
    ],
    READ_SECONDS,
  );
  if (!answer.ok) return new Unread(answer.message);
  const items = itemsOf(answer.stdout);
  if (items === undefined) return new Unread("an answer that is cut off");
  const ofKind = <Kind>(kind: string): Kind[] => items.filter((item) => item.kind === kind) as Kind[];
  return {
    nodes: ofKind<V1Node>("Node"),
    pods: ofKind<V1Pod>("Pod"),
    daemonSets: ofKind<V1DaemonSet>("DaemonSet"),
    deployments: ofKind<V1Deployment>("Deployment"),
    replicaSets: ofKind<V1ReplicaSet>("ReplicaSet"),
    statefulSets: ofKind<V1StatefulSet>("StatefulSet"),
    controllerRevisions: ofKind<V1ControllerRevision>("ControllerRevision"),
  };
}

function itemsOf(text: string): { kind: string }[] | undefined {
  try {
    return (JSON.parse(text) as { items: { kind: string }[] }).items;
  } catch {
    return undefined;
  }
}

/** `90s`, `30m` or `1h` in seconds. */
export function seconds(text: string): number {
  const match = /^(\d+)(s|m|h)$/.exec(text);
  if (match === null) throw new UserError(`wanted a time such as 90s, 30m or 1h, got ${text}`);
  return Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] as "s" | "m" | "h"];
}
