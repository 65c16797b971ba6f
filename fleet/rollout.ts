import { Option, type Command } from "commander";
import { readIdentity, simulatedUid } from "../components/identity.ts";
import { kubectl, type Kubectl } from "../components/kubectl.ts";
import { POOL_TABLE, poolTable } from "../components/operands/labeller.ts";
import { GPU_NAMESPACE } from "../components/operands/operand.ts";
import { formatProblem, ProblemsError } from "../plan/config/problem.ts";
import { canonicalJson } from "../plan/digest.ts";
import { checkGates } from "../plan/gates/gates.ts";
import type { KubernetesObject } from "../plan/object.ts";
import type { Plan } from "../plan/plan.ts";
import { decide } from "../plan/rollout/machine.ts";
import { optionsFor, type NodeLimit, type Options } from "../plan/rollout/options.ts";
import { PARTS, type Part } from "../plan/rollout/owed.ts";
import { targetOf } from "../plan/rollout/target.ts";
import { findTool } from "../tools/find.ts";
import { observe } from "./rollout-edge.ts";
import { rollOut } from "./rollout-run.ts";
import { lacking } from "./rollout-targets.ts";
import { isUndone, nodeResults, retiring, rolloutText, wayOut } from "./rollout-text.ts";
import { seconds } from "./status.ts";
import { toolSearch, UserError, type Surroundings } from "./surroundings.ts";
import { chosenZones, requirePlan } from "./zones.ts";

const READ_SECONDS = 10;
/** Default of `--timeout`: a driver is built in two to ten minutes, and its startup probe gives it twenty. */
const NODE_SECONDS = 30 * 60;

interface RolloutFlags {
  readonly only?: Part;
  readonly drain?: boolean;
  readonly dryRun?: boolean;
  readonly maxUnavailable?: NodeLimit;
  readonly timeout: number;
  readonly json?: boolean;
}

/** `zones rollout`: the only thing that changes a node whose GPUs are in use. */
export function rolloutCommand(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  program
    .command("rollout")
    .summary("bring nodes the driver, MIG layout and sharing that they owe")
    .description(
      "Cordons a node, evicts its GPU pods (with --drain, within their disruption budgets), changes it, waits until its operands have validated it, and gives it back. A run that died is gone on with by the next one.",
    )
    .argument("<zone>", "the zone whose nodes owe a change")
    .addOption(new Option("--only <part>", "one kind of change alone").choices(PARTS))
    .option("--drain", "evict pods that hold GPUs; without it their nodes are refused, and the pods named")
    .option("--dry-run", "say what would be done, and change nothing")
    .addOption(
      new Option(
        "--max-unavailable <nodes>",
        "nodes of the pools that may be out at once, whoever has them out: a number, or a part such as 25%",
      )
        .argParser(nodeLimit)
        .default(undefined, "gpu.driver.upgradePolicy's, one node after the other"),
    )
    .addOption(
      new Option("--timeout <time>", "what one node may take, such as 90s, 30m or 1h")
        .argParser(seconds)
        .default(NODE_SECONDS, "30m"),
    )
    .option("--json", "one JSON array with the zone's nodes")
    .action(async (name: string, flags: RolloutFlags) => {
      await chosenZones(surroundings, [name]);
      const plan = await requirePlan(surroundings, name);
      const cluster = await requireCluster(surroundings, plan, flags.dryRun === true);
      const target = targetOf(poolTable(plan.zone), plan.objects);
      const options = optionsFor(flags, plan.zone.gpu.driver?.upgradePolicy, new Date());
      const log = (line: string): void => {
        surroundings.err(`${name}: ${line}`);
      };
      const { signal } = surroundings;
      const { steps, seen } =
        flags.dryRun === true
          ? await look(cluster, target, options, name)
          : await rollOut({ zone: name, cluster, target, options, log, signal });
      const nodes = nodeResults(steps);
      const goes = retiring(plan, seen);
      if (flags.json === true) surroundings.out(JSON.stringify([{ zone: name, nodes, retiring: goes }]));
      else surroundings.out(rolloutText(name, nodes));
      for (const line of nodes.flatMap((node) => wayOut(name, node) ?? [])) log(line);
      if (goes.length > 0)
        log(`no node needs ${goes.join(", ")} any more: the next ./zones up ${name} takes it away`);
      if (flags.dryRun !== true && nodes.some(isUndone)) exit(1);
    });
}

