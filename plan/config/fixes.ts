import { valueAt, wouldFit, type Issue } from "./issues.ts";
import { suggestion } from "./nearest.ts";

const LOOK_UP = "look the key up in docs/schema/zone.schema.json";

/** What people write for true and false where YAML 1.2 reads text. */
const SPOKEN: Readonly<Record<string, boolean>> = {
  ...{ yes: true, on: true, y: true, true: true, enabled: true },
  ...{ no: false, off: false, n: false, false: false, disabled: false },
};

/** What to write instead, by what was wanted and what was got; only what would then be right is offered. */
export function fixFor(issue: Issue, value: unknown): string {
  const path = issue.path.map(String);
  const got = valueAt(value, path);
  const fits = (candidate: unknown): boolean => wouldFit(value, path, candidate);
  if (got === null) return "write a value behind the key, or take the key out";
  if (typeof got === "string") {
    const spoken = SPOKEN[got.toLowerCase()];
    if (spoken !== undefined && fits(spoken))
      return got === String(spoken) ? "take the quotes off" : `write ${String(spoken)}`;
    if (got.trim() !== "" && Number.isFinite(Number(got)) && fits(Number(got))) return "take the quotes off";
  }
  if ((typeof got === "number" || typeof got === "boolean") && fits(String(got)))
    return `quote it: "${String(got)}"`;
  if ((typeof got === "string" || typeof got === "number") && fits([got])) return `write [${got}]`;
  if (issue.code === "invalid_value" && typeof got === "string" && issue.values.length > 0)
    return suggestion(got, issue.values.map(String));
  if (issue.code === "invalid_type" && ["object", "record"].includes(issue.expected))
    return "write keys with values: `key: value`, one a line";
  return LOOK_UP;
}

/** What to write instead of a number that readers of YAML take for different ones. */
export function fixForNumber(source: string, read: unknown, path: readonly string[], value: unknown): string {
  if (wouldFit(value, path, source)) return `quote it: "${source}"`;
  return typeof read === "number" ? `write ${String(read)}, if that is meant` : LOOK_UP;
}
