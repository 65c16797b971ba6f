import type { V1Toleration, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import type { Release } from "../releases/release.ts";
import { daemonSet } from "./daemon-set.ts";
import { hostPaths, withHostRoot } from "./host-paths.ts";
import { alertRules, serviceMonitor } from "./monitoring.ts";
import { nodeAlerts } from "./node-alerts.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { namespaceRole, serviceAccount } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

const NAME = "nvidia-node-status-exporter";
const PORT = 8000;
const PORT_NAME = "node-status";

/**
 * Says how far each node has come: driver, toolkit, plugin, CUDA (gpu-stack reference 4.11, operator v26.7.0). Upstream leaves
 * it off; a zone of many nodes needs it to be told which one does not come up, and it costs little.
 */
export const nodeStatusExporter: Operand = {
  name: "node-status-exporter",
  manifests: (zone, release) =>
    zone.gpu.nodeStatusExporter?.enabled === false
      ? []
      : [
          ...rights(),
          exporter(zone, release),
          service(),
          ...serviceMonitor(zone, NAME, PORT_NAME),
          ...alertRules(zone, NAME, nodeAlerts()),
        ],
};

/** It reads what its node offers, and looks for the driver's pods in its namespace. */
function rights(): KubernetesObject[] {
  return [
    ...serviceAccount(NAME, [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }]),
    ...namespaceRole(NAME, [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
      { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get", "list", "watch"] },
    ]),
  ];
}

function exporter(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.nodeStatusExporter;
  return daemonSet(zone, {
    name: NAME,
    deploy: "node-status-exporter",
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    spec: {
      serviceAccountName: NAME,
      // No RuntimeClass: it has to run where the toolkit does not.
      containers: [
        withHostRoot(zone, {
          name: NAME,
          image: operandImage(own, release.operator),
          command: ["nvidia-validator"],
          env: environment(
            [
              { name: "COMPONENT", value: "metrics" },
              { name: "METRICS_PORT", value: String(PORT) },
              { name: "NVIDIA_VISIBLE_DEVICES", value: "void" },
              { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
              { name: "OPERATOR_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
            ],
            own?.env ?? [],
          ),
          ...resourceRequirements(own?.resources),
          ports: [{ name: PORT_NAME, containerPort: PORT }],
          // The image's own user may not look into the host.
          securityContext: { privileged: true, runAsUser: 0 },
          volumeMounts: [
            { name: "run-nvidia", mountPath: "/run/nvidia", mountPropagation: "HostToContainer" },
            { name: "host-root", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
          ],
        }),
      ],
      volumes: volumes(zone),
    },
  });
}

/** Upstream wants /run/nvidia to exist; created here it cannot fail the mount on a fresh node. */
function volumes(zone: Zone): V1Volume[] {
  return [
    { name: "run-nvidia", hostPath: { path: "/run/nvidia", type: "DirectoryOrCreate" } },
    { name: "host-root", hostPath: { path: hostPaths(zone).rootFS } },
  ];
}

function service(): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: NAME,
      namespace: GPU_NAMESPACE,
      labels: { app: NAME },
      annotations: {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": String(PORT),
        "pulumi.com/skipAwait": "true",
      },
    },
    spec: {
      selector: { app: NAME },
      ports: [{ name: PORT_NAME, port: PORT, targetPort: PORT, protocol: "TCP" }],
    },
  };
}
