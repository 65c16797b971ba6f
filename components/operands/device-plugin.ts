import type { V1Container, V1EnvVar, V1Toleration, V1Volume } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { migStrategy } from "../../plan/gpu/product-label.ts";
import { commonMigStrategy } from "../../plan/gpu/sharing.ts";
import type { Release } from "../releases/release.ts";
import { cdiEnabled, cdiEnv, isToolkitOurs, operandRuntimeClass } from "./cdi.ts";
import { AVAILABLE_CONFIGS, CONFIG_FILE, configManager } from "./config-manager.ts";
import { daemonSet, toolkitValidation, VALIDATIONS } from "./daemon-set.ts";
import { configEntries } from "./device-plugin-config.ts";
import { entrypoint } from "./entrypoint.ts";
import { pluginAlerts } from "./gpu-alerts.ts";
import { hostPaths, withHostRoot } from "./host-paths.ts";
import { alertRules } from "./monitoring.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";
import { environment, operandImage } from "./operand-settings.ts";
import { nodeReader } from "./rbac.ts";
import { resourceRequirements } from "./resource-requirements.ts";

const NAME = "nvidia-device-plugin-daemonset";
const PROCESS = "nvidia-device-plugin";
const MPS_ROOT = "/run/nvidia/mps";

/** The MPS control daemon runs as the device plugin's service account, as upstream. */
export const DEVICE_PLUGIN_ACCOUNT = "nvidia-device-plugin";

/** Hands the node's GPUs to the kubelet as `nvidia.com/*` resources (gpu-stack reference 4.5, operator v26.7.0). */
export const devicePlugin: Operand = {
  name: "device-plugin",
  manifests: (zone, release) => {
    const runs = zone.gpu.devicePlugin?.enabled !== false;
    return [
      ...(runs ? [...nodeReader(DEVICE_PLUGIN_ACCOUNT), ENTRYPOINT.configMap] : []),
      // GPU Feature Discovery reads it too: labels say how GPUs are shared, whoever hands them out.
      ...(runs || zone.gpu.gfd?.enabled !== false ? [configMap(zone)] : []),
      ...(runs ? [plugin(zone, release), ...alertRules(zone, NAME, pluginAlerts())] : []),
    ];
  },
};

/** GDRCopy and GPUDirect Storage follow the modules that are loaded, unless they are set already. */
const ENTRYPOINT = entrypoint(
  "nvidia-device-plugin-entrypoint",
  [
    "if [ -d /sys/module/gdrdrv ]; then",
    '  : "${GDRCOPY_ENABLED:=true}"',
    "fi",
    "if [ -d /sys/module/nvidia_fs ]; then",
    '  : "${GDS_ENABLED:=true}" "${MOFED_ENABLED:=true}"',
    "fi",
  ],
  PROCESS,
);

function configMap(zone: Zone): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: AVAILABLE_CONFIGS, namespace: GPU_NAMESPACE },
    data: Object.fromEntries(configEntries(zone).map((entry) => [entry.name, entry.content])),
  };
}

function plugin(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.devicePlugin;
  const image = operandImage(own, release.devicePlugin);
  const config = configManager({ image, process: PROCESS });
  const inPod = (container: V1Container): V1Container => withHostRoot(zone, container);
  return daemonSet(zone, {
    name: NAME,
    deploy: "device-plugin",
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    // The entrypoint's alone: the plugin's configuration changes in the running pod.
    podAnnotations: ENTRYPOINT.podAnnotations,
    spec: {
      serviceAccountName: DEVICE_PLUGIN_ACCOUNT,
      ...operandRuntimeClass(zone),
      // The config manager signals the plugin when the node's label names another entry.
      shareProcessNamespace: true,
      initContainers: [toolkitValidation(release), config.init].map(inPod),
      containers: [
        {
          name: "nvidia-device-plugin",
          image,
          ...ENTRYPOINT.command,
          env: environment(pluginEnv(zone), own?.env ?? []),
          ...resourceRequirements(own?.resources),
          securityContext: { privileged: true },
          volumeMounts: [
            ENTRYPOINT.mount,
            // The kubelet's socket is looked for here, wherever the kubelet keeps it on the host.
            { name: "device-plugins", mountPath: "/var/lib/kubelet/device-plugins" },
            { name: VALIDATIONS.name, mountPath: "/run/nvidia/validations" },
            { name: "driver-root", mountPath: "/driver-root", mountPropagation: "HostToContainer" },
            { name: "host-root", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
            { name: "cdi", mountPath: "/var/run/cdi" },
            { name: "mps-shm", mountPath: "/dev/shm" },
            { name: "mps-root", mountPath: "/mps" },
            config.mount,
          ],
        },
        config.sidecar,
      ].map(inPod),
      volumes: [
        ENTRYPOINT.volume,
        { name: "device-plugins", hostPath: { path: `${hostPaths(zone).kubeletRootDir}/device-plugins` } },
        VALIDATIONS,
        {
          name: "driver-root",
          hostPath: { path: hostPaths(zone).driverInstallDir, type: "DirectoryOrCreate" },
        },
        { name: "host-root", hostPath: { path: hostPaths(zone).rootFS } },
        { name: "cdi", hostPath: { path: "/var/run/cdi", type: "DirectoryOrCreate" } },
        ...mpsVolumes(zone),
        ...config.volumes,
      ],
    },
  });
}

function pluginEnv(zone: Zone): V1EnvVar[] {
  return [
    { name: "PASS_DEVICE_SPECS", value: "true" },
    { name: "FAIL_ON_INIT_ERROR", value: "true" },
    { name: "DEVICE_ID_STRATEGY", value: "uuid" },
    ...(cdiEnabled(zone)
      ? [
          { name: "DEVICE_LIST_STRATEGY", value: "cdi-annotations,cdi-cri" },
          { name: "CDI_ANNOTATION_PREFIX", value: "cdi.k8s.io/" },
        ]
      : // Our toolkit takes mounts, and no variable of an unprivileged pod; a host's takes what it takes by default.
        [{ name: "DEVICE_LIST_STRATEGY", value: isToolkitOurs(zone) ? "volume-mounts" : "envvar" }]),
    ...cdiEnv(zone),
    { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
    { name: "NVIDIA_DRIVER_CAPABILITIES", value: "all" },
    { name: "MPS_ROOT", value: mpsRoot(zone) },
    ...migEnv(zone),
    { name: "CONFIG_FILE", value: CONFIG_FILE },
  ];
}

/**
 * The MIG strategy, for the plugin and for GPU Feature Discovery. It stands in the environment as upstream has it,
 * unless pools differ: then the entries of the configuration say it, which the environment would override.
 */
export function migEnv(zone: Zone): V1EnvVar[] {
  const common = commonMigStrategy(zone);
  return [
    ...(common === undefined ? [] : [{ name: "MIG_STRATEGY", value: common }]),
    ...(migStrategy(zone.gpu) === "none" ? [] : [{ name: "NVIDIA_MIG_MONITOR_DEVICES", value: "all" }]),
  ];
}

/** Where the MPS control daemon and its clients meet on the host. */
function mpsRoot(zone: Zone): string {
  return zone.gpu.devicePlugin?.mps?.root ?? MPS_ROOT;
}

/** The same for the plugin and the MPS control daemon: mounted at /mps and /dev/shm. */
export function mpsVolumes(zone: Zone): V1Volume[] {
  const root = mpsRoot(zone);
  return [
    { name: "mps-root", hostPath: { path: root, type: "DirectoryOrCreate" } },
    { name: "mps-shm", hostPath: { path: `${root}/shm`, type: "DirectoryOrCreate" } },
  ];
}
