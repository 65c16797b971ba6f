/** Labels and names that the GPU components agree on. */
export const GPU = "nvidia.com/gpu";
export const GPU_PRESENT = "nvidia.com/gpu.present";
export const DEPLOY = "nvidia.com/gpu.deploy.";
export const MIG_CONFIG = "nvidia.com/mig.config";
export const MIG_CONFIG_STATE = "nvidia.com/mig.config.state";
export const MIG_CAPABLE = "nvidia.com/mig.capable";
export const PLUGIN_CONFIG = "nvidia.com/device-plugin.config";
