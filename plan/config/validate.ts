import { scalarsOf } from "./document.ts";
import { fixFor, fixForNumber } from "./fixes.ts";
import { issuesOf, valueAt, type Issue } from "./issues.ts";
import { mergeLayers, type Layer } from "./layers.ts";
import type { Origins } from "./origins.ts";
import type { Problem } from "./problem.ts";
import { suggestion } from "./nearest.ts";
import { NOT_YET } from "./schema/values.ts";
import { keysAt } from "./schema/keys.ts";
import { zoneSchema } from "./schema/zone.ts";

/** Checks values against the schema; every issue becomes a problem at the line that caused it. */
export function validate(zone: string, value: unknown, origins: Origins): Problem[] {
  return issuesOf(value).flatMap((issue) => fromIssue(zone, issue, value, origins));
}

/**
 * Checks one layer alone, so that what a higher layer hides is told too. What a layer lacks, another may have:
 * missing values are told of the merged ones only.
 */
export function validateLayer(zone: string, layer: Layer): Problem[] {
  const { value, origins } = mergeLayers([layer]);
  const unsure = scalarsOf(layer.root).flatMap(([path, { source, line, value: read }]): Problem[] =>
    source === undefined
      ? []
      : [
          {
            ...{ code: "GZ003", severity: "error", zone, path, file: layer.file, line },
            message: `wanted a value that all readers of YAML read alike, got ${source}`,
            fix: fixForNumber(source, read, path.split("."), value),
          },
        ],
  );
  const issues = validate(zone, value, origins).filter(({ code }) => code !== "GZ004");
  return withoutRepeated(issues, unsure);
}

/** The problems that no earlier one tells: of the same value in the same line, or of the default that it is a copy of. */
export function withoutRepeated(problems: readonly Problem[], earlier: readonly Problem[]): Problem[] {
  const told = [...earlier];
  for (const problem of problems) if (!told.some((other) => isRepeated(problem, other))) told.push(problem);
  return told;
}

/** Pools repeat what is wrong with their hardware class, apps what is wrong with `appDefaults`. */
function isRepeated({ path, file, line }: Problem, other: Problem): boolean {
  if (other.file !== file || other.line !== line) return false;
  const [, kind, rest] = /^(apps|nodePools)\.[^.]+\.(.+)$/.exec(path) ?? [];
  const source = kind === "apps" ? /^appDefaults\.(.+)$/ : /^hardware\.[^.]+\.(.+)$/;
  return other.path === path || (rest !== undefined && source.exec(other.path)?.[1] === rest);
}

function fromIssue(zone: string, issue: Issue, value: unknown, origins: Origins): Problem[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const full = [...path, key].join(".");
      return {
        ...at(zone, full, origins),
        code: "GZ002",
        message: `unknown key "${key}"${path.length > 0 ? ` in ${path.join(".")}` : ""}`,
        fix: suggestion(
          key,
          keysAt(zoneSchema, path).filter((each) => each !== key),
        ),
      };
    });
  }
  if (issue.message.startsWith(NOT_YET)) {
    return [
      {
        ...at(zone, path.join("."), origins),
        code: "GZ005",
        message: issue.message,
        fix: "take the key out until a release of gpu-zones announces it",
      },
    ];
  }
  if (issue.code === "invalid_union") {
    const inside = insideOf(issue, valueAt(value, path));
    if (inside !== undefined)
      return inside.flatMap((inner) =>
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
      fix: fixFor(issue, value),
    },
  ];
}

/** What is wrong inside of a list or map, where a union takes one of that kind. */
function insideOf(issue: Issue & { code: "invalid_union" }, got: unknown): Issue[] | undefined {
  if (typeof got !== "object" || got === null) return undefined;
  const fitting = issue.errors.filter((issues) => issues.every(({ path }) => path.length > 0));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function at(
  zone: string,
  path: string,
  origins: Origins,
): Pick<Problem, "zone" | "severity" | "path" | "file" | "line"> {
  const origin = origins.placeFor(path);
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
      return issue.origin === "string"
        ? "wanted text that is not empty"
        : `wanted ${String(issue.minimum)} or more${issue.origin === "array" ? " entries" : ""}`;
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

/** A value as it reads in a message: JSON, cut where it grows long. */
export function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
