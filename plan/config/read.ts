import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseLocated, type Located } from "./document.ts";
import type { Layer } from "./layers.ts";
import { suggestion } from "./nearest.ts";
import type { Problem } from "./problem.ts";

const PREFIX = "gpu-zones:";

/** Keys of a stack file; all but `config` are written by Pulumi alone. */
export const STACK_FILE_KEYS: readonly string[] = [
  "config",
  "encryptionsalt",
  "encryptedkey",
  "secretsprovider",
  "environment",
];

/** The one place that reads configuration from disk: stack files, layers, and which there are. */
export interface ConfigFiles {
  /** Layers lowest first, the zone's own stack file last. */
  readonly layers: readonly Layer[];
  readonly problems: readonly Problem[];
}

/** Folder of the stack files: the repository, or `stackConfigDir` of Pulumi.yaml. */
async function stackFolder(repository: string): Promise<string> {
  const text = await readFile(join(repository, "Pulumi.yaml"), "utf8").catch(() => "");
  const value = entries(parseLocated(text).root).get("stackConfigDir");
  return value?.kind === "scalar" ? String(value.value ?? "") : "";
}

/** Names of the zones that have a stack file, sorted. */
export async function listZones(repository: string): Promise<string[]> {
  const files = await readdir(join(repository, await stackFolder(repository)));
  return files
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .toSorted();
}

/** The zone's stack file, relative to the repository. */
export async function stackFileOf(repository: string, zone: string): Promise<string> {
  return join(await stackFolder(repository), `Pulumi.${zone}.yaml`);
}

/** Reads the zone's stack file and the layers it builds on. Files that cannot be read become problems. */
export async function readConfigFiles(repository: string, zone: string): Promise<ConfigFiles> {
  const problems: Problem[] = [];
  const stackFile = await stackFileOf(repository, zone);
  const own = await readLayer(repository, zone, zone, stackFile, problems);
  if (own === undefined) {
    problems.push(await missingZone(repository, zone, stackFile));
    return { layers: [], problems };
  }
  problems.push(...strangeKeys(zone, own));
  const zoneLayer = withoutSecrets(zone, withoutPrefix(own, zone, problems), problems);
  const layers: Layer[] = [];
  const fleet = await readLayer(repository, zone, "fleet", "layers/fleet.yaml", problems);
  if (fleet !== undefined) layers.push(withoutSecrets(zone, fleet, problems));
  for (const { name, line } of extendsOf(zoneLayer)) {
    const layer = await readLayer(repository, zone, name, `layers/${name}.yaml`, problems);
    if (layer === undefined) problems.push(await missingLayer(repository, zone, name, zoneLayer.file, line));
    else layers.push(withoutSecrets(zone, layer, problems));
  }
  return { layers: [...layers.map((layer) => withoutMisplaced(zone, layer, problems)), zoneLayer], problems };
}

