import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { V1Pod } from "@kubernetes/client-node";
import { kubectl, type Kubectl } from "../components/kubectl.ts";
import type { Zone } from "../plan/config/zone.ts";
import type { NodeRow } from "../plan/preflight/compare.ts";
import { PROBE_NAMESPACE, PROBE_RUN, probeJob } from "../plan/preflight/probe-job.ts";
import type { Probed } from "../plan/preflight/probe-problems.ts";
import { parseProbe } from "../plan/preflight/probe-report.ts";
import { UserError } from "./surroundings.ts";

const CALL_SECONDS = 15;
const POLL_MS = 1000;
/** Time for image pull and probe. */
const PROBE_SECONDS = 150;
const IN_NAMESPACE = ["--namespace", PROBE_NAMESPACE] as const;

export interface ProbeOptions {
  readonly log: (line: string) => void;
  /** Default: 150. */
  readonly seconds?: number;
}

/**
 * Runs the probe's Job of each pool on the nodes that are ready, and collects what they report. The Jobs are deleted in
 * any case, also when the command is interrupted.
 */
export async function probe(
  zone: Zone,
  cluster: Kubectl,
  rows: readonly NodeRow[],
  { log, seconds = PROBE_SECONDS }: ProbeOptions,
): Promise<Probed[]> {
  const run = randomBytes(5).toString("hex");
  const ready = rows.filter(({ state }) => state === "Ready");
  const jobs = Object.keys(zone.nodePools).flatMap((pool) => {
    const nodes = ready.filter((row) => row.pool === pool).map(({ node }) => node);
    return nodes.length === 0 ? [] : [probeJob(zone, pool, nodes, run)];
  });
  if (jobs.length === 0) return [];
  log(`probing ${ready.map(({ node }) => node).join(", ")}`);
  try {
    const list = { apiVersion: "v1", kind: "List", items: jobs };
    const created = await kubectl(cluster, ["create", "-f", "-"], CALL_SECONDS, JSON.stringify(list));
    cluster.signal?.throwIfAborted();
    if (!created.ok)
      throw new UserError(`${zone.name}: wanted to start a probe of each pool, got ${created.message}`);
    return await collected(cluster, run, ready, seconds);
  } finally {
    // An interrupted run has nothing more to wait for than this.
    const { signal: _signal, ...unhindered } = cluster;
    const deleted = await kubectl(
      unhindered,
      ["delete", "jobs", ...IN_NAMESPACE, "-l", `${PROBE_RUN}=${run}`, "--ignore-not-found", "--wait=false"],
      CALL_SECONDS,
    );
    if (!deleted.ok)
      log(
        `the probes could not be deleted (${deleted.message}); they end by themselves, or by kubectl --context ${zone.cluster.context} delete jobs ${IN_NAMESPACE.join(" ")} -l ${PROBE_RUN}=${run}`,
      );
  }
}

async function collected(
  cluster: Kubectl,
  run: string,
  wanted: readonly NodeRow[],
  seconds: number,
): Promise<Probed[]> {
  const until = Date.now() + seconds * 1000;
  const settled = new Map<string, Probed["report"]>();
  for (;;) {
    const pods = await podsOf(cluster, run);
    await Promise.all(
      pods.map(async (pod) => {
        const node = pod.spec?.nodeName;
        if (node === undefined || typeof settled.get(node) === "object") return;
        const report = await reportOf(cluster, pod);
        if (report !== undefined) settled.set(node, report);
      }),
    );
    cluster.signal?.throwIfAborted();
    const missing = wanted.filter(({ node }) => !settled.has(node));
    if (missing.length === 0 || Date.now() >= until) {
      for (const { node } of missing) settled.set(node, reason(pods, node, seconds));
      return wanted.map(({ pool, node, runtime }) => ({
        pool,
        node,
        runtime,
        report: settled.get(node) ?? "",
      }));
    }
    await pause(POLL_MS, undefined, { signal: cluster.signal }).catch(() => undefined);
  }
}

async function podsOf(cluster: Kubectl, run: string): Promise<V1Pod[]> {
  const answer = await kubectl(
    cluster,
    ["get", "pods", ...IN_NAMESPACE, "-l", `${PROBE_RUN}=${run}`, "-o", "json"],
    CALL_SECONDS,
  );
  // One answer that does not come is no reason to give up: the next one is asked for in a second.
  if (!answer.ok) return [];
  try {
    return (JSON.parse(answer.stdout) as { items: V1Pod[] }).items;
  } catch {
    return [];
  }
}

/** The pod's report, or why there will be none; undefined while it may still come. */
async function reportOf(cluster: Kubectl, pod: V1Pod): Promise<Probed["report"] | undefined> {
  const phase = pod.status?.phase;
  if (phase === "Pending") return pullFailure(pod);
  const answer = await kubectl(cluster, ["logs", ...IN_NAMESPACE, pod.metadata?.name ?? ""], CALL_SECONDS);
  const report = answer.ok ? parseProbe(answer.stdout) : undefined;
  if (report !== undefined) return report;
  if (phase !== "Failed" && phase !== "Succeeded") return undefined;
  const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
  return `a pod that ended without a report (${ended?.message ?? ended?.reason ?? pod.status?.message ?? answer.message})`;
}

function pullFailure({ status }: V1Pod): string | undefined {
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  return waiting?.reason === "ImagePullBackOff" || waiting?.reason === "InvalidImageName"
    ? `an image that cannot be pulled (${waiting.message ?? waiting.reason})`
    : undefined;
}

/** Why a node has no report when the time is over, in the scheduler's or kubelet's words where they say any. */
function reason(pods: readonly V1Pod[], node: string, seconds: number): string {
  const own = pods.find(({ spec }) => spec?.nodeName === node);
  const waiting = own?.status?.containerStatuses?.[0]?.state?.waiting;
  const unplaced = pods
    .filter(({ spec }) => spec?.nodeName === undefined)
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type, status }) => type === "PodScheduled" && status === "False");
  const words = own === undefined ? unplaced?.message : (waiting?.message ?? waiting?.reason);
  return `none within ${seconds} s${words === undefined ? "" : ` (${words})`}`;
}
