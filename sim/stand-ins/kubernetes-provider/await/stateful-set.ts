import { at, number } from "../object.ts";
import { readyUnless, type Judge } from "./verdict.ts";

/** A StatefulSet is ready when all replicas are ready and of the update revision. */
export const statefulSet: Judge = (live) => {
  const count = (field: string) => number(at(live, "status", field)) ?? 0;
  const desired = number(at(live, "spec", "replicas")) ?? 1;
  const generation = number(at(live, "metadata", "generation")) ?? 0;
  if (count("observedGeneration") < generation)
    return readyUnless("the StatefulSet controller has not seen this generation");
  const rolled = at(live, "status", "currentRevision") === at(live, "status", "updateRevision");
  return readyUnless(
    count("readyReplicas") < desired && `${count("readyReplicas")} of ${desired} pods are ready`,
    count("replicas") > desired && `${count("replicas") - desired} pods too many still run`,
    !rolled && `${count("updatedReplicas")} of ${desired} pods are of the new revision`,
  );
};
