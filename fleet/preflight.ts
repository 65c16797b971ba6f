import type { V1Node } from "@kubernetes/client-node";
import type { Command } from "commander";
import pc from "picocolors";
import { absentNodes } from "../components/absent-nodes.ts";
import { readIdentity, simulatedUid } from "../components/identity.ts";
import { kubectl, type Kubectl } from "../components/kubectl.ts";
import { neighbourProblems } from "../components/neighbour-problems.ts";
import { NO_NEIGHBOURS, readApiGroups, readNeighbours, Unread } from "../components/other-stacks.ts";
import { unpooledNodes } from "../components/unpooled-nodes.ts";
import { configPlace } from "../plan/checks/check.ts";
import { formatProblem, hasErrors, type Problem } from "../plan/config/problem.ts";
import type { Zone } from "../plan/config/zone.ts";
import { identityGate } from "../plan/gates/identity.ts";
import { compare, type Comparison } from "../plan/preflight/compare.ts";
import { machineOf, type Machine } from "../plan/preflight/machine.ts";
import { policyEngines, policyProblems } from "../plan/preflight/policy-engines.ts";
import { findTool } from "../tools/find.ts";
import { probeProblems } from "../plan/preflight/probe-problems.ts";
import { preflightText, probeText } from "./preflight-text.ts";
import { probe } from "./probe.ts";
import { toolSearch, UserError, type Surroundings } from "./surroundings.ts";
import { chosenZones, requireZone } from "./zones.ts";

const READ_SECONDS = 10;

/** What a look at the cluster found: nodes beside their pools, and everything wrong. */
interface Preflight {
  readonly comparison: Comparison;
  readonly problems: readonly Problem[];
  /** True when nodes are kwok's: there is no host below them. */
  readonly simulated: boolean;
}

interface Look {
  /** `GPU_ZONES_SIM_UIDS`. */
  readonly simulatedUids: string | undefined;
  /** Whether the cluster will be written to after this: then it must be the zone's for sure. */
  readonly writes: boolean;
}

/** `zones preflight`: what the zone's files say of its cluster, beside what the cluster is. */
export function preflightCommand(
  program: Command,
  surroundings: Surroundings,
  exit: (code: number) => void,
): void {
  program
    .command("preflight")
    .summary("compare what a zone declares with what its cluster is")
    .description(
      "Looks at nodes (board, count, operating system, kernel, container runtime, kubelet), other GPU stacks, another Node Feature Discovery and policy engines. Writes nothing, but for the pods of --probe, which are deleted when they have told; exits 1 when an error is found.",
    )
    .argument("<zone>", "the zone to look at")
    .option(
      "--probe",
      "also run a privileged pod on each ready node: Secure Boot, nouveau, host driver, kernel headers, containerd's configuration, inotify",
    )
    .option("--json", "one JSON array of findings, in the shape of check")
    .action(async (name: string, flags: { json?: boolean; probe?: boolean }) => {
      await chosenZones(surroundings, [name]);
      const zone = await requireZone(surroundings, name);
      const { env, signal } = surroundings;
      const { path } = await findTool("kubectl", toolSearch(surroundings));
      const { context, kubeconfig } = zone.cluster;
      const cluster = { path, context, kubeconfig, env, signal };
      const found = await preflight(zone, cluster, {
        simulatedUids: env["GPU_ZONES_SIM_UIDS"],
        writes: flags.probe === true,
      });
      signal.throwIfAborted();
      if (flags.probe === true && found.simulated)
        throw new UserError(
          `${name}: wanted hosts to probe, got simulated nodes: there is nothing below them`,
        );
      const rows = flags.probe === true ? found.comparison.rows : [];
      const probed = await probe(zone, cluster, rows, { log: surroundings.err });
      const problems = [...found.problems, ...probeProblems(zone, probed)];
      if (flags.json === true) surroundings.out(JSON.stringify(problems));
      else {
        const tables = [preflightText(found.comparison), ...(probed.length === 0 ? [] : [probeText(probed)])];
        surroundings.out([...tables, ...problems.map(formatProblem)].join("\n\n"));
        surroundings.err(verdict(name, problems));
      }
      if (hasErrors(problems)) exit(1);
    });
}

/** Looks at the cluster, if it is the zone's. Writes nothing. */
export async function preflight(zone: Zone, cluster: Kubectl, look: Look): Promise<Preflight> {
  const identity = await identityProblems(zone, cluster, look);
  const nobody = { comparison: { rows: [], problems: [] }, simulated: false };
  if (hasErrors(identity)) return { ...nobody, problems: identity };
  const groups = readApiGroups(cluster);
  const [machines, server, neighbours, served] = await Promise.all([
    readMachines(cluster),
    readServerVersion(cluster),
    zone.gpu.managed ? readNeighbours(cluster, zone, groups) : NO_NEIGHBOURS,
    groups,
  ]);
  const ofCluster = [
    ...identity,
    ...neighbourProblems(zone, neighbours),
    ...(served instanceof Unread ? [] : policyProblems(zone, policyEngines(served))),
  ];
  if (machines instanceof Unread) return { ...nobody, problems: [...ofCluster, unreadNodes(zone, machines)] };
  const comparison = compare(zone, machines, server);
  const problems = [
    ...ofCluster,
    ...absentNodes(zone, machines),
    ...unpooledNodes(zone, machines),
    ...comparison.problems,
  ];
  return { comparison, problems, simulated: machines.some(({ simulated }) => simulated) };
}

/** Another cluster behind the context, or none that answers, is all there is to say. */
async function identityProblems(
  zone: Zone,
  cluster: Kubectl,
  { simulatedUids, writes }: Look,
): Promise<Problem[]> {
  const [identity, uid] = await Promise.all([
    readIdentity(cluster),
    simulatedUid(cluster, zone.name, simulatedUids),
  ]);
  return identityGate({
    zone,
    // A cluster that nobody has pinned may be looked at.
    preview: identity.state === "known" && !writes,
    now: new Date(),
    identity,
    simulatedUid: uid,
    lastUid: undefined,
    stateHoldsObjects: false,
    override: undefined,
  });
}

async function readMachines(cluster: Kubectl): Promise<readonly Machine[] | Unread> {
  const answer = await kubectl(cluster, ["get", "nodes", "-o", "json"], READ_SECONDS);
  if (!answer.ok) return new Unread(answer.message);
  try {
    return (JSON.parse(answer.stdout) as { items: V1Node[] }).items.map(machineOf);
  } catch {
    return new Unread("an answer that is cut off");
  }
}

/** Version of the API server; undefined where it does not say: kubelets are not compared then. */
async function readServerVersion(cluster: Kubectl): Promise<string | undefined> {
  const { ok, stdout } = await kubectl(cluster, ["get", "--raw", "/version"], READ_SECONDS);
  const version = ok ? /"gitVersion": *"v(\d[^"]*)"/.exec(stdout)?.[1] : undefined;
  return version;
}

function unreadNodes(zone: Zone, { reason }: Unread): Problem {
  return {
    ...configPlace(zone, "nodePools"),
    code: "GZ311",
    severity: "error",
    message: `wanted the list of nodes, got ${reason}: nothing could be compared`,
    fix: `kubectl --context ${zone.cluster.context} get nodes must work`,
  };
}

function verdict(zone: string, problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const text = `${zone}: ${many(errors, "error")}, ${many(problems.length - errors, "warning")}`;
  return errors > 0 ? pc.red(text) : pc.green(text);
}
