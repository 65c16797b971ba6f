import type { V1Container, V1EnvVar, V1Toleration, V1Volume } from "@kubernetes/client-node";
import { stringify } from "yaml";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { isWithoutMig } from "../../plan/gpu/boards.ts";
import type { Release } from "../releases/release.ts";
import { cdiEnv, operandRuntimeClass } from "./cdi.ts";
import { daemonSet, toolkitValidation, VALIDATIONS } from "./daemon-set.ts";
import { entrypoint } from "./entrypoint.ts";
import { hostPaths, withHostRoot } from "./host-paths.ts";
import { migConfigEntries } from "./mig-config.ts";
import { alertRules } from "./monitoring.ts";
import { migAlerts } from "./node-alerts.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { namespaceRole, serviceAccount } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

const NAME = "nvidia-mig-manager";
const CLIENTS = "default-gpu-clients";
/** The ConfigMap of custom layouts. */
export const LAYOUTS = "custom-mig-parted-config";
const LAYOUTS_DIRECTORY = "/mig-parted-config";
const CONFIG_KEY = "config.yaml";

/**
 * mig-parted's file with every layout that a label of the zone's nodes names, in YAML; null where all are standard
 * ones, which the manager generates from the hardware it finds. A file turns that off, so it holds those, too.
 */
export type LayoutFile = (zone: Zone) => string | null;

/**
 * Cuts the boards of a node as its label `nvidia.com/mig.config` says (gpu-stack reference 4.10 and 9, operator
 * v26.7.0). There where a pool's boards can be cut, or nobody knows whether they can.
 *
 * A restart applies the label again. Where it is applied already, nothing happens; where the file lost its name, the
 * node ends as failed. So nothing restarts the manager that need not: it reads the file anew for each change of the
 * label, and the label of a layout changes with its content.
 */
export function migManagerWith(layouts: LayoutFile): Operand {
  return {
    name: "mig-manager",
    manifests: (zone, release) => {
      const boards = Object.values(zone.nodePools).map(({ product }) => product);
      if (zone.gpu.migManager?.enabled === false || boards.every(isWithoutMig)) return [];
      const file = layouts(zone);
      return [
        ...rights(),
        ENTRYPOINT.configMap,
        ...(zone.gpu.migManager?.gpuClientsConfig === undefined ? [clients()] : []),
        ...(file === null ? [] : [configMap(LAYOUTS, CONFIG_KEY, file)]),
        manager(zone, release, file !== null),
        ...alertRules(zone, NAME, migAlerts()),
      ];
    },
  };
}

/** The operand with the layouts of the zone's pools. */
export const migManager: Operand = migManagerWith((zone) => migConfigEntries(zone));

/** Where the driver is the host's, so are clients of the GPU: they are stopped while the board is cut. */
const ENTRYPOINT = entrypoint(
  "nvidia-mig-manager-entrypoint",
  [': "${WITH_SHUTDOWN_HOST_GPU_CLIENTS:=$IS_HOST_DRIVER}"'],
  NAME,
);

/** Least rights of v0.15.0: labels of nodes; pods that hold GPUs, to wait for and to validate anew; its generated file. */
function rights(): KubernetesObject[] {
  return [
    ...serviceAccount(NAME, [
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch", "update", "patch"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    ]),
    ...namespaceRole(NAME, [
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "delete"] },
      { apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "list", "update", "patch"] },
    ]),
  ];
}

/** systemd services that hold GPUs, where the driver is the host's (gpu-operator v26.7.0). */
function clients(): KubernetesObject {
  const services = [
    ...["nvsm", "nvsm-mqtt", "nvsm-core", "nvsm-api-gateway", "nvsm-notifier", "nv_peer_mem"],
    ...["nvidia-dcgm", "dcgm", "dcgm-exporter"],
  ].map((name) => `${name}.service`);
  return configMap(CLIENTS, "clients.yaml", stringify({ version: "v1", "systemd-services": services }));
}

function configMap(name: string, key: string, text: string): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: GPU_NAMESPACE },
    data: { [key]: text },
  };
}

function manager(zone: Zone, release: Release, hasLayouts: boolean): KubernetesObject {
  const own = zone.gpu.migManager;
  const inPod = (container: V1Container): V1Container => withHostRoot(zone, container);
  const ofHost = { mountPropagation: "HostToContainer" };
  return daemonSet(zone, {
    name: NAME,
    deploy: "mig-manager",
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    // Neither the layouts' nor the clients': both are read anew for each change of the label.
    podAnnotations: ENTRYPOINT.podAnnotations,
    spec: {
      serviceAccountName: NAME,
      ...operandRuntimeClass(zone),
      // It looks for processes that hold the GPU, and stops services of the host.
      hostPID: true,
      hostIPC: true,
      initContainers: [toolkitValidation(release)].map(inPod),
      containers: [
        {
          name: NAME,
          image: operandImage(own, release.migManager),
          ...ENTRYPOINT.command,
          env: environment(managerEnv(zone, hasLayouts), own?.env ?? []),
          ...resourceRequirements(own?.resources),
          securityContext: { privileged: true },
          volumeMounts: [
            ENTRYPOINT.mount,
            { name: VALIDATIONS.name, mountPath: "/run/nvidia/validations" },
            { name: "host-sys", mountPath: "/sys" },
            // Written to: it may reboot the node, and leaves mig-parted there where the driver is the host's.
            { name: "host-root", mountPath: "/host", ...ofHost },
            { name: "driver-root", mountPath: "/driver-root", ...ofHost },
            { name: "gpu-clients", mountPath: "/gpu-clients" },
            { name: "cdi", mountPath: "/var/run/cdi" },
            ...(hasLayouts ? [{ name: "mig-parted-config", mountPath: LAYOUTS_DIRECTORY }] : []),
          ],
        },
      ].map(inPod),
      volumes: volumes(zone, hasLayouts),
    },
  });
}

function managerEnv(zone: Zone, hasLayouts: boolean): V1EnvVar[] {
  const field = (name: string, fieldPath: string): V1EnvVar => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return [
    field("NODE_NAME", "spec.nodeName"),
    field("POD_NAME", "metadata.name"),
    field("POD_NAMESPACE", "metadata.namespace"),
    { name: "GPU_CLIENTS_FILE", value: "/gpu-clients/clients.yaml" },
    field("DEFAULT_GPU_CLIENTS_NAMESPACE", "metadata.namespace"),
    ...cdiEnv(zone),
    ...(hasLayouts ? [{ name: "CONFIG_FILE", value: `${LAYOUTS_DIRECTORY}/${CONFIG_KEY}` }] : []),
  ];
}

function volumes(zone: Zone, hasLayouts: boolean): V1Volume[] {
  const { rootFS, driverInstallDir } = hostPaths(zone);
  return [
    ENTRYPOINT.volume,
    VALIDATIONS,
    { name: "host-sys", hostPath: { path: "/sys", type: "Directory" } },
    { name: "host-root", hostPath: { path: rootFS } },
    { name: "driver-root", hostPath: { path: driverInstallDir, type: "DirectoryOrCreate" } },
    { name: "gpu-clients", configMap: { name: zone.gpu.migManager?.gpuClientsConfig?.name ?? CLIENTS } },
    { name: "cdi", hostPath: { path: "/var/run/cdi", type: "DirectoryOrCreate" } },
    ...(hasLayouts ? [{ name: "mig-parted-config", configMap: { name: LAYOUTS } }] : []),
  ];
}
