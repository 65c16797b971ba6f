/** What YAML 1.1, as Pulumi reads it, takes for a number and YAML 1.2 for text: 1_000, 0b11. */
const NUMBER_OF_1_1 = /^[-+]?(0b[01_]+|0x[\da-f_]+|0o?[0-7_]+|\d[\d_]*(\.[\d_]*)?(e[-+]?\d+)?)$/i;

/**
 * Whether a value without quotes means one thing only. 1.10 is the number 1.1, which is another version;
 * 010 is ten here and eight to Pulumi; 12345678901234567890 loses its last digits.
 */
export function isUnsure(source: string, value: string | number | boolean | null): boolean {
  if (typeof value === "number") return String(value) !== source;
  return typeof value === "string" && NUMBER_OF_1_1.test(source);
}
