import type { JsonMap } from "../../plugin/protobuf.ts";
import { pause } from "../client.ts";
import type { Cluster, ObjectAddress } from "../cluster.ts";
import { ApiError, CancelledError, InitError, isPassing } from "../failure.ts";
import { annotation, annotationIsTrue, objectId, type ObjectKind } from "../object.ts";
import { customResourceDefinition } from "./custom-resource-definition.ts";
import { daemonSet } from "./daemon-set.ts";
import { deployment } from "./deployment.ts";
import { ingress } from "./ingress.ts";
import { job } from "./job.ts";
import { persistentVolumeClaim } from "./persistent-volume-claim.ts";
import { pod, workloadProblems } from "./pod.ts";
import { service } from "./service.ts";
import { statefulSet } from "./stateful-set.ts";
import type { Judge, Verdict } from "./verdict.ts";

const judges = new Map<string, Judge>([
  ["apps/Deployment", deployment],
  ["apps/DaemonSet", daemonSet],
  ["apps/StatefulSet", statefulSet],
  ["batch/Job", job],
  ["/Pod", pod],
  ["/Service", service],
  ["networking.k8s.io/Ingress", ingress],
  ["/PersistentVolumeClaim", persistentVolumeClaim],
  ["apiextensions.k8s.io/CustomResourceDefinition", customResourceDefinition],
]);

const defaultTimeoutMs = 600_000;
const firstPauseMs = 50;
const longestPauseMs = 1000;

/** What a wait needs besides the object. */
export interface Wait {
  /** Limit in milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Hears what is still missing, whenever that changes. */
  onStatus: (message: string) => void;
}

/** True when an object asks not to be waited for. */
export function skipsAwait(inputs: JsonMap): boolean {
  return annotationIsTrue(inputs, "pulumi.com/skipAwait");
}

/** The limit of a wait: custom timeout of the resource (seconds, 0: none), else the annotation, else 10 minutes. */
export function waitLimitMs(inputs: JsonMap, customTimeoutSeconds: number): number {
  if (customTimeoutSeconds > 0) return customTimeoutSeconds * 1000;
  const seconds = Number(annotation(inputs, "pulumi.com/timeoutSeconds"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : defaultTimeoutMs;
}

/** Judges a live object once. Kinds without a rule are always ready. */
export async function judge(kind: ObjectKind, live: JsonMap, cluster: Cluster): Promise<Verdict> {
  const rule = judges.get(`${kind.group}/${kind.kind}`);
  return rule === undefined ? { state: "ready" } : rule(live, cluster);
}

/**
 * Waits until an object is ready and returns it as it then is. Throws InitError, with the last live object, when the
 * object fails, the limit passes or the wait is cancelled.
 */
export async function awaitReady(
  cluster: Cluster,
  address: ObjectAddress,
  created: JsonMap,
  wait: Wait,
): Promise<JsonMap> {
  const deadline = Date.now() + wait.timeoutMs;
  let live = created;
  let isFirst = true;
  let said = "";
  let pauseMs = firstPauseMs;
  let verdict: Verdict = { state: "waiting", why: [] };
  try {
    for (;;) {
      ({ live, verdict } = await look(cluster, address, live, isFirst));
      isFirst = false;
      if (verdict.state === "ready") return live;
      if (verdict.state === "failed" || Date.now() >= deadline) break;
      const message = verdict.why[0] ?? "";
      if (message !== said) wait.onStatus((said = message));
      await pause(Math.max(1, Math.min(pauseMs, deadline - Date.now())), wait.signal);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  } catch (error) {
    const why = error instanceof CancelledError ? "Resource operation was cancelled" : messageOf(error);
    throw new InitError(
      why,
      [`${why} for ${JSON.stringify(address.name)}`, ...(verdict.state === "ready" ? [] : verdict.why)],
      live,
    );
  }
  throw await notReady(cluster, address, live, verdict, wait);
}

/** Reads and judges the object; a server that cannot answer just now is one more thing to wait for. */
async function look(
  cluster: Cluster,
  address: ObjectAddress,
  last: JsonMap,
  isFresh: boolean,
): Promise<{ live: JsonMap; verdict: Verdict }> {
  let live = last;
  try {
    if (!isFresh) live = await cluster.get(address);
    return { live, verdict: await judge(address.kind, live, cluster) };
  } catch (error) {
    if (!isPassing(error)) throw error;
    return { live, verdict: { state: "waiting", why: [messageOf(error)] } };
  }
}

/** The init error of an object that was judged not ready, with its pods and their warnings in words. */
export async function notReady(
  cluster: Cluster,
  address: ObjectAddress,
  live: JsonMap,
  verdict: Exclude<Verdict, { state: "ready" }>,
  wait: Pick<Wait, "timeoutMs"> | undefined,
): Promise<InitError> {
  const headline =
    verdict.state === "failed"
      ? `'${address.name}' failed`
      : wait === undefined
        ? `'${address.name}' is not ready`
        : `'${address.name}' timed out waiting to be Ready (after ${wait.timeoutMs / 1000} s)`;
  const pods = await workloadProblems(live, cluster).catch((error: unknown) => [
    `its pods could not be listed: ${messageOf(error)}`,
  ]);
  return new InitError(
    `the Kubernetes API server reported that "${objectId(live)}" failed to fully initialize or become live: ${headline}`,
    [headline, ...verdict.why, ...pods],
    live,
  );
}

function messageOf(error: unknown): string {
  if (error instanceof ApiError && error.code === 404)
    return "the object was deleted while it was waited for";
  return error instanceof Error ? error.message : String(error);
}
