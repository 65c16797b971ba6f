import { configPlace, type Check } from "./check.ts";

/** How the container toolkit has to read a runtime's configuration depends on the runtime (gpu-stack reference 12). */
export const runtimeIsNamed: Check = ({ zone }) => {
  if (!zone.gpu.managed || zone.gpu.toolkit?.enabled === false) return [];
  return Object.entries(zone.nodePools)
    .filter(([, { runtime }]) => runtime === undefined)
    .map(([name]) => ({
      ...configPlace(zone, `nodePools.${name}.runtime`),
      code: "GZ221" as const,
      severity: "warning" as const,
      message: `wanted the container runtime of pool ${name}, got nothing: the container toolkit takes it for containerd 2.0 or newer`,
      fix: "write runtime: into the pool or into its hardware class, such as containerd@2.1, containerd@1.7 or crio@1.34",
    }));
};
