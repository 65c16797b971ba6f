import type { NodePool } from "../config/zone.ts";
import type { PoolDriver } from "../gpu/driver.ts";
import type { Check } from "./check.ts";
import { driverCheck, type DriverFinding, type DriverOf } from "./driver-check.ts";

/** Under Secure Boot the kernel loads signed modules only; those that the driver container builds have no signature. */
export function driverBootsSecurely(driverOf: DriverOf): Check {
  return driverCheck(driverOf, find);
}

function find({ secureBoot, os }: NodePool, { mode }: PoolDriver): readonly DriverFinding[] {
  if (secureBoot !== true || mode === "preinstalled") return [];
  const systems = typeof os === "string" ? [os] : (os ?? []);
  if (mode === "container") {
    return [
      {
        key: "secureBoot",
        code: "GZ214",
        severity: "error",
        message:
          "wanted signed kernel modules under Secure Boot, got a driver container, which builds unsigned ones",
        fix: "write driver: { mode: precompiled } or { mode: preinstalled } into the pool, or turn Secure Boot off on its nodes",
      },
    ];
  }
  // Canonical signs what the precompiled images for Ubuntu hold; of others no source was read.
  const unsure = systems.filter((system) => !system.startsWith("ubuntu"));
  return unsure.length === 0
    ? []
    : [
        {
          key: "secureBoot",
          code: "GZ214",
          severity: "warning",
          message: `wanted kernel modules that are known to be signed under Secure Boot, got precompiled ones for ${unsure.join(", ")}`,
          fix: "try one node first, or install the driver on the hosts: driver: { mode: preinstalled }",
        },
      ];
}
