import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";

/** Pulumi types that the tests use. */
export const types = {
  configMap: "kubernetes:core/v1:ConfigMap",
  secret: "kubernetes:core/v1:Secret",
  namespace: "kubernetes:core/v1:Namespace",
  pod: "kubernetes:core/v1:Pod",
  service: "kubernetes:core/v1:Service",
  claim: "kubernetes:core/v1:PersistentVolumeClaim",
  deployment: "kubernetes:apps/v1:Deployment",
  daemonSet: "kubernetes:apps/v1:DaemonSet",
  statefulSet: "kubernetes:apps/v1:StatefulSet",
  job: "kubernetes:batch/v1:Job",
  runtimeClass: "kubernetes:node.k8s.io/v1:RuntimeClass",
  definition: "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
} as const;

/** A ConfigMap's inputs in the namespace `default`. */
export function configMap(name: string, data: JsonMap, annotations: JsonMap = {}): JsonMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default", annotations }, data };
}

/** A workload's inputs; `pod` adds to the pod's spec, `spec` to the workload's. */
export function workload(
  kind: "Deployment" | "DaemonSet" | "StatefulSet",
  name: string,
  { spec = {}, pod = {}, annotations = {} }: { spec?: JsonMap; pod?: JsonMap; annotations?: JsonMap } = {},
): JsonMap {
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name, namespace: "default", annotations },
    spec: { selector: { matchLabels: { app: name } }, template: podTemplate(name, pod), ...spec },
  };
}

/** A pod template labelled `app: name`. */
export function podTemplate(name: string, pod: JsonMap = {}): JsonMap {
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: "main", image: "main:1" }], ...pod },
  };
}

/** A pod spec that no node can run. */
export const nowhere: JsonMap = { nodeSelector: { "no-such-label": "true" } };

/** A CustomResourceDefinition of `kind` in the group `stand-ins.test`. */
export function definition(kind: string, scope: "Namespaced" | "Cluster" = "Namespaced"): JsonMap {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.stand-ins.test` },
    spec: {
      group: "stand-ins.test",
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope,
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        },
      ],
    },
  };
}
