import type { V1EnvVar, V1Toleration } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { sharesByMps } from "../../plan/gpu/sharing.ts";
import type { Release } from "../releases/release.ts";
import { operandRuntimeClass } from "./cdi.ts";
import { CONFIG_FILE, configManager } from "./config-manager.ts";
import { daemonSet, toolkitValidation, VALIDATIONS } from "./daemon-set.ts";
import { DEVICE_PLUGIN_ACCOUNT, mpsVolumes } from "./device-plugin.ts";
import type { Operand } from "./operand.ts";
import { operandImage } from "./operand-settings.ts";
import { resourceRequirements } from "./resource-requirements.ts";

/**
 * By its absolute path: the config manager looks for this argv[0] when the node's label changes, and does not find
 * the daemon under its bare name (k8s-device-plugin v0.20.0). On the host's processes it dies of the first kernel
 * thread, which has no argv, and signals nobody after its restart: from MPS to other MPS the pod is deleted by hand.
 */
const PROCESS = "/usr/bin/mps-control-daemon";

/**
 * Runs NVIDIA's Multi-Process Service on nodes whose GPUs are shared by it; the device plugin waits for it there
 * (gpu-stack reference 4.6, operator v26.7.0). It is part of the device plugin: image, settings, configuration.
 */
export const mpsControlDaemon: Operand = {
  name: "mps-control-daemon",
  manifests: (zone, release) =>
    zone.gpu.devicePlugin?.enabled !== false && Object.values(zone.nodePools).some(sharesByMps)
      ? [daemon(zone, release)]
      : [],
};

function daemon(zone: Zone, release: Release): KubernetesObject {
  const own = zone.gpu.devicePlugin;
  const image = operandImage(own, release.devicePlugin);
  const config = configManager({ image, process: PROCESS });
  return daemonSet(zone, {
    name: "nvidia-device-plugin-mps-control-daemon",
    deploy: "device-plugin",
    // GPU Feature Discovery says so where the node's entry shares by MPS and the boards can.
    nodeSelector: { "nvidia.com/mps.capable": "true" },
    tolerations: (own?.tolerations ?? []) as V1Toleration[],
    spec: {
      serviceAccountName: DEVICE_PLUGIN_ACCOUNT,
      ...operandRuntimeClass(zone),
      // MPS tells its clients apart by their process ids on the host; the config manager sees the daemon so, too.
      hostPID: true,
      initContainers: [
        toolkitValidation(release),
        {
          name: "mps-control-daemon-mounts",
          image,
          command: [PROCESS, "mount-shm"],
          securityContext: { privileged: true },
          // The shared memory that it mounts is for the host to see.
          volumeMounts: [{ name: "mps-root", mountPath: "/mps", mountPropagation: "Bidirectional" }],
        },
        config.init,
      ],
      containers: [
        {
          name: "mps-control-daemon-ctr",
          image,
          command: [PROCESS],
          env: ENV,
          ...resourceRequirements(own?.resources),
          securityContext: { privileged: true },
          volumeMounts: [
            { name: "mps-shm", mountPath: "/dev/shm" },
            { name: "mps-root", mountPath: "/mps" },
            config.mount,
          ],
        },
        config.sidecar,
      ],
      volumes: [VALIDATIONS, ...mpsVolumes(zone), ...config.volumes],
    },
  });
}

const ENV: V1EnvVar[] = [
  { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
  { name: "NVIDIA_DRIVER_CAPABILITIES", value: "compute,utility" },
  { name: "CONFIG_FILE", value: CONFIG_FILE },
];
