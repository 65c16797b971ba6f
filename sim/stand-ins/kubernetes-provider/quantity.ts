import type { Json } from "../plugin/protobuf.ts";
import type { PathStep } from "./replace-fields.ts";

// Fields below these hold quantities, which the API server rewrites: 64 becomes "64", "1000m" becomes "1".
const holders = new Set([
  "limits",
  "requests",
  "capacity",
  "allocatable",
  "hard",
  "min",
  "max",
  "default",
  "defaultRequest",
  "maxLimitRequestRatio",
  "overhead",
  "sizeLimit",
  "divisor",
]);

const thousands = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** True when two values at a path are one quantity in two spellings. */
export function sameQuantity(path: readonly PathStep[], before: Json, after: Json): boolean {
  if (!path.some((step) => typeof step === "string" && holders.has(step))) return false;
  const left = nanos(before);
  return left !== undefined && left === nanos(after);
}

/** A quantity in billionths; undefined for what is none. */
function nanos(value: Json): bigint | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(value));
  const [, sign, whole = "", fraction = "", exponent = "0", suffix = ""] = match ?? [];
  if (match === null || whole + fraction === "") return undefined;
  const power = Math.max(binary.indexOf(suffix), 0);
  const tens = 9 - fraction.length + Number(exponent) + (power > 0 ? 0 : 3 * (thousands.indexOf(suffix) - 3));
  if (tens < 0 || tens > 60) return undefined;
  const size = BigInt(whole + fraction) * 10n ** BigInt(tens) * 1024n ** BigInt(power);
  return sign === "-" ? -size : size;
}
