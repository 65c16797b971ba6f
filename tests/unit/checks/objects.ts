import type { Check } from "../../../plan/checks/check.ts";
import { formatProblem } from "../../../plan/config/problem.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { planned, type PlannedObject } from "../../../plan/planned-object.ts";
import { zoneOf } from "../render/zone-text.ts";

/** An object of the app `pd`, or of another owner. */
export function object(
  kind: string,
  name: string,
  more: { apiVersion?: string; namespace?: string; owner?: string; spec?: unknown } = {},
): PlannedObject {
  const { apiVersion = "v1", namespace, owner = "pd", spec } = more;
  const body: KubernetesObject = {
    apiVersion,
    kind,
    metadata: namespace === undefined ? { name } : { name, namespace },
    ...(spec === undefined ? {} : { spec }),
  };
  return planned(owner, body);
}

/** What a check finds among these objects of a zone, as a person reads it. */
export function findings(
  check: Check,
  objects: readonly PlannedObject[],
  zone = "apps:\n  pd: {}\n",
): string[] {
  return check({ zone: zoneOf(zone), objects }).map(formatProblem);
}
