import type { z } from "zod";
import type { Origins } from "./origins.ts";
import type { Problem } from "./problem.ts";
import { suggestion } from "./nearest.ts";
import { NOT_YET } from "./schema/values.ts";
import { keysAt } from "./schema/keys.ts";
import { zoneSchema, type ZoneSettings } from "./schema/zone.ts";

/** Checks the merged values against the schema; every issue becomes a problem at the line that caused it. */
export function validate(
  zone: string,
  value: unknown,
  origins: Origins,
): { settings: ZoneSettings | undefined; problems: Problem[] } {
  const result = zoneSchema.safeParse(value);
  if (result.success) return { settings: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => fromIssue(zone, issue, value, origins));
  return { settings: undefined, problems: problems.filter((problem) => !isRepeated(problem, problems)) };
}

/** Pools repeat what is wrong with their hardware class, apps what is wrong with `appDefaults`: it is told once. */
function isRepeated({ path, code, file, line }: Problem, all: readonly Problem[]): boolean {
  const [, kind, rest] = /^(apps|nodePools)\.[^.]+\.(.+)$/.exec(path) ?? [];
  return all.some((other) => {
    const source = kind === "apps" ? /^appDefaults\.(.+)$/ : /^hardware\.[^.]+\.(.+)$/;
    const same = rest !== undefined && source.exec(other.path)?.[1] === rest;
    return same && other.code === code && other.file === file && other.line === line;
  });
}

type Issue = z.core.$ZodIssue;

function fromIssue(zone: string, issue: Issue, value: unknown, origins: Origins): Problem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const full = [...path, key].join(".");
      return {
        ...at(zone, full, origins),
        code: "GZ002",
        message: `unknown key "${key}"${path.length > 0 ? ` in ${path.join(".")}` : ""}`,
        fix: suggestion(key, keysAt(zoneSchema, path)),
      };
    });
  }
  const notYet = findNotYet(issue);
  if (notYet !== undefined) {
    return [
      {
        ...at(zone, [...path, ...notYet.path].join("."), origins),
        code: "GZ005",
        message: notYet.message,
        fix: "take the key out until a release of gpu-zones announces it",
      },
    ];
  }
  const member = issue.code === "invalid_union" ? likelyMember(issue, valueAt(value, path)) : undefined;
  if (member !== undefined) {
    return member.flatMap((inner) =>
      fromIssue(zone, { ...inner, path: [...issue.path, ...inner.path] }, value, origins),
    );
  }
  const got = issue.code === "invalid_key" ? path.at(-1) : valueAt(value, path);
  const missing = got === undefined;
  return [
    {
      ...at(zone, path.join("."), origins),
      code: missing ? "GZ004" : "GZ003",
      message: `${wanted(issue)}, got ${missing ? "nothing" : show(got)}`,
      fix: fixFor(issue, got),
    },
  ];
}

/** The kind of a union that the writer most likely meant: the one that its keys fit best, if there is one such. */
function likelyMember(issue: Issue & { code: "invalid_union" }, got: unknown): Issue[] | undefined {
  if (typeof got !== "object" || got === null) return undefined;
  const ranked = issue.errors
    .map((issues) => ({ issues, strange: issues.reduce((sum, inner) => sum + strangeness(inner, got), 0) }))
    .toSorted((a, b) => a.strange - b.strange);
  const [best, second] = ranked;
  return best !== undefined && best.strange !== second?.strange ? best.issues : undefined;
}

/** Keys that are unknown or missing count; a wrong value under a right key does not, a wrong kind of value counts most. */
function strangeness(issue: Issue, got: unknown): number {
  if (issue.code === "unrecognized_keys") return issue.keys.length;
  if (issue.path.length === 0) return Number.POSITIVE_INFINITY;
  return valueAt(got, issue.path.map(String)) === undefined ? 1 : 0;
}

/** A union reports its members' issues inside itself: a key that is "not yet" must not read as "wrong". */
function findNotYet(issue: Issue): { message: string; path: string[] } | undefined {
  if (issue.message.startsWith(NOT_YET)) return { message: issue.message, path: [] };
  if (issue.code !== "invalid_union") return undefined;
  for (const inner of issue.errors.flat()) {
    if (inner.message.startsWith(NOT_YET)) return { message: inner.message, path: inner.path.map(String) };
  }
  return undefined;
}

function at(
  zone: string,
  path: string,
  origins: Origins,
): Pick<Problem, "zone" | "severity" | "path" | "file" | "line"> {
  const origin = origins.nearest(path);
  return {
    zone,
    severity: "error",
    path,
    file: origin?.file ?? `Pulumi.${zone}.yaml`,
    line: origin?.line ?? 0,
  };
}

function wanted(issue: Issue): string {
  // The schema's own words know best.
  if (issue.message.startsWith("wanted")) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `wanted ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `wanted ${issue.values.map(show).join(" or ")}`;
    case "too_small":
      return `wanted ${String(issue.minimum)} or more${issue.origin === "array" ? " entries" : ""}`;
    case "too_big":
      return `wanted ${String(issue.maximum)} or less${issue.origin === "string" ? " characters" : ""}`;
    case "invalid_key":
      return issue.issues.map(wanted).join(", ");
    case "invalid_union":
      return wantedByMembers(issue);
    default:
      return `wanted a fitting value (${issue.message})`;
  }
}

/** `wanted a number or text`; a member's own words where it has any. */
function wantedByMembers(issue: Issue & { code: "invalid_union" }): string {
  const texts = issue.errors.flat().map(wanted);
  const own = issue.errors.flat().find((inner) => inner.message.startsWith("wanted"));
  return (
    own?.message ?? `wanted ${[...new Set(texts)].map((text) => text.replace(/^wanted /, "")).join(" or ")}`
  );
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  record: "a map",
  object: "a map",
};

const QUOTE = "quote it; YAML read it as something else than text";

/** What YAML makes of text without quotes. */
function isBare(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function fixFor(issue: Issue, got: unknown): string {
  if (issue.code === "invalid_type" && issue.expected === "string" && isBare(got)) {
    return QUOTE;
  }
  if (issue.code === "invalid_value" && typeof got === "number" && issue.values.includes(String(got)))
    return QUOTE;
  if (issue.code === "invalid_value") return suggestion(String(got), issue.values.map(String));
  return "look the key up in docs/schema/zone.schema.json";
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

/** A value as it reads in a message: JSON, cut where it grows long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
