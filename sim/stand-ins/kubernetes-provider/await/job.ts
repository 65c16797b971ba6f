import { at, number } from "../object.ts";
import { condition, conditionHolds, conditionInWords, ready, readyUnless, type Judge } from "./verdict.ts";

/** A Job is ready when it is complete, and past hope when it has failed. */
export const job: Judge = (live) => {
  const failed = condition(live, "Failed");
  if (failed?.["status"] === "True") return { state: "failed", why: [conditionInWords(failed)] };
  if (conditionHolds(live, "Complete")) return ready;
  const wanted = number(at(live, "spec", "completions")) ?? 1;
  const done = number(at(live, "status", "succeeded")) ?? 0;
  return readyUnless(
    `${done} of ${wanted} completions, ${number(at(live, "status", "active")) ?? 0} pods active`,
  );
};
