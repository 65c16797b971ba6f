import { isClusterScoped } from "../built-in.ts";
import { apiGroup, type KubernetesObject } from "../object.ts";

/**
 * Takes the namespace off what has none and kustomize cannot know: built-in kinds that are newer than its schema, and custom
 * resources whose definition, in the same zone, says so.
 */
export function withoutForeignNamespace(
  objects: readonly KubernetesObject[],
  definitions: readonly KubernetesObject[],
): KubernetesObject[] {
  const clusterKinds = new Set(
    definitions.flatMap((object) => {
      if (object.kind !== "CustomResourceDefinition") return [];
      const spec = object["spec"] as
        { scope?: string; group?: string; names?: { kind?: string } } | undefined;
      return spec?.scope === "Cluster" ? [`${spec.names?.kind ?? ""}.${spec.group ?? ""}`] : [];
    }),
  );
  return objects.map((object) => {
    const custom = clusterKinds.has(`${object.kind}.${apiGroup(object.apiVersion)}`);
    if (!custom && !isClusterScoped(object)) return object;
    const { namespace: _namespace, ...metadata } = object.metadata;
    return { ...object, metadata };
  });
}
