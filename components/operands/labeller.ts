import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Deployment,
  V1ResourceRequirements,
  V1SecurityContext,
  V1ServiceAccount,
  V1Toleration,
} from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { driverOf } from "../../plan/gpu/driver.ts";
import { imageName, type Release } from "../releases/release.ts";
import { contentHash } from "./content-hash.ts";
import { poolEntry } from "./device-plugin-config.ts";
import { LABEL_INTERVAL_SECONDS, LABEL_NODES_SCRIPT, TABLE_DIRECTORY, TEMPLATE_KEY } from "./label-nodes.ts";
import { migConfigName } from "./mig-config.ts";
import { nodeLabelTemplate, type PoolRow } from "./node-label-template.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { tolerations } from "./tolerations.ts";

export const POOL_TABLE = "gpu-zones-node-pools";
/** Name of the Deployment, its service account, roles and script; pod label `app` is the same. */
export const LABELLER = "gpu-zones-labeller";
const SCRIPT_KEY = "label-nodes.sh";
const SHELL_DIRECTORY = "/shell";
const SCRIPT_DIRECTORY = "/etc/gpu-zones/labeller";

const CONFINED: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
const SMALL: V1ResourceRequirements = {
  requests: { cpu: "10m", memory: "64Mi" },
  limits: { memory: "256Mi" },
};
/** It may run beside the control plane: where every other node is a GPU node that waits for it. */
const CONTROL_PLANE: V1Toleration = {
  key: "node-role.kubernetes.io/control-plane",
  operator: "Exists",
  effect: "NoSchedule",
};

/** The zone's pools as the labeller reads them. */
export function poolTable(zone: Zone): PoolRow[] {
  return Object.entries(zone.nodePools).map(([name, pool]) => ({
    pool: name,
    nodes: pool.nodes ?? null,
    selector: pool.selector ?? null,
    driver: driverOf(zone, pool).label,
    migConfig: migConfigName(name, pool),
    devicePluginConfig: poolEntry(zone, name, pool)?.name ?? null,
  }));
}

/** The one writer of node labels in a zone; nodes are never Pulumi resources. */
export const labeller: Operand = {
  name: "labeller",
  manifests: (zone, release) => [...rights(), table(zone), script(), deployment(zone, release)],
};

/** Least rights: it reads nodes and patches them, and sees nothing else of the cluster. */
function rights(): KubernetesObject[] {
  const account: V1ServiceAccount = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: LABELLER, namespace: GPU_NAMESPACE },
  };
  const role: V1ClusterRole = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: LABELLER },
    rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "patch"] }],
  };
  const binding: V1ClusterRoleBinding = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: LABELLER },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: LABELLER },
    subjects: [{ kind: "ServiceAccount", name: LABELLER, namespace: GPU_NAMESPACE }],
  };
  return [account, role, binding] as unknown as KubernetesObject[];
}

function table(zone: Zone): KubernetesObject {
  const rows = poolTable(zone);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: POOL_TABLE, namespace: GPU_NAMESPACE },
    data: {
      "pools.json": `${JSON.stringify(rows, null, 2)}\n`,
      [TEMPLATE_KEY]: nodeLabelTemplate(rows),
    },
  };
}

function script(): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: LABELLER, namespace: GPU_NAMESPACE },
    data: { [SCRIPT_KEY]: LABEL_NODES_SCRIPT },
  };
}

function deployment(zone: Zone, release: Release): KubernetesObject {
  const labels = { app: LABELLER };
  const body: V1Deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    // Readiness is the nodes' business: a zone whose nodes are down must not freeze.
    metadata: {
      name: LABELLER,
      namespace: GPU_NAMESPACE,
      labels,
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      // Two of them would undo nothing of each other, but one is enough.
      strategy: { type: "Recreate" },
      template: {
        // The table's changes reach the running pod; the shell has read the script already.
        metadata: { labels, annotations: { "gpu-zones.dev/config-hash": contentHash(LABEL_NODES_SCRIPT) } },
        spec: {
          serviceAccountName: LABELLER,
          priorityClassName: zone.gpu.daemonsets?.priorityClassName ?? "system-node-critical",
          tolerations: [CONTROL_PLANE, ...tolerations(zone)],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65532,
            seccompProfile: { type: "RuntimeDefault" },
          },
          // kubectl's image has no shell: a static one comes from the operator's (Dockerfile of gpu-operator: /busybox).
          initContainers: [
            {
              name: "shell",
              image: imageName(release.operator),
              command: ["/busybox/sh", "-c"],
              args: [`cp /busybox/busybox ${SHELL_DIRECTORY}/sh && ln -sf sh ${SHELL_DIRECTORY}/sleep`],
              resources: SMALL,
              securityContext: CONFINED,
              volumeMounts: [{ name: "shell", mountPath: SHELL_DIRECTORY }],
            },
          ],
          containers: [
            {
              name: "labeller",
              image: imageName(release.kubectl),
              command: [`${SHELL_DIRECTORY}/sh`, `${SCRIPT_DIRECTORY}/${SCRIPT_KEY}`],
              env: [
                { name: "PATH", value: `${SHELL_DIRECTORY}:/usr/local/bin:/usr/bin:/bin` },
                // kubectl keeps its discovery cache below it; the root file system is read-only.
                { name: "HOME", value: "/tmp" },
                { name: "TABLE_DIRECTORY", value: TABLE_DIRECTORY },
                { name: "INTERVAL_SECONDS", value: String(LABEL_INTERVAL_SECONDS) },
              ],
              resources: SMALL,
              securityContext: CONFINED,
              volumeMounts: [
                { name: "shell", mountPath: SHELL_DIRECTORY, readOnly: true },
                { name: "script", mountPath: SCRIPT_DIRECTORY, readOnly: true },
                { name: "table", mountPath: TABLE_DIRECTORY, readOnly: true },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
          volumes: [
            { name: "shell", emptyDir: {} },
            { name: "script", configMap: { name: LABELLER } },
            { name: "table", configMap: { name: POOL_TABLE } },
            { name: "tmp", emptyDir: {} },
          ],
        },
      },
    },
  };
  return body as unknown as KubernetesObject;
}
