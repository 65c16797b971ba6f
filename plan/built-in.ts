import { apiGroup, type KubernetesObject } from "./object.ts";

/** API groups that every API server serves; every other group comes from a CustomResourceDefinition or an add-on. */
const BUILT_IN_GROUPS = new Set([
  "",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "internal.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
  "storagemigration.k8s.io",
]);

/** Built-in kinds that live in no namespace. */
const CLUSTER_KINDS = new Set([
  "APIService",
  "CSIDriver",
  "CSINode",
  "CertificateSigningRequest",
  "ClusterTrustBundle",
  "ComponentStatus",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "DeviceClass",
  "DeviceTaintRule",
  "FlowSchema",
  "IPAddress",
  "IngressClass",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "ResourceSlice",
  "RuntimeClass",
  "ServiceCIDR",
  "StorageClass",
  "StorageVersion",
  "StorageVersionMigration",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

export function isBuiltIn(object: KubernetesObject): boolean {
  return BUILT_IN_GROUPS.has(apiGroup(object.apiVersion));
}

/** True for the name of a built-in kind without a namespace. */
export function isClusterKind(kind: string): boolean {
  return CLUSTER_KINDS.has(kind);
}

/** True for built-in kinds without a namespace; the scope of other kinds cannot be known from files. */
export function isClusterScoped(object: KubernetesObject): boolean {
  return isBuiltIn(object) && CLUSTER_KINDS.has(object.kind);
}

/** `Deployment`, or `VirtualService.networking.istio.io` for kinds outside the built-in groups. */
export function kindName(object: KubernetesObject): string {
  return isBuiltIn(object) ? object.kind : `${object.kind}.${apiGroup(object.apiVersion)}`;
}
