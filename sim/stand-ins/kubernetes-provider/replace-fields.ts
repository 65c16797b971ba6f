import { isMap, type JsonMap } from "../plugin/protobuf.ts";
import type { ProviderConfig } from "./config.ts";
import type { ObjectKind } from "./object.ts";

/** One step of a property path: a map key or a list index. */
export type PathStep = string | number;

/** Which changed paths cannot be changed in place: those below `under`, without those below `except`. */
interface ReplaceRule {
  under: string;
  except?: readonly string[];
}

const everyObject: readonly ReplaceRule[] = [
  { under: "kind" },
  { under: "metadata.name" },
  { under: "metadata.namespace" },
];

const byKind = new Map<string, readonly ReplaceRule[]>([
  ["apps/Deployment", [{ under: "spec.selector" }]],
  ["apps/DaemonSet", [{ under: "spec.selector" }]],
  [
    "apps/StatefulSet",
    [
      { under: "spec.selector" },
      { under: "spec.serviceName" },
      { under: "spec.podManagementPolicy" },
      { under: "spec.revisionHistoryLimit" },
      { under: "spec.volumeClaimTemplates" },
    ],
  ],
  [
    "batch/Job",
    [
      { under: "spec.selector" },
      { under: "spec.template" },
      { under: "spec.completions" },
      { under: "spec.parallelism" },
    ],
  ],
  ["/Service", [{ under: "spec.clusterIP" }]],
  ["/Pod", [{ under: "spec", except: ["spec.activeDeadlineSeconds", "spec.tolerations"] }]],
  ["/PersistentVolumeClaim", [{ under: "spec", except: ["spec.resources.requests"] }]],
  ["/ResourceQuota", [{ under: "spec.scopes" }]],
  ["rbac.authorization.k8s.io/RoleBinding", [{ under: "roleRef" }]],
  ["rbac.authorization.k8s.io/ClusterRoleBinding", [{ under: "roleRef" }]],
  ["storage.k8s.io/StorageClass", [{ under: "parameters" }, { under: "provisioner" }]],
  ["node.k8s.io/RuntimeClass", [{ under: "handler" }]],
]);

// A volume's source cannot change; its other fields can.
const volumeFields = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
];

/** Decides, for objects of one kind, whether a change of a path needs a new object. */
export function replaces(
  kind: ObjectKind,
  config: Pick<ProviderConfig, "enableConfigMapMutable" | "enableSecretMutable">,
  olds: JsonMap,
): (path: readonly PathStep[]) => boolean {
  const rules = [
    ...everyObject,
    ...(byKind.get(`${kind.group}/${kind.kind}`) ?? []),
    ...contentRules(kind, config, olds),
  ];
  return (path) => {
    const dotted = path.join(".");
    return rules.some(
      ({ under, except = [] }) => isAt(dotted, under) && !except.some((prefix) => isAt(dotted, prefix)),
    );
  };
}

function isAt(dotted: string, prefix: string): boolean {
  return dotted === prefix || dotted.startsWith(`${prefix}.`);
}

function contentRules(
  kind: ObjectKind,
  config: Pick<ProviderConfig, "enableConfigMapMutable" | "enableSecretMutable">,
  olds: JsonMap,
): ReplaceRule[] {
  if (kind.group !== "") return [];
  const frozen = olds["immutable"] === true;
  if (kind.kind === "ConfigMap") {
    const rules = [{ under: "data" }, { under: "binaryData" }];
    return frozen ? [...rules, { under: "immutable" }] : config.enableConfigMapMutable ? [] : rules;
  }
  if (kind.kind === "Secret") {
    const rules = [{ under: "data" }, { under: "stringData" }];
    const content = frozen ? [...rules, { under: "immutable" }] : config.enableSecretMutable ? [] : rules;
    return [{ under: "type" }, ...content];
  }
  if (kind.kind === "PersistentVolume") {
    const spec = isMap(olds["spec"]) ? Object.keys(olds["spec"]) : [];
    return spec.filter((field) => !volumeFields.includes(field)).map((field) => ({ under: `spec.${field}` }));
  }
  return [];
}
