import type { V1Container, V1EnvVar, V1PolicyRule, V1Toleration, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { DRIVER_ROOT } from "../../plan/gpu/driver.ts";
import { imageName, type Release } from "../releases/release.ts";
import { contentHash } from "./content-hash.ts";
import { daemonSet } from "./daemon-set.ts";
import { driverCommand, driverFiles, filesMounts, filesVolumes, subscription } from "./driver-files.ts";
import { driverSets, type DriverSet } from "./driver-sets.ts";
import {
  DRIVER_STATUS_FILES,
  STARTUP_PROBE_MOUNT,
  STARTUP_PROBE_VOLUME,
  startupProbe,
  startupProbeScript,
} from "./driver-startup-probe.ts";
import { hostPaths, withHostRoot } from "./host-paths.ts";
import type { Operand } from "./operand.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { serviceAccount } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

const SERVICE_ACCOUNT = "nvidia-driver";
const COMPONENT = { "app.kubernetes.io/component": "nvidia-driver" } as const;

/** Label of nodes; the labeller sets it where it is absent, `zones rollout` changes it. */
const DRIVER_LABEL = "gpu-zones.dev/driver";

/** Builds and loads NVIDIA's driver: one DaemonSet a driver image (gpu-stack reference 4.2, operator v26.7.0). */
export const driver: Operand = {
  name: "driver",
  manifests: (zone, release) => {
    const sets = driverSets(zone);
    return sets.length === 0
      ? []
      : [
          ...serviceAccount(SERVICE_ACCOUNT, RULES),
          startupProbeScript(),
          ...sets.map((set) => driverDaemonSet(zone, release, set)),
        ];
  },
};

/** What k8s-driver-manager does: it pauses the node's operands, cordons the node and evicts pods that hold GPUs. */
const RULES: readonly V1PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch", "patch", "update"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get"] },
  { apiGroups: ["resource.k8s.io"], resources: ["resourceclaims"], verbs: ["get", "list"] },
];

function driverDaemonSet(zone: Zone, release: Release, set: DriverSet): KubernetesObject {
  const { driver: of, os, kernel } = set;
  const digest = driverDigest(zone, release, set);
  return daemonSet(zone, {
    name: set.name,
    deploy: "driver",
    nodeSelector: {
      [DRIVER_LABEL]: of.label,
      ...os.labels,
      ...(kernel === undefined ? {} : { "feature.node.kubernetes.io/kernel-version.full": kernel }),
    },
    labels: { ...COMPONENT, "nvidia.com/precompiled": String(of.mode === "precompiled") },
    podAnnotations: { "kubectl.kubernetes.io/default-container": "nvidia-driver-ctr" },
    tolerations: (zone.gpu.driver?.tolerations ?? []) as V1Toleration[],
    // A driver is replaced when its node is empty, and never because its DaemonSet changed.
    updateStrategy: { type: "OnDelete" },
    spec: {
      serviceAccountName: SERVICE_ACCOUNT,
      hostPID: true,
      // Two drivers on one node would unload each other's modules.
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: COMPONENT }, topologyKey: "kubernetes.io/hostname" },
          ],
        },
      },
      initContainers: [withHostRoot(zone, driverManager(zone, release, digest))],
      containers: [withHostRoot(zone, driverContainer(zone, release, set, digest))],
      volumes: volumes(zone, set),
    },
  });
}

