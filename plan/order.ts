import type { PlannedObject } from "./planned-object.ts";

const DEFINITIONS = new Set(["CustomResourceDefinition", "Namespace"]);
const RIGHTS = new Set([
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "ClusterRole",
  "ClusterRoleBinding",
  "RuntimeClass",
  "PriorityClass",
]);
const CONTENT = new Set(["ConfigMap", "Secret", "PersistentVolumeClaim"]);

/** Turn of an object among all: definitions and namespaces, rights and runtime classes, content, then the rest. */
export function turn({ object }: PlannedObject): 0 | 1 | 2 | 3 {
  if (DEFINITIONS.has(object.kind)) return 0;
  if (RIGHTS.has(object.kind)) return 1;
  return CONTENT.has(object.kind) ? 2 : 3;
}

/** True when `object` cannot work before `other` is there: its namespace, a definition, or its own owner's groundwork. */
export function comesAfter(object: PlannedObject, other: PlannedObject): boolean {
  if (turn(other) >= turn(object)) return false;
  if (other.object.kind === "Namespace")
    return other.object.metadata.name === object.object.metadata.namespace;
  if (other.object.kind === "CustomResourceDefinition" || other.object.kind === "RuntimeClass") return true;
  return other.owner === object.owner;
}
