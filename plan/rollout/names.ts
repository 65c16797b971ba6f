/** Labels and annotations by which nodes, operands and a rollout know of each other (gpu-stack reference 6, 9, 11). */
export const DRIVER = "gpu-zones.dev/driver";
export const MIG_CONFIG = "nvidia.com/mig.config";
export const MIG_STATE = "nvidia.com/mig.config.state";
export const PLUGIN_CONFIG = "nvidia.com/device-plugin.config";
/** Set by the labeller, together with all that it gives to new nodes alone. */
export const POOL = "gpu-zones.dev/pool";
export const DEPLOY = "nvidia.com/gpu.deploy.";
/** Node selector by which a DaemonSet of somebody else makes way for a change of driver or MIG layout. */
export const CLIENT = `${DEPLOY}client`;

/** What mig-manager makes of a deploy label while it cuts the boards. */
export const PAUSED_FOR_MIG = "paused-for-mig-change";
/** What driver-manager makes of one; a value other than `true` stays before it. */
export const PAUSED_FOR_DRIVER = "paused-for-driver-upgrade";

/** Upstream's label: people and dashboards know its values. */
export const UPGRADE_STATE = "nvidia.com/gpu-driver-upgrade-state";
/** Label; `true`: no rollout touches the node. */
export const SKIP = "nvidia.com/gpu-driver-upgrade.skip";
/** Annotation; `true` switches driver-manager's own eviction off: somebody else sees to the pods. */
export const UPGRADE_ENABLED = "nvidia.com/gpu-driver-upgrade-enabled";
/** Annotation: a rollout is at work on the node, and what it must know of the time before. */
export const ROLLOUT = "gpu-zones.dev/rollout";

/** Pod label of driver pods of any version. */
export const COMPONENT = "app.kubernetes.io/component";
export const DRIVER_COMPONENT = "nvidia-driver";
export const REVISION_HASH = "controller-revision-hash";

/** Where all operands run. */
export const OPERANDS = "gpu-operator";
export const VALIDATOR = "nvidia-operator-validator";
