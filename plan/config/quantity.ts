const DECIMAL = ["", "k", "M", "G", "T", "P", "E"];

/** A Kubernetes quantity in cores or bytes; the schema has checked its form. */
export function amount(quantity: string | number): number {
  const [, digits = "", unit = ""] = /^([\d.]+)(.*)$/.exec(String(quantity)) ?? [];
  if (unit === "m") return Number(digits) / 1000;
  const binary = unit.endsWith("i");
  return Number(digits) * (binary ? 1024 : 1000) ** DECIMAL.indexOf(binary ? toDecimal(unit) : unit);
}

/** Ki counts like k; the other units are written alike. */
function toDecimal(unit: string): string {
  const letter = unit.slice(0, -1);
  return letter === "K" ? "k" : letter;
}
