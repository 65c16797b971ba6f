/** A Kubernetes quantity as a manifest may hold it: a number, or text such as `500m`, `2`, `1e3` or `1.5Gi`. */
export type Quantity = string | number;

/** How a quantity was written, which decides how it is written again. */
type Format = "decimal" | "exponent" | "binary";

interface Parsed {
  /** In billionths: the smallest unit that Kubernetes keeps. */
  readonly nano: bigint;
  readonly format: Format;
}

/** Suffix and power of ten of each decimal unit. */
const DECIMAL_UNITS = new Map([
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
]);
const BINARY_UNITS = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const NANO = 1_000_000_000n;
const MILLI_IN_NANO = 1_000_000n;

/** Where Kubernetes cuts binary quantities off: the largest signed 64-bit number. */
const BINARY_LARGEST = (2n ** 63n - 1n) * NANO;

/** Power of ten of the largest decimal unit, E. */
const DECIMAL_EXPONENT_MAX = 18;

/** More digits in an exponent than any quantity has; a power of such a size would not end. */
const EXPONENT_MAX = 100;

/**
 * The text that the API server stores for a quantity (resource.Quantity of apimachinery v0.36): the same value in the largest
 * unit without a fraction, in the family of units that was used.
 * @param roundUpToMilli lists of resources (requests, limits, hard…) are rounded up to thousandths when they are stored
 * @returns undefined for what is no quantity
 */
export function canonicalQuantity(quantity: Quantity, roundUpToMilli = false): string | undefined {
  const parsed = parse(quantity);
  if (parsed === undefined) return undefined;
  const nano = roundUpToMilli ? divideUp(parsed.nano, MILLI_IN_NANO) * MILLI_IN_NANO : parsed.nano;
  if (nano === 0n) return "0";
  const whole = nano % NANO === 0n;
  const small = nano < 1024n * NANO && nano > -1024n * NANO;
  return parsed.format === "binary" && whole && !small
    ? binaryText(nano / NANO)
    : decimalText(nano, parsed.format === "exponent" ? "exponent" : "decimal");
}

/** The value as a number, as exact as a number is; undefined for what is no quantity. */
export function quantityValue(quantity: Quantity): number | undefined {
  const parsed = parse(quantity);
  return parsed === undefined ? undefined : Number(parsed.nano) / Number(NANO);
}

function parse(quantity: Quantity): Parsed | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([a-zA-Z]*|[eE][+-]?\d+)$/.exec(String(quantity));
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole + fraction === "") return undefined;
  const unit = unitOf(suffix);
  if (unit === undefined) return undefined;
  const scale = unit.exponent - fraction.length + 9;
  const digits = BigInt(whole + fraction) * unit.factor;
  // What is finer than a billionth is rounded away from zero.
  const magnitude = scale >= 0 ? digits * 10n ** BigInt(scale) : divideUp(digits, 10n ** BigInt(-scale));
  const bounded = unit.format === "binary" && magnitude > BINARY_LARGEST ? BINARY_LARGEST : magnitude;
  return { nano: sign === "-" ? -bounded : bounded, format: unit.format };
}

function unitOf(suffix: string): { factor: bigint; exponent: number; format: Format } | undefined {
  const decimal = DECIMAL_UNITS.get(suffix);
  if (decimal !== undefined) return { factor: 1n, exponent: decimal, format: "decimal" };
  const power = BINARY_UNITS.indexOf(suffix) + 1;
  if (power > 0) return { factor: 1024n ** BigInt(power), exponent: 0, format: "binary" };
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > EXPONENT_MAX) return undefined;
  return { factor: 1n, exponent: Number(exponent), format: "exponent" };
}

/** A whole number that is 1024 or more, in the largest unit that divides it. */
function binaryText(value: bigint): string {
  let number = value;
  let power = 0;
  while (number % 1024n === 0n && power < BINARY_UNITS.length) {
    number /= 1024n;
    power++;
  }
  return `${number}${power === 0 ? "" : (BINARY_UNITS[power - 1] ?? "")}`;
}

function decimalText(nano: bigint, format: "decimal" | "exponent"): string {
  let number = nano;
  let exponent = -9;
  const last = format === "decimal" ? DECIMAL_EXPONENT_MAX : Infinity;
  while (exponent < last && number % 1000n === 0n) {
    number /= 1000n;
    exponent += 3;
  }
  if (format === "exponent") return `${number}${exponent === 0 ? "" : `e${exponent}`}`;
  return `${number}${[...DECIMAL_UNITS].find(([, power]) => power === exponent)?.[0] ?? ""}`;
}

/** Division of whole numbers; a rest counts as one more, away from zero for positive and toward it for negative numbers. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by > 0n ? quotient + 1n : quotient;
}
