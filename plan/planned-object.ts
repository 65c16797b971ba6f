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

/**
 * Annotation that gives every run one field manager, also the run after a killed one: without it the provider draws a name,
 * keeps it in a state that a killed run does not write, and then conflicts with itself (pulumi-kubernetes, fieldManagerName).
 */
const FIELD_MANAGER = { "pulumi.com/patchFieldManager": "gpu-zones" };

/** What every object says of itself: who manages it, which zone, which owner. Pod templates say nothing: they would restart. */
export function withOwner(zone: string, owner: string, object: KubernetesObject): KubernetesObject {
  const annotations = { ...object.metadata.annotations, ...FIELD_MANAGER };
  const labels = {
    ...object.metadata.labels,
    "app.kubernetes.io/managed-by": "gpu-zones",
    "gpu-zones.dev/zone": zone,
    "gpu-zones.dev/owner": owner,
  };
  return { ...object, metadata: { ...object.metadata, labels, annotations } };
}
