import type { Problem } from "../config/problem.ts";
import type { NodePool, Zone } from "../config/zone.ts";
import type { PoolDriver } from "../gpu/driver.ts";
import { configPlace, type Check } from "./check.ts";

/** How a zone drives the boards of a pool. */
export type DriverOf = (zone: Zone, pool: NodePool) => PoolDriver;

/** What a check says of one pool's driver, and of which of its keys. */
export interface DriverFinding extends Pick<Problem, "code" | "severity" | "message" | "fix"> {
  /** Key of the pool that it is about; `driver` points at the zone's `gpu.driver` where the pool has none of its own. */
  readonly key: string;
}

/** A check of each pool with its driver. Where somebody else runs the GPU stack, its driver is not known. */
export function driverCheck(
  driverOf: DriverOf,
  find: (pool: NodePool, driver: PoolDriver, name: string) => readonly DriverFinding[],
): Check {
  return ({ zone }) =>
    zone.gpu.managed
      ? Object.entries(zone.nodePools).flatMap(([name, pool]) =>
          find(pool, driverOf(zone, pool), name).map(({ key, ...rest }) => ({
            ...place(zone, name, key),
            ...rest,
          })),
        )
      : [];
}

/** Where nobody wrote of a driver, the pool is the place to write of one. */
function place(zone: Zone, pool: string, key: string): ReturnType<typeof configPlace> {
  const own = configPlace(zone, `nodePools.${pool}.${key}`);
  const ofZone = configPlace(zone, `gpu.${key}`);
  const isDriver = key.startsWith("driver.") && !Object.hasOwn(zone.nodePools[pool] ?? {}, "driver");
  return isDriver && ofZone.line > 0 ? ofZone : own;
}

/** The driver as messages name it. */
export function driverText({ version, branch }: PoolDriver): string {
  return version === "" ? `branch ${branch}` : version;
}
