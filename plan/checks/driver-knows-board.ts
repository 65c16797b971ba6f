import type { NodePool } from "../config/zone.ts";
import { driverLimits, isOlder } from "../gpu/driver-limits.ts";
import type { PoolDriver } from "../gpu/driver.ts";
import { isPartitioned } from "../gpu/product-label.ts";
import { driverCheck, driverText, type DriverFinding, type DriverOf } from "./driver-check.ts";
import type { Check } from "./check.ts";

/** A driver that does not know a board loads and finds no GPU: too old for a new board, too new for an old one. */
export function driverKnowsBoard(driverOf: DriverOf): Check {
  return driverCheck(driverOf, find);
}

function find(pool: NodePool, driver: PoolDriver): readonly DriverFinding[] {
  if (driver.branch === 0) return [];
  const { product } = pool;
  const limits = driverLimits(product, isPartitioned(pool));
  const got = driverText(driver);
  const at = { key: "driver.version", code: "GZ211" as const };
  if (limits === undefined) {
    return [
      {
        ...{ ...at, key: "product", severity: "warning" },
        message: `wanted a board whose drivers are known, got ${product}: driver ${got} is not checked`,
        fix: "compare it with the supported products in the driver's release notes",
      },
    ];
  }
  if (limits.lastBranch !== undefined && driver.branch > limits.lastBranch) {
    return [
      {
        ...{ ...at, severity: isVerified(product) ? "error" : "warning" },
        message: `wanted a driver of branch ${limits.lastBranch} or older for ${product}, got ${got}: newer ones ignore the board`,
        fix: `give the pool a driver of its own of branch ${limits.lastBranch}`,
      },
    ];
  }
  const used = driver.version === "" ? String(driver.branch) : driver.version;
  const broken = limits.oldest.filter(({ version }) => isOlder(used, version));
  const worst = broken.find(({ of }) => of !== "unverified") ?? broken[0];
  if (worst === undefined) return [];
  const mode = worst.of === "mig" ? " in MIG mode" : "";
  const doubt = worst.of === "unverified" ? " (that bound is unverified)" : "";
  return [
    {
      ...{ ...at, severity: worst.of === "unverified" ? "warning" : "error" },
      message: `wanted driver ${worst.version} or newer for ${product}${mode}, got ${got}${doubt}`,
      fix: `set driver.version to ${worst.version} or newer`,
    },
  ];
}

/** Of Pascal boards no product label was read: what is said of one may be said of another board. */
function isVerified(product: string): boolean {
  return !product.startsWith("Tesla-P");
}
