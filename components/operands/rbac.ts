import type { V1PolicyRule } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import { GPU_NAMESPACE } from "./operand.ts";

/** What operands need that follow their node's labels. */
const READS_NODES: V1PolicyRule = { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] };

/** A service account that may read nodes. */
export function nodeReader(name: string): KubernetesObject[] {
  return serviceAccount(name, [READS_NODES]);
}

/** A service account with what it may do in the whole cluster. */
export function serviceAccount(name: string, rules: readonly V1PolicyRule[]): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: GPU_NAMESPACE } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [...rules],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: GPU_NAMESPACE }],
    },
  ];
}

/** What a service account may do in the operands' namespace besides. */
export function namespaceRole(name: string, rules: readonly V1PolicyRule[]): KubernetesObject[] {
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name, namespace: GPU_NAMESPACE },
      rules: [...rules],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name, namespace: GPU_NAMESPACE },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: GPU_NAMESPACE }],
    },
  ];
}
