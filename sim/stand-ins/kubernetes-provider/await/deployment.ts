import { at, number } from "../object.ts";
import { condition, conditionHolds, conditionInWords, readyUnless, type Judge } from "./verdict.ts";

/** A Deployment is ready when its controller has seen this generation and every replica is of it and available. */
export const deployment: Judge = (live) => {
  const count = (field: string) => number(at(live, "status", field)) ?? 0;
  const desired = number(at(live, "spec", "replicas")) ?? 1;
  const generation = number(at(live, "metadata", "generation")) ?? 0;
  if (count("observedGeneration") < generation)
    return readyUnless("the Deployment controller has not seen this generation");
  const progressing = condition(live, "Progressing");
  const stuck = progressing?.["status"] === "False" ? conditionInWords(progressing) : undefined;
  return readyUnless(
    stuck,
    count("updatedReplicas") < desired &&
      `${count("updatedReplicas")} of ${desired} pods are of the new revision`,
    count("replicas") > count("updatedReplicas") &&
      `${count("replicas") - count("updatedReplicas")} old pods still run`,
    count("availableReplicas") < desired && `${count("availableReplicas")} of ${desired} pods are available`,
    !conditionHolds(live, "Available") &&
      "minimum number of Pods to consider the application live was not attained",
  );
};
