import type { V1EnvVar } from "@kubernetes/client-node";
import type { Zone } from "../../plan/config/zone.ts";

const INSTALL_DIR = "/usr/local/nvidia";

/** Whether GPUs reach containers by the Container Device Interface: so they do by default, as upstream. */
export function cdiEnabled(zone: Zone): boolean {
  return zone.gpu.cdi?.enabled !== false;
}

/** False where the hosts bring the container toolkit, with a configuration of their own. */
export function isToolkitOurs(zone: Zone): boolean {
  return zone.gpu.toolkit?.enabled !== false;
}

/** `CDI_ENABLED` and the path of the hook; the path only where the container toolkit is ours. None with CDI off. */
export function cdiEnv(zone: Zone): V1EnvVar[] {
  if (!cdiEnabled(zone)) return [];
  const { toolkit } = zone.gpu;
  const hook = `${toolkit?.installDir ?? INSTALL_DIR}/toolkit/nvidia-cdi-hook`;
  return [
    { name: "CDI_ENABLED", value: "true" },
    ...(isToolkitOurs(zone) ? [{ name: "NVIDIA_CDI_HOOK_PATH", value: hook }] : []),
  ];
}

/**
 * The RuntimeClass of operands that use the GPU. CRI-O without CDI has no handler of that name: there, the toolkit's
 * hook acts on every pod.
 */
export function operandRuntimeClass(zone: Zone): { runtimeClassName?: string } {
  const pools = Object.values(zone.nodePools);
  const isCrioAlone = pools.length > 0 && pools.every(({ runtime }) => runtime?.startsWith("crio@") === true);
  return isCrioAlone && !cdiEnabled(zone) ? {} : { runtimeClassName: "nvidia" };
}
