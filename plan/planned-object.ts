import { kindName } from "./built-in.ts";
import type { KubernetesObject } from "./object.ts";

/** Owner of what belongs to the zone and not to one app or operand. */
export const ZONE_OWNER = "zone";

/** An object of the plan with the name under which the engine keeps it. */
export interface PlannedObject {
  /** `<owner>/<Kind>/<namespace>/<name>`: fixed, whether or not a cluster answers. */
  readonly id: string;
  /** App, operand, or `zone`. */
  readonly owner: string;
  readonly object: KubernetesObject;
}

export function planned(owner: string, object: KubernetesObject): PlannedObject {
  const { namespace = "", name } = object.metadata;
  return { id: `${owner}/${kindName(object)}/${namespace}/${name}`, owner, object };
}

/** Labels on every object: who manages it, which zone, which owner. Pod templates get none: they would restart. */
export function withOwnerLabels(zone: string, owner: string, object: KubernetesObject): KubernetesObject {
  const labels = {
    ...object.metadata.labels,
    "app.kubernetes.io/managed-by": "gpu-zones",
    "gpu-zones.dev/zone": zone,
    "gpu-zones.dev/owner": owner,
  };
  return { ...object, metadata: { ...object.metadata, labels } };
}
