import type { JsonMap } from "../plugin/protobuf.ts";
import { pause } from "./client.ts";
import type { Cluster, ObjectAddress } from "./cluster.ts";
import { ApiError, isNotFound, isPassing, NoKindError } from "./failure.ts";
import { annotation, at, metadataOf, text } from "./object.ts";
import { skipsAwait, type Wait } from "./await/await.ts";

const policies = new Map([
  ["foreground", "Foreground"],
  ["background", "Background"],
  ["orphan", "Orphan"],
]);
const unawaited = new Set([
  "/Namespace",
  "/Pod",
  "/ReplicationController",
  "apps/DaemonSet",
  "apps/Deployment",
  "apps/StatefulSet",
  "batch/Job",
]);
const firstPauseMs = 30;
const longestPauseMs = 1000;

/** How dependents go, from the object's annotation; default Foreground: they go first. */
export function deletionPropagation(inputs: JsonMap): string {
  const asked = annotation(inputs, "pulumi.com/deletionPropagationPolicy");
  return policies.get((asked ?? "").toLowerCase()) ?? "Foreground";
}

/** Deletes an object and waits until it is gone. Fine when it, or its kind, already is. */
export async function deleteObject(
  cluster: Cluster,
  address: ObjectAddress,
  inputs: JsonMap,
  wait: Wait,
): Promise<void> {
  const deadline = Date.now() + wait.timeoutMs;
  try {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: deletionPropagation(inputs) };
    const uid = uidOf(await cluster.get(address));
    await cluster.request("DELETE", address, { body });
    if (skipsAwait(inputs) && goesUnawaited(address)) return;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const why = await whyThere(cluster, address, uid);
      if (why === undefined) return;
      wait.onStatus(why);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(timedOut(address, why, wait.timeoutMs));
      await pause(Math.min(pauseMs, left), wait.signal);
    }
  } catch (error) {
    if (isNotFound(error) || error instanceof NoKindError) return;
    if (error instanceof ApiError)
      throw new Error(`deleting ${address.kind.kind} "${address.name}" failed: ${error.message}`);
    throw error;
  }
}

/** Of these kinds alone the official plugin does not await the end when an object says skipAwait. */
function goesUnawaited({ kind }: ObjectAddress): boolean {
  return unawaited.has(`${kind.group}/${kind.kind}`);
}

/** Why an object is still there; undefined when it is gone, or another of its name has come. */
async function whyThere(
  cluster: Cluster,
  address: ObjectAddress,
  uid: string | undefined,
): Promise<string | undefined> {
  try {
    const live = await cluster.get(address);
    return uidOf(live) === uid ? stillThere(live) : undefined;
  } catch (error) {
    if (isPassing(error)) return (error as Error).message;
    throw error;
  }
}

function uidOf(object: JsonMap): string | undefined {
  return text(metadataOf(object)["uid"]);
}

function stillThere(live: JsonMap): string {
  const finalizers = at(live, "metadata", "finalizers");
  return Array.isArray(finalizers) && finalizers.length > 0
    ? `waiting for finalizers ${JSON.stringify(finalizers)}`
    : "waiting for deletion";
}

function timedOut(address: ObjectAddress, why: string, timeoutMs: number): string {
  return `Timed out waiting for deletion of ${address.kind.kind} "${address.name}" after ${timeoutMs / 1000} s: ${why}`;
}
