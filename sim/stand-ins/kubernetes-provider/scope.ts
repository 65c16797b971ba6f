// Cluster-wide kinds of the groups that every API server has; their other kinds are namespaced.
const clusterWide = new Map<string, readonly string[]>([
  ["", ["Namespace", "Node", "PersistentVolume", "ComponentStatus"]],
  ["apps", []],
  ["batch", []],
  ["autoscaling", []],
  ["policy", []],
  ["rbac.authorization.k8s.io", ["ClusterRole", "ClusterRoleBinding"]],
  ["networking.k8s.io", ["IngressClass", "IPAddress", "ServiceCIDR"]],
  ["storage.k8s.io", ["StorageClass", "VolumeAttachment", "CSIDriver", "CSINode", "VolumeAttributesClass"]],
  ["scheduling.k8s.io", ["PriorityClass"]],
  ["node.k8s.io", ["RuntimeClass"]],
  ["apiextensions.k8s.io", ["CustomResourceDefinition"]],
  ["apiregistration.k8s.io", ["APIService"]],
  [
    "admissionregistration.k8s.io",
    [
      "MutatingWebhookConfiguration",
      "ValidatingWebhookConfiguration",
      "MutatingAdmissionPolicy",
      "MutatingAdmissionPolicyBinding",
      "ValidatingAdmissionPolicy",
      "ValidatingAdmissionPolicyBinding",
    ],
  ],
  ["coordination.k8s.io", []],
  ["discovery.k8s.io", []],
  ["events.k8s.io", []],
  ["resource.k8s.io", ["DeviceClass", "ResourceSlice", "DeviceTaintRule"]],
]);

/** Whether a kind of a built-in group is namespaced; undefined when only the API server can say. */
export function builtInScope({ group, kind }: { group: string; kind: string }): boolean | undefined {
  const kinds = clusterWide.get(group);
  return kinds === undefined ? undefined : !kinds.includes(kind);
}
