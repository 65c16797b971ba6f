import type { V1Container, V1EnvVar, V1Toleration, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { migStrategy } from "../../plan/gpu/product-label.ts";
import type { Release } from "../releases/release.ts";
import { contentHash } from "./content-hash.ts";
import { daemonSet, toolkitValidation } from "./daemon-set.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { configEntries, DEFAULT_ENTRY } from "./device-plugin-config.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { nodeReader } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

const NAME = "nvidia-device-plugin-daemonset";
const SERVICE_ACCOUNT = "nvidia-device-plugin";
const CONFIG_MAP = "nvidia-device-plugin-config";
const ENTRYPOINT = "nvidia-device-plugin-entrypoint";

/** Hands the node's GPUs to the kubelet as `nvidia.com/*` resources (gpu-stack reference 4.5, operator v26.7.0). */
export const devicePlugin: Operand = {
  name: "device-plugin",
  manifests: (zone, release) =>
    zone.gpu.devicePlugin?.enabled === false
      ? []
      : [...nodeReader(SERVICE_ACCOUNT), entrypoint(), configMap(zone), plugin(zone, release)],
};

/**
 * The driver's validation leaves environment variables on the node; the plugin must start with them. Those of GDRCopy and
 * GPUDirect Storage follow the modules that are loaded, unless they are set already.
 */
const ENTRYPOINT_SCRIPT = `#!/bin/sh
until [ -f /run/nvidia/validations/driver-ready ]; do
  echo "waiting for the driver"
  sleep 5
done
set -o allexport
. /run/nvidia/validations/driver-ready
if [ -d /sys/module/gdrdrv ]; then
  : "\${GDRCOPY_ENABLED:=true}"
fi
if [ -d /sys/module/nvidia_fs ]; then
  : "\${GDS_ENABLED:=true}" "\${MOFED_ENABLED:=true}"
fi
exec nvidia-device-plugin
`;

function entrypoint(): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: ENTRYPOINT, namespace: GPU_NAMESPACE },
    data: { "entrypoint.sh": ENTRYPOINT_SCRIPT },
  };
}

function configMap(zone: Zone): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: CONFIG_MAP, namespace: GPU_NAMESPACE },
    data: Object.fromEntries(configEntries(zone).map((entry) => [entry.name, entry.content])),
  };
}

function plugin(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.devicePlugin;
  const image = operandImage(own, release.devicePlugin);
  return daemonSet(zone, {
    name: NAME,
    deploy: "device-plugin",
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    // A file mounted by subPath never changes in a running pod. The plugin's configuration does, and needs no restart.
    podAnnotations: { "gpu-zones.dev/entrypoint-hash": contentHash(ENTRYPOINT_SCRIPT) },
    spec: {
      serviceAccountName: SERVICE_ACCOUNT,
      runtimeClassName: "nvidia",
      // The config manager signals the plugin when the node's label names another entry.
      shareProcessNamespace: true,
      initContainers: [toolkitValidation(release), configManager(image, "config-manager-init", true)],
      containers: [
        {
          name: "nvidia-device-plugin",
          image,
          command: ["/bin/sh", "-c"],
          args: ["/bin/entrypoint.sh"],
          env: environment(pluginEnv(zone), own?.env ?? []),
          ...resourceRequirements(own?.resources),
          securityContext: { privileged: true },
          volumeMounts: [
            { name: "entrypoint", mountPath: "/bin/entrypoint.sh", subPath: "entrypoint.sh", readOnly: true },
            { name: "device-plugins", mountPath: "/var/lib/kubelet/device-plugins" },
            { name: "run-nvidia-validations", mountPath: "/run/nvidia/validations" },
            { name: "driver-root", mountPath: "/driver-root", mountPropagation: "HostToContainer" },
            { name: "host-root", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
            { name: "cdi", mountPath: "/var/run/cdi" },
            { name: "mps-shm", mountPath: "/dev/shm" },
            { name: "mps-root", mountPath: "/mps" },
            { name: "config", mountPath: "/config" },
          ],
        },
        configManager(image, "config-manager", false),
      ],
      volumes: VOLUMES,
    },
  });
}

function pluginEnv(zone: Zone): V1EnvVar[] {
  const strategy = migStrategy(zone.gpu);
  return [
    { name: "PASS_DEVICE_SPECS", value: "true" },
    { name: "FAIL_ON_INIT_ERROR", value: "true" },
    { name: "DEVICE_ID_STRATEGY", value: "uuid" },
    { name: "DEVICE_LIST_STRATEGY", value: "cdi-annotations,cdi-cri" },
    { name: "CDI_ENABLED", value: "true" },
    { name: "CDI_ANNOTATION_PREFIX", value: "cdi.k8s.io/" },
    { name: "NVIDIA_CDI_HOOK_PATH", value: "/usr/local/nvidia/toolkit/nvidia-cdi-hook" },
    { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
    { name: "NVIDIA_DRIVER_CAPABILITIES", value: "all" },
    { name: "MPS_ROOT", value: "/run/nvidia/mps" },
    { name: "MIG_STRATEGY", value: strategy },
    ...(strategy === "none" ? [] : [{ name: "NVIDIA_MIG_MONITOR_DEVICES", value: "all" }]),
    { name: "CONFIG_FILE", value: "/config/config.yaml" },
  ];
}

/** Copies the entry that the node's label names to where the plugin reads it; once at the start, then on each change. */
function configManager(image: string, name: string, once: boolean): V1Container {
  return {
    name,
    image,
    command: ["config-manager"],
    env: [
      { name: "ONESHOT", value: String(once) },
      { name: "KUBECONFIG", value: "" },
      { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      { name: "NODE_LABEL", value: "nvidia.com/device-plugin.config" },
      { name: "CONFIG_FILE_SRCDIR", value: "/available-configs" },
      { name: "CONFIG_FILE_DST", value: "/config/config.yaml" },
      { name: "DEFAULT_CONFIG", value: DEFAULT_ENTRY },
      { name: "FALLBACK_STRATEGIES", value: "empty" },
      { name: "SEND_SIGNAL", value: String(!once) },
      { name: "SIGNAL", value: once ? "" : "1" },
      { name: "PROCESS_TO_SIGNAL", value: once ? "" : "nvidia-device-plugin" },
    ],
    volumeMounts: [
      { name: "available-configs", mountPath: "/available-configs" },
      { name: "config", mountPath: "/config" },
    ],
  };
}

const VOLUMES: V1Volume[] = [
  { name: "entrypoint", configMap: { name: ENTRYPOINT, defaultMode: 448 } },
  { name: "device-plugins", hostPath: { path: "/var/lib/kubelet/device-plugins" } },
  // Upstream wants the directory to exist; created here it cannot fail the mount on a fresh node.
  {
    name: "run-nvidia-validations",
    hostPath: { path: "/run/nvidia/validations", type: "DirectoryOrCreate" },
  },
  { name: "driver-root", hostPath: { path: "/run/nvidia/driver", type: "DirectoryOrCreate" } },
  { name: "host-root", hostPath: { path: "/" } },
  { name: "cdi", hostPath: { path: "/var/run/cdi", type: "DirectoryOrCreate" } },
  { name: "mps-root", hostPath: { path: "/run/nvidia/mps", type: "DirectoryOrCreate" } },
  { name: "mps-shm", hostPath: { path: "/run/nvidia/mps/shm", type: "DirectoryOrCreate" } },
  { name: "available-configs", configMap: { name: CONFIG_MAP } },
  { name: "config", emptyDir: {} },
];
