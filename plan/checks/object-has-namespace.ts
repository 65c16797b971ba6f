import { isBuiltIn, isClusterScoped } from "../built-in.ts";
import { objectPlace, type Check } from "./check.ts";

/** Without a namespace of its own an object lands in whichever one the context names. */
export const objectHasNamespace: Check = ({ zone, objects }) =>
  objects
    .filter(
      ({ object }) =>
        object.metadata.namespace === undefined && isBuiltIn(object) && !isClusterScoped(object),
    )
    .map((each) => ({
      ...objectPlace(zone, each),
      code: "GZ105",
      severity: "error",
      message: `wanted a namespace on ${each.object.kind} ${each.object.metadata.name}, got none`,
      fix: "take out the patch that removes metadata.namespace",
    }));
