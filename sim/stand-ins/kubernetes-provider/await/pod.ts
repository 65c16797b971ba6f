import { isMap, type JsonMap } from "../../plugin/protobuf.ts";
import type { Cluster } from "../cluster.ts";
import { at, mapsAt, number, text } from "../object.ts";
import { condition, conditionHolds, conditionInWords, ready, readyUnless, type Judge } from "./verdict.ts";

/** A Pod is ready when it says so or has succeeded, and past hope when it has failed. */
export const pod: Judge = (live) => {
  const phase = text(at(live, "status", "phase")) ?? "Pending";
  if (phase === "Succeeded") return ready;
  if (phase === "Failed") return { state: "failed", why: podProblems(live) };
  return conditionHolds(live, "Ready") ? ready : readyUnless(...podProblems(live));
};

/** What is wrong with a pod, in words: its phase, unmet conditions, containers that wait or have ended. */
export function podProblems(live: JsonMap): string[] {
  const phase = text(at(live, "status", "phase")) ?? "Pending";
  const reason = text(at(live, "status", "message")) ?? text(at(live, "status", "reason"));
  const problems = [reason === undefined ? `phase ${phase}` : `phase ${phase}: ${reason}`];
  const scheduled = condition(live, "PodScheduled");
  if (scheduled?.["status"] === "False") problems.push(conditionInWords(scheduled));
  for (const list of ["initContainerStatuses", "containerStatuses"]) {
    for (const container of mapsAt(live, "status", list)) problems.push(...containerProblems(container));
  }
  return problems;
}

function containerProblems(container: JsonMap): string[] {
  const name = text(container["name"]) ?? "?";
  for (const state of ["waiting", "terminated"]) {
    const found = at(container, "state", state);
    if (!isMap(found) || (state === "terminated" && found["exitCode"] === 0)) continue;
    const words = [text(found["reason"]), text(found["message"])].filter(Boolean).join(": ");
    const code = state === "terminated" ? ` with exit code ${number(found["exitCode"]) ?? "?"}` : "";
    return [`container "${name}" ${state}${code}${words === "" ? "" : `: ${words}`}`];
  }
  return container["ready"] === false ? [`container "${name}" is not ready`] : [];
}

const podsShown = 5;

/** The pods of a workload that are not ready, and the latest warnings about them, in words. */
export async function workloadProblems(live: JsonMap, cluster: Cluster): Promise<string[]> {
  const namespace = text(at(live, "metadata", "namespace"));
  const labels = at(live, "spec", "selector", "matchLabels");
  if (namespace === undefined || !isMap(labels)) return [];
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${text(value) ?? ""}`)
    .join(",");
  const pods = await cluster.list({ group: "", version: "v1", kind: "Pod" }, namespace, { labelSelector });
  const open = pods.filter(
    (one) => !conditionHolds(one, "Ready") && at(one, "status", "phase") !== "Succeeded",
  );
  const events = await cluster.list({ group: "", version: "v1", kind: "Event" }, namespace, {
    fieldSelector: "type=Warning",
  });
  const sentences = open.slice(0, podsShown).map((one) => {
    const name = text(at(one, "metadata", "name")) ?? "?";
    const warning = events.findLast((event) => at(event, "involvedObject", "name") === name);
    const said =
      warning === undefined ? [] : [`${text(warning["reason"]) ?? ""}: ${text(warning["message"]) ?? ""}`];
    return `[Pod ${namespace}/${name}]: ${[...podProblems(one), ...said].join("; ")}`;
  });
  return open.length > podsShown ? [...sentences, `and ${open.length - podsShown} more pods`] : sentences;
}
