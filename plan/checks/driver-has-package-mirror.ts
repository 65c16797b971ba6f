import type { NodePool, Zone } from "../config/zone.ts";
import { configPlace, type Check } from "./check.ts";
import type { DriverOf } from "./driver-check.ts";

/**
 * A driver container fetches kernel headers at every boot: without a mirror GPUs depend on the internet.
 * @param hasMirror whether the pool's driver takes its packages from the zone's own repository (`repoConfig`)
 */
export function driverHasPackageMirror(
  driverOf: DriverOf,
  hasMirror: (zone: Zone, pool: NodePool) => boolean,
): Check {
  return ({ zone }) => {
    if (!zone.gpu.managed) return [];
    const without = Object.entries(zone.nodePools)
      .filter(([, pool]) => driverOf(zone, pool).mode === "container" && !hasMirror(zone, pool))
      .map(([name]) => name);
    if (without.length === 0) return [];
    return [
      {
        ...configPlace(zone, "gpu.driver.repoConfig"),
        code: "GZ215",
        severity: "warning",
        message: `wanted a package mirror for the driver container, got none for ${without.length === 1 ? "pool" : "pools"} ${without.join(", ")}: their GPUs need the internet at every boot`,
        fix: "name a ConfigMap with the mirror's sources in gpu.driver.repoConfig, take mode: precompiled or preinstalled, or agree with repoConfig: null",
      },
    ];
  };
}
