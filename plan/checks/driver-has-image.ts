import type { NodePool } from "../config/zone.ts";
import { hasDriverImage, OS_WITH_IMAGE } from "../gpu/driver-images.ts";
import type { PoolDriver } from "../gpu/driver.ts";
import type { Check } from "./check.ts";
import { driverCheck, type DriverFinding, type DriverOf } from "./driver-check.ts";

/** Without an image for the nodes' system the driver's pod waits in ImagePullBackOff for ever (gpu-operator#647). */
export function driverHasImage(driverOf: DriverOf): Check {
  return driverCheck(driverOf, find);
}

function find({ os }: NodePool, driver: PoolDriver): readonly DriverFinding[] {
  if (driver.mode === "preinstalled") return [];
  const systems = typeof os === "string" ? [os] : (os ?? []);
  return systems.flatMap((system): DriverFinding[] => {
    const has = hasDriverImage(system);
    if (has === "yes") return [];
    return [
      {
        key: "os",
        code: "GZ213",
        severity: has === "no" ? "error" : "warning",
        message: `wanted an operating system that has driver images (${OS_WITH_IMAGE.join(", ")}), got ${system}${has === "no" ? "" : ", of which nobody could verify it"}`,
        fix: "install the driver on the hosts and write driver: { mode: preinstalled } into the pool, or move its nodes",
      },
    ];
  });
}
