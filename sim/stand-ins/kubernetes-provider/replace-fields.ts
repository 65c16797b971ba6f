import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import type { ProviderConfig } from "./config.ts";
import type { ObjectKind } from "./object.ts";

/** One step of a property path: a map key or a list index. */
export type PathStep = string | number;

/** Whether a change at a path, to a value (undefined: removed), needs a new object. */
export type Replaces = (path: readonly PathStep[], value: Json | undefined) => boolean;

// The official plugin's own table (provider/pkg/provider/diff.go); `*` stands for any index. What it leaves out, such
// as a RuntimeClass's handler, it updates in place, and the API server refuses.
const everyObject = ["metadata.name", "metadata.namespace"];
const byKind = new Map<string, readonly string[]>([
  ["apps/Deployment", ["spec.selector"]],
  ["apps/DaemonSet", ["spec.selector"]],
  [
    "apps/StatefulSet",
    [
      "spec.selector",
      "spec.serviceName",
      "spec.podManagementPolicy",
      "spec.revisionHistoryLimit",
      "spec.volumeClaimTemplates",
    ],
  ],
  ["batch/Job", ["spec.selector", "spec.template", "spec.completions", "spec.parallelism"]],
  ["/Service", ["spec.clusterIP"]],
  ["/PersistentVolumeClaim", below("spec", "accessModes selector storageClassName volumeName")],
  [
    "/PersistentVolume",
    below(
      "spec",
      `awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs
      hostPath iscsi local nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume`,
    ),
  ],
  [
    "/Pod",
    [
      ...below(
        "spec",
        `affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork
        hostPID hostname imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName
        readinessGates restartPolicy runtimeClassName schedulerName securityContext serviceAccount serviceAccountName
        shareProcessNamespace subdomain terminationGracePeriodSeconds volumes`,
      ),
      ...["spec.containers.*", "spec.initContainers.*"].flatMap((container) =>
        below(
          container,
          `args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources
          securityContext stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts
          workingDir`,
        ),
      ),
    ],
  ],
  ["/ResourceQuota", ["spec.scopes"]],
  ["rbac.authorization.k8s.io/RoleBinding", ["roleRef"]],
  ["rbac.authorization.k8s.io/ClusterRoleBinding", ["roleRef"]],
  ["storage.k8s.io/StorageClass", ["parameters", "provisioner"]],
]);

/** Decides, for objects of one kind with these new inputs, whether a change needs a new object. */
export function replaces(
  kind: ObjectKind,
  config: Pick<ProviderConfig, "enableConfigMapMutable" | "enableSecretMutable">,
  news: JsonMap,
): Replaces {
  const fields = [
    ...everyObject,
    ...(byKind.get(`${kind.group}/${kind.kind}`) ?? []),
    ...contentFields(kind, config, news),
  ].map((field) => field.split("."));
  return (path, value) => fields.some((field) => touches(field, path, value));
}

function below(parent: string, fields: string): string[] {
  return fields
    .trim()
    .split(/\s+/)
    .map((field) => `${parent}.${field}`);
}

/** True when a path lies at or below a field, or above it with the field in the new value. */
function touches(field: readonly string[], path: readonly PathStep[], value: Json | undefined): boolean {
  const shared = Math.min(field.length, path.length);
  for (let index = 0; index < shared; index += 1) {
    if (field[index] !== "*" && field[index] !== String(path[index])) return false;
  }
  return field.length <= path.length || contains(value, field.slice(shared));
}

function contains(value: Json | undefined, [step, ...rest]: readonly string[]): boolean {
  if (step === undefined) return value !== undefined;
  if (step === "*") return Array.isArray(value) && value.some((item) => contains(item, rest));
  return isMap(value) && contains(value[step], rest);
}

function contentFields(
  kind: ObjectKind,
  config: Pick<ProviderConfig, "enableConfigMapMutable" | "enableSecretMutable">,
  news: JsonMap,
): string[] {
  if (kind.group !== "") return [];
  const frozen = news["immutable"] === true;
  if (kind.kind === "ConfigMap") {
    return frozen || !config.enableConfigMapMutable ? ["data", "binaryData"] : [];
  }
  if (kind.kind !== "Secret") return [];
  return frozen || !config.enableSecretMutable ? ["type", "data", "stringData"] : ["type"];
}
