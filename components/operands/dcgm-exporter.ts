import type { V1EnvVar, V1Service, V1Toleration, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import type { Release } from "../releases/release.ts";
import { operandRuntimeClass } from "./cdi.ts";
import { contentHash } from "./content-hash.ts";
import { COUNTERS_CSV } from "./counters.ts";
import { daemonSet, toolkitValidation, VALIDATIONS } from "./daemon-set.ts";
import { gpuAlerts } from "./gpu-alerts.ts";
import { hostPaths } from "./host-paths.ts";
import { alertRules, serviceMonitor } from "./monitoring.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { serviceAccount } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

/** Name of the DaemonSet, its service account and Service; pod label `app` and the job in Prometheus are the same. */
const DCGM_EXPORTER = "nvidia-dcgm-exporter";
const PORT = 9400;
const PORT_NAME = "gpu-metrics";
const COUNTERS_KEY = "dcgm-metrics.csv";
const COUNTERS_PATH = `/etc/dcgm-exporter/${COUNTERS_KEY}`;

/** Metrics of every GPU for Prometheus (gpu-stack reference 4.9, operator v26.7.0), with a counter file of our own. */
export const dcgmExporter: Operand = {
  name: "dcgm-exporter",
  manifests: (zone, release) =>
    zone.gpu.dcgmExporter?.enabled === false
      ? []
      : [
          ...account(zone),
          counters(),
          exporter(zone, release),
          service(zone),
          ...serviceMonitor(zone, DCGM_EXPORTER, PORT_NAME),
          ...alertRules(zone, DCGM_EXPORTER, gpuAlerts(zone, DCGM_EXPORTER)),
        ],
};

/** True when the exporter asks the API server about pods. */
function readsPods({ gpu: { dcgmExporter: own } }: Zone): boolean {
  return own?.enablePodLabels === true || own?.enablePodUID === true;
}

/** Which pod has which GPU is said by the kubelet; only what pods are labelled with needs a right. */
function account(zone: Zone): KubernetesObject[] {
  if (readsPods(zone))
    return serviceAccount(DCGM_EXPORTER, [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
    ]);
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: DCGM_EXPORTER, namespace: GPU_NAMESPACE } },
  ];
}

function counters(): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: DCGM_EXPORTER, namespace: GPU_NAMESPACE },
    data: { [COUNTERS_KEY]: COUNTERS_CSV },
  };
}

function exporter(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.dcgmExporter;
  const health = { path: "/health", port: PORT };
  return daemonSet(zone, {
    name: DCGM_EXPORTER,
    deploy: "dcgm-exporter",
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    // A file mounted by subPath never changes in a running pod.
    podAnnotations: { "gpu-zones.dev/config-hash": contentHash(COUNTERS_CSV) },
    spec: {
      serviceAccountName: DCGM_EXPORTER,
      automountServiceAccountToken: readsPods(zone),
      ...operandRuntimeClass(zone),
      initContainers: [toolkitValidation(release)],
      containers: [
        {
          name: DCGM_EXPORTER,
          image: operandImage(own, release.dcgmExporter),
          env: environment(exporterEnv(zone), own?.env ?? []),
          ...resourceRequirements(own?.resources),
          ports: [{ name: "metrics", containerPort: PORT }],
          livenessProbe: { httpGet: health, initialDelaySeconds: 45, periodSeconds: 5 },
          readinessProbe: { httpGet: health, initialDelaySeconds: 45 },
          securityContext: { privileged: true },
          volumeMounts: [
            // Looked for here, wherever the kubelet keeps it on the host.
            { name: "pod-resources", mountPath: "/var/lib/kubelet/pod-resources", readOnly: true },
            { name: "counters", mountPath: COUNTERS_PATH, subPath: COUNTERS_KEY, readOnly: true },
          ],
        },
      ],
      volumes: volumes(zone),
    },
  });
}

function exporterEnv(zone: Zone): V1EnvVar[] {
  const own = zone.gpu.dcgmExporter;
  return [
    { name: "DCGM_EXPORTER_LISTEN", value: `:${PORT}` },
    { name: "DCGM_EXPORTER_KUBERNETES", value: "true" },
    { name: "DCGM_EXPORTER_COLLECTORS", value: COUNTERS_PATH },
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    // One DaemonSet serves all pools. On a shared GPU only one of its pods would have metrics without this; on an unshared
    // one it changes nothing that the alerts read, so one pool that shares sets it for all.
    ...(Object.values(zone.nodePools).some((pool) => pool.sharing !== undefined)
      ? [{ name: "KUBERNETES_VIRTUAL_GPUS", value: "true" }]
      : []),
    ...(own?.enablePodLabels === true
      ? [{ name: "DCGM_EXPORTER_KUBERNETES_ENABLE_POD_LABELS", value: "true" }]
      : []),
    ...(own?.enablePodUID === true
      ? [{ name: "DCGM_EXPORTER_KUBERNETES_ENABLE_POD_UID", value: "true" }]
      : []),
    ...(own?.podLabelAllowlistRegex === undefined
      ? []
      : [
          {
            name: "DCGM_EXPORTER_KUBERNETES_POD_LABEL_ALLOWLIST_REGEX",
            value: own.podLabelAllowlistRegex.join(","),
          },
        ]),
  ];
}

function volumes(zone: Zone): V1Volume[] {
  return [
    { name: "pod-resources", hostPath: { path: `${hostPaths(zone).kubeletRootDir}/pod-resources` } },
    VALIDATIONS,
    { name: "counters", configMap: { name: DCGM_EXPORTER } },
  ];
}

function service(zone: Zone): KubernetesObject {
  const own = zone.gpu.dcgmExporter?.service;
  const body: V1Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: DCGM_EXPORTER,
      namespace: GPU_NAMESPACE,
      labels: { app: DCGM_EXPORTER },
      // A Service without ready pods is right: a zone without a living GPU node must not freeze.
      annotations: { "prometheus.io/scrape": "true", "pulumi.com/skipAwait": "true" },
    },
    spec: {
      type: own?.type ?? "ClusterIP",
      internalTrafficPolicy: own?.internalTrafficPolicy ?? "Cluster",
      selector: { app: DCGM_EXPORTER },
      ports: [{ name: PORT_NAME, port: PORT, targetPort: PORT, protocol: "TCP" }],
    },
  };
  return body as unknown as KubernetesObject;
}
