import type { Located } from "./document.ts";
import { locateAll, plain } from "./document.ts";
import type { Layer } from "./layers.ts";
import type { Problem } from "./problem.ts";

/** The engine's configuration: full key (`gpu-zones:apps`) to value; structures are JSON text. */
export type EngineConfig = Readonly<Record<string, string>>;

/**
 * The layer of values in which the engine differs from the stack file (`--config-file`, an operator's config):
 * the engine's win, since it is what the user handed to this run.
 */
export function engineLayer(
  zone: string,
  stackFile: Layer,
  engine: EngineConfig,
): { layer: Layer | undefined; problems: Problem[] } {
  const file = stackFile.root.kind === "map" ? stackFile.root.entries : new Map<string, Located>();
  const differing = new Map<string, Located>();
  const problems: Problem[] = [];
  for (const [name, text] of Object.entries(engine)) {
    if (!name.startsWith("gpu-zones:")) continue;
    const key = name.slice("gpu-zones:".length);
    const written = file.get(key);
    const value = engineValue(text, written);
    // Ciphertext in the file and clear text in the engine always differ; secrets are read by name, not from here.
    if (key === "secrets" || (written !== undefined && same(plain(written), value))) continue;
    // `apps:` with nothing behind it is null in the file and empty text in the engine.
    if (text === "" && (written === undefined || plain(written) === null)) continue;
    differing.set(key, locateAll(value, 0));
    if (key === "extends") {
      problems.push(otherLayers(zone, stackFile.file, written?.line ?? 0));
      continue;
    }
    problems.push({
      code: "GZ007",
      severity: "warning",
      zone,
      path: key,
      file: stackFile.file,
      line: written?.line ?? 0,
      message: `the engine's value of gpu-zones:${key} is not the one in ${stackFile.file}; the engine's is used`,
      fix: "write the value into the stack file, or leave --config-file out",
    });
  }
  const layer: Layer | undefined =
    differing.size === 0
      ? undefined
      : { name: "engine", file: stackFile.file, root: { kind: "map", line: 0, entries: differing } };
  return { layer, problems };
}

/** Layers are read before the engine is asked: its list would be shown and not be followed. */
function otherLayers(zone: string, file: string, line: number): Problem {
  return {
    ...{ code: "GZ007", severity: "error", zone, path: "extends", file, line },
    message: `wanted the layers that ${file} names, got others from the engine`,
    fix: "write extends into the stack file; it cannot be set for one run",
  };
}

/** The engine hands everything over as text: structures, numbers and booleans are read back as JSON. */
function engineValue(text: string, written: Located | undefined): unknown {
  if (written?.kind === "scalar" && typeof written.value === "string") return text;
  try {
    return withDates(JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}

/** What the engine makes of a date that nobody quoted. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\d)(T00:00:00Z| 00:00:00 \+0000 UTC)$/;

function withDates(value: unknown): unknown {
  if (typeof value === "string") return value.replace(TIMESTAMP, "$1");
  if (Array.isArray(value)) return value.map(withDates);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withDates(each)]));
}

/** Numbers and their text are the same: the engine may print them otherwise. */
function same(file: unknown, engine: unknown): boolean {
  if (file === null || engine === null || typeof file !== "object" || typeof engine !== "object") {
    return String(file) === String(engine);
  }
  if (Array.isArray(file) !== Array.isArray(engine)) return false;
  const [left, right] = [file as Record<string, unknown>, engine as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => key in left && key in right && same(left[key], right[key]));
}
