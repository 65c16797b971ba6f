import type { Check } from "../../../plan/checks/check.ts";
import type { DriverOf } from "../../../plan/checks/driver-check.ts";
import type { PoolDriver } from "../../../plan/gpu/driver.ts";
import { findings } from "./objects.ts";

/** A driver container of that version, unless something else is said. */
export function driver(version: string, more: Partial<PoolDriver> = {}): PoolDriver {
  const branch = Number(version.split(".")[0]);
  return { mode: "container", version, branch, kernelModuleType: "auto", label: version, ...more };
}

/** What a check finds of one pool with this driver. */
export function foundOf(
  check: (driverOf: DriverOf) => Check,
  pool: string,
  used: PoolDriver,
  more = "",
): string[] {
  return findings(
    check(() => used),
    [],
    `nodePools:\n  a: { gpusPerNode: 1, nodes: [n1], ${pool} }\n${more}`,
  );
}

/** `error GZ211`, or nothing. */
export function verdict(found: readonly string[]): string {
  return found.map((text) => text.split(" ").slice(0, 2).join(" ")).join(", ");
}