function driverManager(zone: Zone, release: Release, digest: string): V1Container {
  const own = zone.gpu.driver?.manager;
  const ours: V1EnvVar[] = [
    { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
    { name: "NVIDIA_VISIBLE_DEVICES", value: "void" },
    { name: "ENABLE_GPU_POD_EVICTION", value: "true" },
    { name: "ENABLE_AUTO_DRAIN", value: "false" },
    { name: "DRAIN_USE_FORCE", value: "false" },
    { name: "DRAIN_POD_SELECTOR_LABEL", value: "" },
    { name: "DRAIN_TIMEOUT_SECONDS", value: "0s" },
    { name: "DRAIN_DELETE_EMPTYDIR_DATA", value: "false" },
    { name: "OPERATOR_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    { name: "DRIVER_CONFIG_DIGEST", value: digest },
  ];
  return {
    name: "k8s-driver-manager",
    image: operandImage(own, release.driverManager),
    command: ["driver-manager"],
    args: ["uninstall_driver"],
    env: environment(ours, own?.env ?? []),
    securityContext: { privileged: true },
    volumeMounts: [
      { name: "run-nvidia", mountPath: "/run/nvidia", mountPropagation: "Bidirectional" },
      { name: "host-root", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
      { name: "host-sys", mountPath: "/sys" },
      {
        name: "run-mellanox-drivers",
        mountPath: "/run/mellanox/drivers",
        mountPropagation: "HostToContainer",
      },
    ],
  };
}

function driverContainer(zone: Zone, release: Release, set: DriverSet, digest: string): V1Container {
  const files = driverFiles(zone, set);
  return {
    name: "nvidia-driver-ctr",
    image: driverImage(zone, release, set),
    ...driverCommand(files),
    env: environment(
      [
        { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
        { name: "NODE_IP", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
        // Its own runtime would wait for the driver.
        { name: "NVIDIA_VISIBLE_DEVICES", value: "void" },
        ...moduleEnv(set),
        { name: "DRIVER_CONFIG_DIGEST", value: digest },
      ],
      zone.gpu.driver?.env ?? [],
    ),
    ...resourceRequirements(zone.gpu.driver?.resources),
    securityContext: { privileged: true, seLinuxOptions: { level: "s0" } },
    startupProbe: startupProbe(zone),
    lifecycle: {
      preStop: { exec: { command: ["/bin/sh", "-c", `rm -f ${DRIVER_STATUS_FILES.join(" ")}`] } },
    },
    volumeMounts: [
      { name: "run-nvidia", mountPath: "/run/nvidia", mountPropagation: "Bidirectional" },
      { name: "run-nvidia-fabricmanager", mountPath: "/run/nvidia-fabricmanager" },
      { name: "run-nvidia-topologyd", mountPath: "/run/nvidia-topologyd" },
      { name: "var-log", mountPath: "/var/log" },
      { name: "dev-log", mountPath: "/dev/log" },
      { name: "host-os-release", mountPath: "/host-etc/os-release", readOnly: true },
      {
        name: "mlnx-ofed-usr-src",
        mountPath: "/run/mellanox/drivers/usr/src",
        mountPropagation: "HostToContainer",
      },
      {
        name: "run-mellanox-drivers",
        mountPath: "/run/mellanox/drivers",
        mountPropagation: "HostToContainer",
      },
      { name: "host-sys-devices-system", mountPath: "/sys/devices/system" },
      { name: "firmware-search-path", mountPath: "/sys/module/firmware_class/parameters/path" },
      { name: "nv-firmware", mountPath: "/lib/firmware" },
      STARTUP_PROBE_MOUNT,
      ...filesMounts(files),
      ...subscription(zone, set).map(([mount]) => mount),
    ],
  };
}

/** `<version>-<osTag>`, or `<branch>-<kernel>-<osTag>` with modules inside. */
function driverImage(zone: Zone, release: Release, { driver: of, os, kernel }: DriverSet): string {
  const tag = [of.version, ...(kernel === undefined ? [] : [kernel]), os.tag].join("-");
  return imageName({ repository: zone.gpu.driver?.image ?? release.driver.repository, tag });
}

function moduleEnv({ driver: of }: DriverSet): V1EnvVar[] {
  return [
    { name: "KERNEL_MODULE_TYPE", value: of.kernelModuleType },
    ...(of.kernelModuleType === "open" ? [{ name: "OPEN_KERNEL_MODULES_ENABLED", value: "true" }] : []),
  ];
}

/**
 * Hash of everything that decides which driver runs: driver-manager leaves a driver of the same digest loaded and its
 * GPU pods alone, so nothing else may be in it.
 */
function driverDigest(zone: Zone, release: Release, set: DriverSet): string {
  const variables = environment(moduleEnv(set), zone.gpu.driver?.env ?? []);
  return contentHash(
    JSON.stringify({
      image: driverImage(zone, release, set),
      variables: variables
        .map(({ name, value }) => [name, value])
        .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
      files: driverFiles(zone, set),
      rootFS: hostPaths(zone).rootFS,
    }),
  );
}

function volumes(zone: Zone, set: DriverSet): V1Volume[] {
  const made = (name: string, path: string): V1Volume => ({
    name,
    hostPath: { path, type: "DirectoryOrCreate" },
  });
  return [
    made("run-nvidia", "/run/nvidia"),
    made("run-nvidia-fabricmanager", "/run/nvidia-fabricmanager"),
    made("run-nvidia-topologyd", "/run/nvidia-topologyd"),
    { name: "var-log", hostPath: { path: "/var/log" } },
    { name: "dev-log", hostPath: { path: "/dev/log" } },
    { name: "host-os-release", hostPath: { path: "/etc/os-release" } },
    made("mlnx-ofed-usr-src", "/run/mellanox/drivers/usr/src"),
    made("run-mellanox-drivers", "/run/mellanox/drivers"),
    { name: "host-root", hostPath: { path: hostPaths(zone).rootFS } },
    { name: "host-sys", hostPath: { path: "/sys", type: "Directory" } },
    { name: "host-sys-devices-system", hostPath: { path: "/sys/devices/system", type: "Directory" } },
    { name: "firmware-search-path", hostPath: { path: "/sys/module/firmware_class/parameters/path" } },
    // The driver points the kernel here; it shows its files below /run/nvidia/driver, whatever the zone says.
    made("nv-firmware", `${DRIVER_ROOT}/lib/firmware`),
    STARTUP_PROBE_VOLUME,
    ...filesVolumes(driverFiles(zone, set)),
    ...subscription(zone, set).map(([, volume]) => volume),
  ];
}
