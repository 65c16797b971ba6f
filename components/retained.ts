import type { Zone } from "../plan/config/zone.ts";
import type { KubernetesObject } from "../plan/object.ts";

/**
 * Kinds that stay when the zone lets go of them, or goes: what people stored must not go with a config line. With a
 * definition go all objects of its kind, whoever made them: those of another Node Feature Discovery, too.
 */
const KINDS: ReadonlySet<string> = new Set([
  "Namespace",
  "PersistentVolumeClaim",
  "CustomResourceDefinition",
]);

/** True when the object stays in the cluster after it has left the plan; never where the zone says `deleteData`. */
export function isRetained({ deleteData }: Pick<Zone, "deleteData">, { kind }: KubernetesObject): boolean {
  return !deleteData && KINDS.has(kind);
}
