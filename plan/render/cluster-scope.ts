import { apiGroup, type KubernetesObject } from "../object.ts";

/** Takes the namespace off custom resources whose definition, in the same zone, says that they have none: kustomize cannot know. */
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
    if (!clusterKinds.has(`${object.kind}.${apiGroup(object.apiVersion)}`)) return object;
    const { namespace: _namespace, ...metadata } = object.metadata;
    return { ...object, metadata };
  });
}
