import type { Json } from "../object.ts";
import { entriesOf, locateAll, plain, scalarsOf, type Located } from "./document.ts";
import type { Layer } from "./layers.ts";
import type { Problem } from "./problem.ts";
import { zoneSchema } from "./schema/zone.ts";
import { dateOf } from "./schema/date.ts";
import { secretOfEngine } from "./secure.ts";
import { PREFIX } from "./stack-file.ts";

/**
 * The engine's configuration: full key (`gpu-zones:apps`) to value; structures are JSON text.
 * A key that the engine keeps secret has undefined: its clear text is not handed over.
 */
export type EngineConfig = Readonly<Record<string, string | undefined>>;

/**
 * What the engine hands over, without the clear text of secrets.
 * @param secretKeys PULUMI_CONFIG_SECRET_KEYS: a JSON list of full keys
 */
export function withoutClearText(
  config: Readonly<Record<string, string>>,
  secretKeys: string | undefined,
): EngineConfig {
  const secret = JSON.parse(secretKeys === undefined || secretKeys === "" ? "[]" : secretKeys) as string[];
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, secret.includes(key) ? undefined : value]),
  );
}

/** Stands for a file where the engine's own values are wrong: no line of a file would be the right one. */
export const ENGINE_FILE = "the engine's configuration";

/**
 * The stack file's layer and, over it, that of the engine where the two differ (`--config-file`, an operator's
 * config). The engine's value replaces the file's whole, since it is what the user handed to this run; a key that
 * only the file has is left out.
 */
export function engineLayer(
  zone: string,
  stackFile: Layer,
  engine: EngineConfig,
): { layers: Layer[]; problems: Problem[] } {
  const kept = new Map(entriesOf(stackFile.root));
  const differing = new Map<string, Located>();
  const problems: Problem[] = [];
  const differs = (key: string, severity: Problem["severity"], message: string, fix: string): void => {
    const line = entriesOf(stackFile.root).get(key)?.line ?? 0;
    problems.push({ code: "GZ007", severity, zone, path: key, file: stackFile.file, line, message, fix });
  };
  const otherLayers = (got: string): void => {
    // Layers are read before the engine is asked: its list would be shown and not be followed.
    differs(
      "extends",
      "error",
      `wanted the layers that ${stackFile.file} names, got ${got} from the engine`,
      "write extends into the stack file; it cannot be set for one run",
    );
  };

  for (const [name, text] of Object.entries(engine)) {
    if (!name.startsWith(PREFIX)) continue;
    const key = name.slice(PREFIX.length);
    const written = kept.get(key);
    // Ciphertext in the file and clear text in the engine always differ.
    if (key === "secrets" || (written !== undefined && isHidden(written))) continue;
    if (text === undefined) {
      problems.push(secretOfEngine(zone, key, ENGINE_FILE));
      continue;
    }
    const given = valueOf(key, text);
    const value = written === undefined ? given : inTheFilesForm(written, given);
    if (written === undefined ? value === null : isSame(plain(written), value)) continue;
    if (key === "extends") {
      otherLayers("others");
      continue;
    }
    kept.delete(key);
    differing.set(key, locateAll(value, 0));
    differs(
      key,
      "warning",
      `the engine's value of ${name} is not the one in ${stackFile.file}; the engine's is used`,
      "write the value into the stack file, or leave --config-file out",
    );
  }

  for (const [key, written] of kept) {
    if (Object.hasOwn(engine, `${PREFIX}${key}`) || key === "secrets" || plain(written) === null) continue;
    if (key === "extends") {
      otherLayers("none");
      continue;
    }
    kept.delete(key);
    differs(
      key,
      "warning",
      `${PREFIX}${key} of ${stackFile.file} is not in the engine's configuration; it is left out`,
      "write the key into the configuration that was handed over, or leave --config-file out",
    );
  }

  const file: Layer = { ...stackFile, root: { kind: "map", line: stackFile.root.line, entries: kept } };
  const layers: Layer[] =
    differing.size === 0
      ? [file]
      : [file, { name: "engine", file: ENGINE_FILE, root: { kind: "map", line: 0, entries: differing } }];
  return { layers, problems };
}

/** The engine hands everything over as text: what is text to the schema stays so, the rest is read back as JSON. */
function valueOf(key: string, text: string): Json {
  // `apps:` with nothing behind it is null in the file and empty text in the engine.
  if (text === "") return null;
  const schema = Object.hasOwn(zoneSchema.shape, key)
    ? zoneSchema.shape[key as keyof typeof zoneSchema.shape]
    : undefined;
  if (schema?.safeParse(text).success === true) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function isHidden(node: Located): boolean {
  return scalarsOf(node).some(([, { hidden }]) => hidden);
}

/** The engine's value, with the file's scalars where both say the same: Pulumi rewrites dates, numbers and booleans. */
function inTheFilesForm(written: Located, value: Json): Json {
  if (written.kind === "scalar") return meansTheSame(written, value) ? written.value : value;
  if (typeof value !== "object" || value === null || Array.isArray(value) !== (written.kind === "list"))
    return value;
  if (written.kind === "list")
    return (value as Json[]).map((each, index) => {
      const item = written.items[index];
      return item === undefined ? each : inTheFilesForm(item, each);
    });
  const given = value as Record<string, Json>;
  // In the file's order of keys: the engine sorts them, and the order of apps is a person's.
  const keys = new Set(
    [...written.entries.keys(), ...Object.keys(given)].filter((key) => Object.hasOwn(given, key)),
  );
  return Object.fromEntries(
    [...keys].map((key) => {
      const [own, each] = [written.entries.get(key), given[key] ?? null];
      return [key, own === undefined ? each : inTheFilesForm(own, each)];
    }),
  );
}

function meansTheSame({ value, source }: Located & { kind: "scalar" }, given: Json): boolean {
  if (typeof given === "object" || value === null) return value === given;
  // Which number a source like 010 means is told as a problem of its own.
  if (source !== undefined && typeof given === "number") return true;
  return dateOf(String(value)) === dateOf(String(given));
}

/** Equal in everything but the order of keys. */
function isSame(one: Json, other: Json): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as Record<string, Json>, other as Record<string, Json>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every(
    (key) =>
      Object.hasOwn(left, key) && Object.hasOwn(right, key) && isSame(left[key] ?? null, right[key] ?? null),
  );
}
