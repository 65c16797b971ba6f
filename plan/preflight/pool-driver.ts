import type { NodePool, Zone } from "../config/zone.ts";

/** How a driver comes to the nodes of a pool: built there, built before for their kernel, or there already. */
export type DriverMode = "container" | "precompiled" | "preinstalled";

/** Mode of a pool's driver: its own, else the zone's; `container` where nobody says. */
export function driverMode(zone: Zone, pool: NodePool): DriverMode {
  return modeOf(pool.driver) ?? modeOf(zone.gpu.driver) ?? "container";
}

/** The pools' key is `mode`; ClusterPolicy's are `enabled` and `usePrecompiled`. */
function modeOf(driver: unknown): DriverMode | undefined {
  const { mode, enabled, usePrecompiled } = (driver ?? {}) as {
    mode?: DriverMode;
    enabled?: boolean;
    usePrecompiled?: boolean;
  };
  return mode ?? (enabled === false ? "preinstalled" : usePrecompiled === true ? "precompiled" : undefined);
}
