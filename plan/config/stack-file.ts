import { distance } from "fastest-levenshtein";
import { entriesOf, type Located } from "./document.ts";
import type { Layer } from "./layers.ts";
import { suggestion } from "./nearest.ts";
import type { Problem } from "./problem.ts";

const NAMESPACE = "gpu-zones";
export const PREFIX = `${NAMESPACE}:`;

/** Slips of the pen in a namespace; those of Pulumi's providers are further away from ours. */
const SLIPS_MAX = 2;

/** Keys of a stack file; all but `config` are written by Pulumi alone. */
export const STACK_FILE_KEYS: readonly string[] = [
  "config",
  "encryptionsalt",
  "encryptedkey",
  "secretsprovider",
  "environment",
];

/** The zone's own keys: those of `config:` with our namespace, without it. */
export function withoutPrefix(layer: Layer, zone: string, problems: Problem[]): Layer {
  const config = entriesOf(layer.root).get("config");
  if (config !== undefined && config.kind !== "map" && !isEmpty(config))
    problems.push(notAMap(zone, "config", layer.file, config));
  const own = new Map<string, Located>();
  for (const [key, value] of entriesOf(config)) {
    if (!key.startsWith(PREFIX)) continue;
    // Where Pulumi rewrites the file, a key with nothing behind it becomes empty text.
    const nothing = value.kind === "scalar" && value.value === "";
    own.set(key.slice(PREFIX.length), nothing ? { ...value, value: null } : value);
  }
  return { ...layer, root: { kind: "map", line: config?.line ?? 0, entries: own } };
}

/** Keys that neither we nor Pulumi read: a line that does nothing is an outage later. */
export function strangeKeys(zone: string, { root, file }: Layer): Problem[] {
  const top = [...entriesOf(root)]
    .filter(([key]) => !STACK_FILE_KEYS.includes(key))
    .map(([key, { line }]) =>
      unknownKey(zone, file, line, key, {
        message: `unknown key "${key}" in a stack file`,
        fix: suggestion(key, STACK_FILE_KEYS),
      }),
    );
  const config = [...entriesOf(entriesOf(root).get("config"))].flatMap(([key, { line }]) => {
    const path = `config.${key}`;
    if (!key.includes(":"))
      return unknownKey(zone, file, line, path, {
        message: `unknown key "${key}" in config: it has no namespace`,
        fix: `write ${PREFIX}${key}, or the namespace of the provider that is meant`,
      });
    const meant = misspelt(key);
    return meant === undefined
      ? []
      : unknownKey(zone, file, line, path, {
          message: `unknown namespace in "${key}": nobody reads it`,
          fix: `did you mean "${meant}"?`,
        });
  });
  return [...top, ...config];
}

/** Keys of zones in Pulumi.yaml: one that is declared without a default becomes required of every zone. */
export function keysOfZones(zone: string, project: Located, file: string): Problem[] {
  return [...entriesOf(entriesOf(project).get("config"))].flatMap(([key, { line }]) =>
    // Pulumi reads a key without a namespace as one of the project's own.
    key.startsWith(PREFIX) || !key.includes(":") || misspelt(key) !== undefined
      ? unknownKey(zone, file, line, `config.${key}`, {
          message: `wanted no key of zones in ${file}, got "${key}"`,
          fix: "write it into layers/fleet.yaml, without a namespace: every zone builds on it",
        })
      : [],
  );
}

/** The key as it was meant, where its namespace is ours but for a few letters, their case or blanks. */
function misspelt(key: string): string | undefined {
  const [namespace = "", ...rest] = key.split(":");
  if (namespace === NAMESPACE) return undefined;
  return distance(namespace.trim().toLowerCase(), NAMESPACE) <= SLIPS_MAX
    ? `${PREFIX}${rest.join(":")}`
    : undefined;
}

function unknownKey(
  zone: string,
  file: string,
  line: number,
  path: string,
  text: Pick<Problem, "message" | "fix">,
): Problem {
  return { code: "GZ002", severity: "error", zone, path, file, line, ...text };
}

/** Takes out, and reports, what belongs in stack files only: `extends` and the namespace prefix. */
export function withoutMisplaced(zone: string, layer: Layer, problems: Problem[]): Layer {
  if (layer.root.kind !== "map") return layer;
  const own = new Map<string, Located>();
  for (const [key, value] of layer.root.entries) {
    if (key !== "extends" && !key.startsWith(PREFIX)) {
      own.set(key, value);
      continue;
    }
    problems.push(
      unknownKey(zone, layer.file, value.line, key, {
        message: `a layer has no key ${key}`,
        fix:
          key === "extends"
            ? "list the layer in the zone's own extends"
            : `write ${key.slice(PREFIX.length)}: without the prefix`,
      }),
    );
  }
  return { ...layer, root: { ...layer.root, entries: own } };
}

export function notAMap(zone: string, path: string, file: string, { kind, line }: Located): Problem {
  return {
    ...{ code: "GZ003", severity: "error", zone, path, file, line },
    message: `wanted a map${path === "" ? "" : ` in ${path}`}, got ${kind === "list" ? "a list" : "a single value"}`,
    fix: "write keys with values: `key: value`, one a line",
  };
}

/** A file or key with nothing in it. */
export function isEmpty(node: Located): boolean {
  return node.kind === "scalar" && node.value === null;
}
