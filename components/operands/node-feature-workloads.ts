import type {
  V1Container,
  V1DaemonSet,
  V1Deployment,
  V1EnvVar,
  V1ObjectMeta,
  V1PodSpec,
  V1Probe,
  V1ResourceRequirements,
  V1SecurityContext,
  V1Toleration,
  V1Volume,
} from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import type { Release } from "../releases/release.ts";
import { contentHash } from "./content-hash.ts";
import { operandImage } from "./operand-settings.ts";
import { GPU_NAMESPACE } from "./operand.ts";
import { resourceRequirements } from "./resource-requirements.ts";
import { tolerations } from "./tolerations.ts";

/** Names of the parts: workload, service account, ConfigMap and pod label `app` alike. */
export const NFD_MASTER = "node-feature-discovery-master";
export const NFD_WORKER = "node-feature-discovery-worker";
export const NFD_COLLECTOR = "node-feature-discovery-gc";

const CONFIG_DIRECTORY = "/etc/kubernetes/node-feature-discovery";
const FEATURES_DIRECTORY = `${CONFIG_DIRECTORY}/features.d`;
const PORT = 8080;

const CONFINED: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};

/** A GPU node may be a control-plane node, and a zone may have no other. */
const CONTROL_PLANE: V1Toleration = {
  key: "node-role.kubernetes.io/control-plane",
  operator: "Exists",
  effect: "NoSchedule",
};

const NODE_NAME: V1EnvVar = { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } };

function health(timing: Partial<Record<"initialDelaySeconds" | "failureThreshold", number>> = {}): V1Probe {
  return { httpGet: { path: "/healthz", port: "http" }, ...timing };
}

/** What the worker reads of its node, where it looks for it. */
const HOST: readonly [name: string, path: string, mountPath: string][] = [
  ["host-boot", "/boot", "/host-boot"],
  ["host-os-release", "/etc/os-release", "/host-etc/os-release"],
  ["host-sys", "/sys", "/host-sys"],
  ["host-usr-lib", "/usr/lib", "/host-usr/lib"],
  ["host-lib", "/lib", "/host-lib"],
  ["host-proc-swaps", "/proc/swaps", "/host-proc/swaps"],
];

/** Makes labels of what the workers found. */
export function master(zone: Zone, release: Release, config: string): KubernetesObject {
  return deployment(
    NFD_MASTER,
    {
      ...podOf(zone, NFD_MASTER),
      enableServiceLinks: false,
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              preference: { matchExpressions: [{ key: CONTROL_PLANE.key ?? "", operator: "Exists" }] },
            },
          ],
        },
      },
      containers: [
        {
          ...container(zone, release, "master", ["nfd-master"], [`-port=${PORT}`]),
          resources: limits("100m", "128Mi", "4Gi"),
          startupProbe: health({ failureThreshold: 30 }),
          livenessProbe: health(),
          readinessProbe: health({ failureThreshold: 10 }),
          volumeMounts: [{ name: "config", mountPath: CONFIG_DIRECTORY, readOnly: true }],
        },
      ],
      volumes: [configVolume(NFD_MASTER)],
    },
    { "gpu-zones.dev/config-hash": contentHash(config) },
  );
}

/**
 * Looks at every node. The node owns what it finds, not the worker: labels must outlive the worker's pods and DaemonSet, or a
 * new image of it would take the driver off every GPU node.
 */
export function worker(zone: Zone, release: Release, config: string): KubernetesObject {
  const labels = { app: NFD_WORKER };
  const body: V1DaemonSet = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: metadata(NFD_WORKER),
    spec: {
      selector: { matchLabels: labels },
      updateStrategy:
        zone.gpu.daemonsets?.updateStrategy === "OnDelete"
          ? { type: "OnDelete" }
          : { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
      template: {
        metadata: { labels, annotations: { "gpu-zones.dev/config-hash": contentHash(config) } },
        spec: {
          ...podOf(zone, NFD_WORKER),
          containers: [
            {
              ...container(
                zone,
                release,
                "worker",
                ["nfd-worker"],
                ["-owner-refs=node", `-port=${PORT}`],
                [
                  { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                  { name: "POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
                ],
              ),
              ...(resourceRequirements(zone.gpu.nfd?.resources) ?? {
                resources: limits("5m", "64Mi", "512Mi"),
              }),
              livenessProbe: health({ initialDelaySeconds: 10 }),
              readinessProbe: health({ initialDelaySeconds: 5, failureThreshold: 10 }),
              volumeMounts: [
                ...HOST.map(([name, , mountPath]) => ({ name, mountPath, readOnly: true })),
                { name: "config", mountPath: CONFIG_DIRECTORY, readOnly: true },
                { name: "features", mountPath: FEATURES_DIRECTORY, readOnly: true },
              ],
            },
          ],
          volumes: [
            ...HOST.map(([name, path]) => ({ name, hostPath: { path } })),
            configVolume(NFD_WORKER),
            { name: "features", hostPath: { path: FEATURES_DIRECTORY, type: "DirectoryOrCreate" } },
          ],
        },
      },
    },
  };
  return body as unknown as KubernetesObject;
}

/** Removes what was found on nodes that are gone. */
export function collector(zone: Zone, release: Release): KubernetesObject {
  return deployment(NFD_COLLECTOR, {
    ...podOf(zone, NFD_COLLECTOR),
    containers: [
      {
        ...container(zone, release, "gc", ["nfd-gc"], ["-gc-interval=1h"]),
        resources: limits("10m", "128Mi", "1Gi"),
        livenessProbe: health({ initialDelaySeconds: 10 }),
        readinessProbe: health({ initialDelaySeconds: 5 }),
      },
    ],
  });
}

function deployment(
  name: string,
  spec: V1PodSpec,
  annotations: Record<string, string> = {},
): KubernetesObject {
  const labels = { app: name };
  const body: V1Deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(name),
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
        spec,
      },
    },
  };
  return body as unknown as KubernetesObject;
}

/** Readiness is the nodes' business: a zone whose nodes are down must not freeze. */
function metadata(name: string): V1ObjectMeta {
  return {
    name,
    namespace: GPU_NAMESPACE,
    labels: { app: name },
    annotations: { "pulumi.com/skipAwait": "true" },
  };
}

function podOf(zone: Zone, name: string) {
  return {
    serviceAccountName: name,
    priorityClassName: zone.gpu.daemonsets?.priorityClassName ?? "system-node-critical",
    tolerations: tolerations(zone, [CONTROL_PLANE, ...((zone.gpu.nfd?.tolerations ?? []) as V1Toleration[])]),
    dnsPolicy: "ClusterFirstWithHostNet",
  };
}

function container(
  zone: Zone,
  release: Release,
  name: string,
  command: string[],
  args: string[],
  env: readonly V1EnvVar[] = [],
): Pick<V1Container, "name" | "image" | "command" | "args" | "env" | "ports" | "securityContext"> {
  return {
    name,
    image: operandImage(zone.gpu.nfd, release.nfd),
    command,
    args,
    env: [NODE_NAME, ...env],
    ports: [{ name: "http", containerPort: PORT }],
    securityContext: CONFINED,
  };
}

function configVolume(name: string): V1Volume {
  return { name: "config", configMap: { name } };
}

function limits(cpu: string, memory: string, limit: string): V1ResourceRequirements {
  return { requests: { cpu, memory }, limits: { memory: limit } };
}
