import type { z } from "zod";
import { choiceAt, type Choice } from "./schema/keys.ts";
import { zoneSchema } from "./schema/zone.ts";

export type Issue = z.core.$ZodIssue;

/** Everything about a value that does not fit the schema; in a union of maps, what does not fit the one that was meant. */
export function issuesOf(value: unknown): Issue[] {
  const result = zoneSchema.safeParse(value);
  if (result.success) return [];
  const chosen = new Set<string>();
  return result.error.issues.flatMap((issue) => {
    const choice = choiceAt(zoneSchema, issue.path.map(String));
    const got = choice === undefined ? undefined : valueAt(value, choice.path);
    if (choice === undefined || !isMap(got)) return [issue];
    const at = choice.path.join(".");
    if (chosen.has(at)) return [];
    chosen.add(at);
    return issuesOfChoice(choice, issue.path.slice(0, choice.path.length), got);
  });
}

/** The member whose keys fit best decides, whatever stands under them: the validator prefers one by its values. */
function issuesOfChoice(
  { members, message }: Choice,
  path: PropertyKey[],
  got: Readonly<Record<string, unknown>>,
): Issue[] {
  const ranked = members
    .map((member) => ({ member, strange: strangeness(member, got) }))
    .toSorted((a, b) => a.strange - b.strange);
  const [best, second] = ranked;
  if (best === undefined || best.strange === second?.strange)
    return [{ code: "custom", path, message, input: got }];
  const issues = best.member.safeParse(got).error?.issues ?? [];
  return issues.map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
}

/** Keys that are unknown or missing. */
function strangeness(member: z.ZodObject, got: Readonly<Record<string, unknown>>): number {
  const unknown = Object.keys(got).filter((key) => !Object.hasOwn(member.shape, key));
  const missing = Object.entries(member.shape).filter(
    ([key, each]) => !Object.hasOwn(got, key) && !(each as z.ZodType).safeParse(undefined).success,
  );
  return unknown.length + missing.length;
}

/** What stands at a path; undefined for nothing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** Whether another value at the path would do. */
export function wouldFit(value: unknown, path: readonly string[], candidate: unknown): boolean {
  const changed = structuredClone(value);
  const key = path.at(-1);
  const parent = valueAt(changed, path.slice(0, -1));
  if (key === undefined || typeof parent !== "object" || parent === null) return false;
  (parent as Record<string, unknown>)[key] = candidate;
  const at = path.join(".");
  return issuesOf(changed).every((issue) => {
    const other = issue.path.map(String).join(".");
    // A union above the path tells as one what is wrong inside of it.
    const above = issue.code === "invalid_union" && at.startsWith(`${other}.`);
    return other !== at && !other.startsWith(`${at}.`) && !above;
  });
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
