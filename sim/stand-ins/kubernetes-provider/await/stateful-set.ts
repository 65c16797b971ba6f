import { at, number, text } from "../object.ts";
import { readyUnless, type Judge } from "./verdict.ts";

/**
 * A StatefulSet is ready when all replicas are ready and of the update revision; with updateStrategy OnDelete that
 * revision is not asked for after the first generation.
 */
export const statefulSet: Judge = (live) => {
  const count = (field: string) => number(at(live, "status", field)) ?? 0;
  const desired = number(at(live, "spec", "replicas")) ?? 1;
  const generation = number(at(live, "metadata", "generation")) ?? 0;
  if (count("observedGeneration") < generation)
    return readyUnless("the StatefulSet controller has not seen this generation");
  const byHand = generation > 1 && at(live, "spec", "updateStrategy", "type") === "OnDelete";
  const current = text(at(live, "status", "currentRevision"));
  const rolled = current !== undefined && current === at(live, "status", "updateRevision");
  return readyUnless(
    count("readyReplicas") < desired && `${count("readyReplicas")} of ${desired} pods are ready`,
    count("replicas") > desired && `${count("replicas") - desired} pods too many still run`,
    !byHand && !rolled && `${count("updatedReplicas")} of ${desired} pods are of the new revision`,
    !byHand &&
      rolled &&
      count("currentReplicas") !== desired &&
      `${count("currentReplicas")} of ${desired} pods are of the current revision`,
  );
};
