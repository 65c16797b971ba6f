import type { Zone } from "../config/zone.ts";
import type { KubernetesObject } from "../object.ts";

/** Annotation of objects that make sense only where the zone offers something: its value is a key of `capabilities`. */
const REQUIRES_CAPABILITY = "gpu-zones.dev/requires-capability";

/** Leaves out what the zone cannot take, and the annotation that said so. */
export function forCapabilities(
  objects: readonly KubernetesObject[],
  capabilities: Zone["capabilities"],
): KubernetesObject[] {
  return objects.flatMap((object) => {
    const { annotations, ...metadata } = object.metadata;
    const required = annotations?.[REQUIRES_CAPABILITY];
    if (required === undefined) return [object];
    if ((capabilities as Record<string, unknown>)[required] !== true) return [];
    const rest = Object.fromEntries(
      Object.entries(annotations ?? {}).filter(([key]) => key !== REQUIRES_CAPABILITY),
    );
    return [
      { ...object, metadata: Object.keys(rest).length === 0 ? metadata : { ...metadata, annotations: rest } },
    ];
  });
}
