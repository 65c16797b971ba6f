import type { NodePool } from "../config/zone.ts";
import { driverLimits } from "../gpu/driver-limits.ts";
import type { PoolDriver } from "../gpu/driver.ts";
import type { Check } from "./check.ts";
import { driverCheck, driverText, type DriverFinding, type DriverOf } from "./driver-check.ts";

/** Below this branch `auto` takes the proprietary modules (nvidia-installer in the driver container). */
const AUTO_IS_OPEN = 560;

/** Open modules need Turing or newer; Grace Hopper and Blackwell take no others. */
export function kernelModulesDriveBoard(driverOf: DriverOf): Check {
  return driverCheck(driverOf, find);
}

function find({ product }: NodePool, driver: PoolDriver): readonly DriverFinding[] {
  // What the host has, the host knows.
  if (driver.mode === "preinstalled") return [];
  const wanted = driverLimits(product, false)?.modules;
  if (wanted === undefined) return [];
  const { kernelModuleType: written, branch } = driver;
  const got = written === "auto" && branch > 0 && branch < AUTO_IS_OPEN ? "proprietary" : written;
  if (got === "auto" || got === wanted) return [];
  const how = written === "auto" ? `auto, which is proprietary for ${driverText(driver)}` : written;
  return [
    {
      key: "driver.kernelModuleType",
      code: "GZ212",
      severity: product.startsWith("Tesla-P") ? "warning" : "error",
      message: `wanted ${wanted} kernel modules for ${product}, got ${how}`,
      fix: `write kernelModuleType: ${wanted}${written === "auto" ? ", or take a newer driver" : " or auto"}`,
    },
  ];
}