async function readLayer(
  repository: string,
  zone: string,
  name: string,
  file: string,
  problems: Problem[],
): Promise<Layer | undefined> {
  let text: string;
  try {
    text = await readFile(join(repository, file), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { root, errors } = parseLocated(text);
  for (const { line, message } of errors) {
    problems.push({
      ...{ code: "GZ001", severity: "error", zone, path: "", file, line },
      message: `wanted YAML, got: ${message}`,
      fix: "mend the line; an editor with a YAML language server shows it",
    });
  }
  if (errors.length === 0 && root.kind !== "map" && !isEmpty(root))
    problems.push(notAMap(zone, "", file, root));
  return { name, file, root };
}

/** The zone's own keys: those of `config:` with our namespace, without it. */
function withoutPrefix(layer: Layer, zone: string, problems: Problem[]): Layer {
  const config = entries(layer.root).get("config");
  if (config !== undefined && config.kind !== "map" && !isEmpty(config))
    problems.push(notAMap(zone, "config", layer.file, config));
  const own = new Map<string, Located>();
  for (const [key, value] of entries(config))
    if (key.startsWith(PREFIX)) own.set(key.slice(PREFIX.length), value);
  return { ...layer, root: { kind: "map", line: config?.line ?? 1, entries: own } };
}

/** Keys that neither we nor Pulumi read: a line that does nothing is an outage later. */
function strangeKeys(zone: string, { root, file }: Layer): Problem[] {
  const unknown = (key: string, value: Located, inConfig: boolean): Problem => ({
    ...{
      code: "GZ002",
      severity: "error",
      zone,
      path: inConfig ? `config.${key}` : key,
      file,
      line: value.line,
    },
    message: `unknown key "${key}"${inConfig ? " in config: it has no namespace" : " in a stack file"}`,
    fix: inConfig
      ? `write ${PREFIX}${key}, or the namespace of the provider that is meant`
      : suggestion(key, STACK_FILE_KEYS),
  });
  const top = [...entries(root)].filter(([key]) => !STACK_FILE_KEYS.includes(key));
  const config = [...entries(entries(root).get("config"))].filter(([key]) => !key.includes(":"));
  return [
    ...top.map(([key, value]) => unknown(key, value, false)),
    ...config.map(([key, value]) => unknown(key, value, true)),
  ];
}

function notAMap(zone: string, path: string, file: string, { kind, line }: Located): Problem {
  return {
    ...{ code: "GZ003", severity: "error", zone, path, file, line },
    message: `wanted a map${path === "" ? "" : ` in ${path}`}, got ${kind === "list" ? "a list" : "a single value"}`,
    fix: "write keys with values: `key: value`, one a line",
  };
}

/** A file or key with nothing in it. */
function isEmpty(node: Located): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** What stands for a secret that may not be where it is, so that it is told once and never printed. */
const HIDDEN = "[secret]";

/** Takes out, and reports, secure values outside `secrets`. */
function withoutSecrets(zone: string, layer: Layer, problems: Problem[]): Layer {
  const walk = (node: Located, path: string): Located => {
    if (node.kind === "scalar" || path === "secrets") return node;
    if (node.kind === "list")
      return { ...node, items: node.items.map((item, index) => walk(item, `${path}.${index}`)) };
    const secure = node.entries.get("secure");
    if (secure === undefined || path === "") {
      const below = [...node.entries].map(
        ([key, value]) => [key, walk(value, path === "" ? key : `${path}.${key}`)] as const,
      );
      return { ...node, entries: new Map(below) };
    }
    problems.push({
      ...{ code: "GZ008", severity: "error", zone, path, file: layer.file, line: secure.line },
      message: `wanted secrets under gpu-zones:secrets only, got a secure value at ${path}`,
      fix: "take it out: gpu-zones:secrets, the one place for secrets, is not yet; let the app read a Secret that the cluster has",
    });
    return { kind: "scalar", line: secure.line, value: HIDDEN };
  };
  return { ...layer, root: walk(layer.root, "") };
}

/** Takes out, and reports, what belongs in stack files only: `extends` and the namespace prefix. */
function withoutMisplaced(zone: string, layer: Layer, problems: Problem[]): Layer {
  if (layer.root.kind !== "map") return layer;
  const own = new Map<string, Located>();
  for (const [key, value] of layer.root.entries) {
    if (key !== "extends" && !key.startsWith(PREFIX)) {
      own.set(key, value);
      continue;
    }
    problems.push({
      ...{ code: "GZ002", severity: "error", zone, path: key, file: layer.file, line: value.line },
      message: `a layer has no key ${key}`,
      fix:
        key === "extends"
          ? "list the layer in the zone's own extends"
          : `write ${key.slice(PREFIX.length)}: without the prefix`,
    });
  }
  return { ...layer, root: { ...layer.root, entries: own } };
}

function extendsOf(layer: Layer): { name: string; line: number }[] {
  const value = entries(layer.root).get("extends");
  if (value?.kind !== "list") return [];
  return value.items.flatMap((item) =>
    item.kind === "scalar" ? [{ name: String(item.value), line: item.line }] : [],
  );
}

async function missingLayer(
  repository: string,
  zone: string,
  name: string,
  file: string,
  line: number,
): Promise<Problem> {
  const there = await readdir(join(repository, "layers")).catch(() => []);
  const names = there.filter((each) => each.endsWith(".yaml")).map((each) => each.slice(0, -".yaml".length));
  return {
    ...{ code: "GZ006", severity: "error", zone, path: "extends", file, line },
    message: `wanted a layer, got ${name}: layers/${name}.yaml does not exist`,
    fix: suggestion(name, names),
  };
}

async function missingZone(repository: string, zone: string, file: string): Promise<Problem> {
  const zones = await listZones(repository).catch(() => []);
  return {
    ...{ code: "GZ009", severity: "error", zone, path: "", file, line: 0 },
    message: `wanted a zone, got ${zone}: ${file} does not exist`,
    fix: suggestion(zone, zones),
  };
}

function entries(node: Located | undefined): ReadonlyMap<string, Located> {
  return node?.kind === "map" ? node.entries : new Map<string, Located>();
}
