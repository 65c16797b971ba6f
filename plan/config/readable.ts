import { issuesOf, valueAt, type Issue } from "./issues.ts";
import { zoneSchema, type ZoneSettings } from "./schema/zone.ts";

/** Pools, apps and classes: what is wrong with one leaves the others as they are. */
const NAMED: readonly string[] = ["nodePools", "apps", "hardware"];

/** Rounds of taking wrong values out; each takes out at least one, and a round finds most. */
const ROUNDS_MAX = 10;

/**
 * The settings without what does not fit the schema, for the rules: each pool and app that is right is looked at,
 * and one with a wrong value not at all, since its other values may follow from that one.
 * @returns undefined when too much is wrong
 */
export function readableSettings(value: unknown): ZoneSettings | undefined {
  const left = structuredClone(value);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const result = zoneSchema.safeParse(left);
    if (result.success) return result.data;
    for (const issue of issuesOf(left)) for (const path of wrongPaths(issue)) remove(left, path);
  }
  return undefined;
}

function wrongPaths(issue: Issue): string[][] {
  const path = issue.path.map(String);
  const [top = ""] = path;
  if (NAMED.includes(top) && path.length >= 2) return [path.slice(0, 2)];
  // Items of a list have their place in it: the list goes as a whole.
  const item = path.findIndex((key) => /^\d+$/.test(key));
  if (item >= 0) return [path.slice(0, item)];
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
}

/** Takes a value out, or where there is none (something is missing) the map that lacks it. */
function remove(value: unknown, path: readonly string[]): void {
  const [key, parent] = [path.at(-1), valueAt(value, path.slice(0, -1))];
  if (key === undefined) return;
  if (typeof parent === "object" && parent !== null && Object.hasOwn(parent, key))
    Reflect.deleteProperty(parent, key);
  else remove(value, path.slice(0, -1));
}
