/** Labels and names that the GPU components agree on. */
export const GPU = "nvidia.com/gpu";
export const GPU_PRESENT = "nvidia.com/gpu.present";
export const DEPLOY = "nvidia.com/gpu.deploy.";
export const MIG_CONFIG = "nvidia.com/mig.config";
export const MIG_CONFIG_STATE = "nvidia.com/mig.config.state";
export const MIG_CAPABLE = "nvidia.com/mig.capable";
/** Which driver the node is to have: of its pool, in the words of the driver's DaemonSets. */
export const DRIVER = "gpu-zones.dev/driver";
/** Annotation: somebody else evicts and drains for a new driver. */
export const UPGRADE_ENABLED = "nvidia.com/gpu-driver-upgrade-enabled";
/** Value of a deploy label while driver-manager has its operand out of the way. */
export const DRIVER_PAUSE = "paused-for-driver-upgrade";
export const PLUGIN_CONFIG = "nvidia.com/device-plugin.config";
