import { at, number, text } from "../object.ts";
import { readyUnless, type Judge } from "./verdict.ts";

/** A DaemonSet is ready when all its pods are of this revision and ready; also with updateStrategy OnDelete. */
export const daemonSet: Judge = (live) => {
  const count = (field: string) => number(at(live, "status", field)) ?? 0;
  const generation = number(at(live, "metadata", "generation")) ?? 0;
  if (count("observedGeneration") < generation)
    return readyUnless("the DaemonSet controller has not seen this generation");
  const desired = count("desiredNumberScheduled");
  return readyUnless(
    count("updatedNumberScheduled") < desired &&
      `${count("updatedNumberScheduled")} of ${desired} pods are of the new revision (updateStrategy ${text(at(live, "spec", "updateStrategy", "type")) ?? "RollingUpdate"})`,
    count("numberReady") < desired && `${count("numberReady")} of ${desired} pods are ready`,
    count("numberMisscheduled") > 0 && `${count("numberMisscheduled")} pods run where they should not`,
  );
};