/** What the first step would be for each node. */
async function look(
  cluster: Kubectl,
  target: ReturnType<typeof targetOf>,
  options: Options,
  zone: string,
): Promise<Awaited<ReturnType<typeof rollOut>>> {
  const seen = await observe(cluster);
  if (!("world" in seen))
    throw new UserError(`${zone}: wanted the cluster of context ${cluster.context}, got ${seen.message}`);
  // As if every node could be out at once: whose turn comes when is the rollout's business.
  const all = { ...options, maxUnavailable: Infinity, maxParallel: Infinity };
  return { steps: decide(seen.world, target, all, {}, 0).steps, seen };
}

/** The zone's cluster, when it is the right one, may be changed now, and has what the files say. */
async function requireCluster(surroundings: Surroundings, plan: Plan, dryRun: boolean): Promise<Kubectl> {
  const { zone } = plan;
  const { env, signal } = surroundings;
  if (!zone.gpu.managed)
    throw new UserError(
      `${zone.name}: wanted a zone that runs its GPU stack, got gpu.managed: false: whoever runs it rolls it out`,
    );
  const { path } = await findTool("kubectl", toolSearch(surroundings));
  const cluster = { path, context: zone.cluster.context, kubeconfig: zone.cluster.kubeconfig, env, signal };
  const [identity, simulated, table, behind] = await Promise.all([
    readIdentity(cluster),
    simulatedUid(cluster, zone.name, env["GPU_ZONES_SIM_UIDS"]),
    kubectl(
      cluster,
      ["get", "configmap", POOL_TABLE, "-n", GPU_NAMESPACE, "--ignore-not-found", "-o", "json"],
      READ_SECONDS,
    ),
    kubectl(cluster, ["get", "daemonsets,configmaps", "-n", GPU_NAMESPACE, "-o", "json"], READ_SECONDS),
  ]);
  signal.throwIfAborted();
  const problems = checkGates({
    zone,
    preview: dryRun,
    now: new Date(),
    identity,
    simulatedUid: simulated,
    lastUid: undefined,
    stateHoldsObjects: false,
    override: env["GPU_ZONES_OVERRIDE"],
  });
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new ProblemsError(errors);
  for (const problem of problems) surroundings.err(formatProblem(problem));
  const unlike =
    difference(plan, table.ok ? table.stdout : undefined) ??
    behindLabels(plan, behind.ok ? behind.stdout : undefined);
  if (unlike !== undefined)
    throw new UserError(
      `${zone.name}: wanted a cluster that has what the files say, got ${unlike}: ./zones up ${zone.name} first`,
    );
  return cluster;
}

/** What the labels are to name. */
function behindLabels(plan: Plan, answer: string | undefined): string | undefined {
  if (answer === undefined) return "no answer for its DaemonSets and ConfigMaps";
  const { items } = JSON.parse(answer) as { items: KubernetesObject[] };
  const missing = lacking(plan, items);
  return missing.length === 0 ? undefined : missing.join(", ");
}

/** A label that names what the cluster does not have yet would leave its node without GPUs. */
function difference({ zone }: Plan, answer: string | undefined): string | undefined {
  if (answer === undefined) return "no answer for its table of pools";
  if (answer.trim() === "") return "none of the zone's operands";
  const { metadata, data } = JSON.parse(answer) as {
    metadata: { labels?: Record<string, string> };
    data?: Record<string, string>;
  };
  const owner = metadata.labels?.["gpu-zones.dev/zone"];
  if (owner !== zone.name) return `the operands of ${owner ?? "somebody else"}`;
  const live: unknown = JSON.parse(data?.["pools.json"] ?? "null");
  return canonicalJson(live) === canonicalJson(poolTable(zone))
    ? undefined
    : "pools as they were before the last edit";
}

function nodeLimit(text: string): NodeLimit {
  if (/^([1-9]\d?|100)%$/.test(text)) return text;
  if (!/^[1-9]\d*$/.test(text))
    throw new UserError(`wanted a number of nodes from 1, or a part of them such as 25%, got ${text}`);
  return Number(text);
}
