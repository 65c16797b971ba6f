import { suggestion } from "../config/nearest.ts";
import { keysAt } from "../config/schema/keys.ts";
import { zoneSchema } from "../config/schema/zone.ts";
import type { Zone } from "../config/zone.ts";
import type { KubernetesObject } from "../object.ts";

/** Annotation of objects that make sense only where the zone offers something: its value is a key of `capabilities`. */
const REQUIRES_CAPABILITY = "gpu-zones.dev/requires-capability";

/** Names that the annotation takes. */
const NAMES = keysAt(zoneSchema, ["capabilities"]).filter((name) => name !== "crds");

/** Objects that ask for a capability which no zone can have: they would be left out everywhere, without a word. */
export function unknownCapabilities(
  objects: readonly KubernetesObject[],
): { readonly object: KubernetesObject; readonly name: string; readonly fix: string }[] {
  return objects.flatMap((object) => {
    const name = object.metadata.annotations?.[REQUIRES_CAPABILITY];
    return name === undefined || NAMES.includes(name) ? [] : [{ object, name, fix: suggestion(name, NAMES) }];
  });
}

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
