import type { JsonMap } from "../../plugin/protobuf.ts";
import type { Cluster } from "../cluster.ts";
import { mapsAt, text } from "../object.ts";

/** How an object stands: ready, on its way, or past hope. `why` is in words, most telling first. */
export type Verdict = { state: "ready" } | { state: "waiting" | "failed"; why: string[] };

/** Judges a live object of one kind. */
export type Judge = (live: JsonMap, cluster: Cluster) => Verdict | Promise<Verdict>;

export const ready: Verdict = { state: "ready" };

/** A verdict of "not yet" for every sentence given; ready when there is none. */
export function readyUnless(...why: (string | false | undefined)[]): Verdict {
  const open = why.filter((sentence) => typeof sentence === "string");
  return open.length === 0 ? ready : { state: "waiting", why: open };
}

/** One entry of `status.conditions`, by type. */
export function condition(live: JsonMap, type: string): JsonMap | undefined {
  return mapsAt(live, "status", "conditions").find((item) => item["type"] === type);
}

/** True when a condition says "True". */
export function conditionHolds(live: JsonMap, type: string): boolean {
  return condition(live, type)?.["status"] === "True";
}

/** A condition in words: "Progressing: ProgressDeadlineExceeded: …". */
export function conditionInWords(item: JsonMap): string {
  return [item["type"], item["reason"], item["message"]]
    .map((part) => text(part))
    .filter(Boolean)
    .join(": ");
}
