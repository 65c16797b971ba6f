import { kindName } from "../built-in.ts";
import type { PlannedObject } from "../planned-object.ts";
import { objectPlace, type Check } from "./check.ts";

/** Two owners of one object undo each other's changes, and removing one app deletes the other's object. */
export const objectHasOneOwner: Check = ({ zone, objects }) => {
  const first = new Map<string, PlannedObject>();
  return objects.flatMap((each) => {
    const { namespace = "", name } = each.object.metadata;
    const key = `${kindName(each.object)}/${namespace}/${name}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, each);
      return [];
    }
    return [
      {
        ...objectPlace(zone, each),
        code: "GZ106" as const,
        severity: "error" as const,
        message: `wanted one owner of ${key}, got ${other.owner} and ${each.owner}`,
        fix: "give one of the two another namespace or name",
      },
    ];
  });
};
