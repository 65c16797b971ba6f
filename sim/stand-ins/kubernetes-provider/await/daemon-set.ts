import { at, number, text } from "../object.ts";
import { readyUnless, type Judge } from "./verdict.ts";

/**
 * A DaemonSet is ready when every node that should has a pod of this revision, ready and available; also with
 * updateStrategy OnDelete. These are kstatus' conditions, which the official plugin asks.
 */
export const daemonSet: Judge = (live) => {
  const count = (field: string) => number(at(live, "status", field)) ?? 0;
  const generation = number(at(live, "metadata", "generation")) ?? 0;
  if (count("observedGeneration") < generation)
    return readyUnless("the DaemonSet controller has not seen this generation");
  const desired = count("desiredNumberScheduled");
  return readyUnless(
    count("currentNumberScheduled") < desired &&
      `${count("currentNumberScheduled")} of ${desired} nodes have a pod`,
    count("updatedNumberScheduled") < desired &&
      `${count("updatedNumberScheduled")} of ${desired} pods are of the new revision (updateStrategy ${text(at(live, "spec", "updateStrategy", "type")) ?? "RollingUpdate"})`,
    count("numberReady") < desired && `${count("numberReady")} of ${desired} pods are ready`,
    count("numberAvailable") < desired && `${count("numberAvailable")} of ${desired} pods are available`,
  );
};
