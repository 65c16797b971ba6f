import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FLEET } from "./defaults.ts";
import { entriesOf, parseLocated, type Located } from "./document.ts";
import type { Layer } from "./layers.ts";
import { suggestion } from "./nearest.ts";
import { ProblemsError, type Problem } from "./problem.ts";
import { dnsLabel } from "./schema/values.ts";
import { withoutSecrets } from "./secure.ts";
import { isEmpty, keysOfZones, notAMap, strangeKeys, withoutMisplaced, withoutPrefix } from "./stack-file.ts";

const PROJECT_FILE = "Pulumi.yaml";

/** The one place that reads configuration from disk: stack files, layers, and which there are. */
export interface ConfigFiles {
  /** Layers lowest first, the zone's own stack file last; without those that cannot be read. */
  readonly layers: readonly Layer[];
  readonly problems: readonly Problem[];
}

/** The part of Pulumi.yaml that concerns us. */
interface Project {
  /** Folder of the stack files: `stackConfigDir`, else the repository. */
  readonly folder: string;
  /** Line of `stackConfigDir`; 0 without one. */
  readonly line: number;
  readonly problems: readonly Problem[];
}

async function readProject(repository: string, zone = ""): Promise<Project> {
  const problems: Problem[] = [];
  const layer = await readYaml(repository, zone, PROJECT_FILE, PROJECT_FILE, problems);
  const found = entriesOf(layer?.root).get("stackConfigDir");
  if (layer !== undefined) problems.push(...keysOfZones(zone, layer.root, PROJECT_FILE));
  if (found === undefined) return { folder: "", line: 0, problems };
  if (found.kind === "scalar" && typeof found.value === "string")
    return { folder: found.value, line: found.line, problems };
  problems.push({
    ...{
      code: "GZ003",
      severity: "error",
      zone,
      path: "stackConfigDir",
      file: PROJECT_FILE,
      line: found.line,
    },
    message: "wanted the folder of the stack files as text, got another kind of value",
    fix: "write stackConfigDir: <folder>, or take it out",
  });
  return { folder: "", line: found.line, problems };
}

/**
 * Names of the zones that have a stack file, sorted.
 * @throws ProblemsError when Pulumi.yaml cannot be read, or names a folder that does not exist
 */
export async function listZones(repository: string): Promise<string[]> {
  const project = await readProject(repository);
  const unreadable = project.problems.filter(({ code }) => code !== "GZ002");
  if (unreadable.length > 0) throw new ProblemsError(unreadable);
  const files = await readdir(join(repository, project.folder)).catch((error: unknown) => {
    throw isAbsent(error) ? new ProblemsError([missingFolder("", project)]) : error;
  });
  return files
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .toSorted();
}

/** The zone's stack file, relative to the repository. */
export async function stackFileOf(repository: string, zone: string): Promise<string> {
  return join((await readProject(repository, zone)).folder, `Pulumi.${zone}.yaml`);
}

/** Reads the zone's stack file and the layers it builds on. Files that cannot be read become problems. */
export async function readConfigFiles(repository: string, zone: string): Promise<ConfigFiles> {
  const project = await readProject(repository, zone);
  const problems = [...project.problems];
  // Where the stack files are is anybody's guess then.
  if (problems.some(({ code }) => code !== "GZ002")) return { layers: [], problems };
  const stackFile = join(project.folder, `Pulumi.${zone}.yaml`);
  const own = await readYaml(repository, zone, zone, stackFile, problems);
  if (own === undefined && problems.every(({ code }) => code !== "GZ001")) {
    const there = await readdir(join(repository, project.folder)).catch(() => undefined);
    problems.push(there === undefined ? missingFolder(zone, project) : missingZone(zone, stackFile, there));
    return { layers: [], problems };
  }
  const layers: Layer[] = [];
  if (own !== undefined) problems.push(...strangeKeys(zone, own));
  const zoneLayer = own && withoutSecrets(zone, withoutPrefix(own, zone, problems), problems);
  for (const { name, line } of [{ name: FLEET, line: 0 }, ...extendsOf(zoneLayer)]) {
    const file = `layers/${name}.yaml`;
    const before = problems.length;
    const layer = await readYaml(repository, zone, name, file, problems);
    if (layer !== undefined)
      layers.push(withoutMisplaced(zone, withoutSecrets(zone, layer, problems), problems));
    else if (problems.length === before)
      problems.push(await missingLayer(repository, zone, name, name === FLEET ? file : stackFile, line));
  }
  return { layers: zoneLayer === undefined ? layers : [...layers, zoneLayer], problems };
}

/** The file's content; undefined when there is none, or none that can be read, which is a problem by then. */
async function readYaml(
  repository: string,
  zone: string,
  name: string,
  file: string,
  problems: Problem[],
): Promise<Layer | undefined> {
  const before = problems.length;
  const unreadable = (line: number, message: string, fix: string): void => {
    problems.push({ code: "GZ001", severity: "error", zone, path: "", file, line, message, fix });
  };
  let text: string;
  try {
    text = await readFile(join(repository, file), "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    const got = isFolder(error) ? "a folder" : `one that cannot be read (${(error as Error).message})`;
    unreadable(0, `wanted a file, got ${got}`, "put a file with YAML in its place");
    return undefined;
  }
  const { root, errors } = parseLocated(text);
  for (const { line, message } of errors)
    unreadable(
      line,
      `wanted YAML, got ${message}`,
      "mend the line, or the one before it; an editor with a YAML language server shows it",
    );
  for (const line of mergeKeys(root))
    unreadable(line, "wanted a key, got << (merge keys are not read here)", "write out what it stands for");
  if (problems.length > before) return undefined;
  if (root.kind !== "map" && !isEmpty(root)) problems.push(notAMap(zone, "", file, root));
  return { name, file, root };
}

/** Lines of merge keys: YAML 1.2 has none, and Pulumi follows them, so that the two would read other values. */
function mergeKeys(node: Located): number[] {
  if (node.kind === "scalar") return [];
  if (node.kind === "list") return node.items.flatMap(mergeKeys);
  return [...node.entries].flatMap(([key, value]) => [
    ...(key === "<<" ? [value.line] : []),
    ...mergeKeys(value),
  ]);
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function isFolder(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EISDIR";
}

/** The layers to read: names that a file can have, each once; the schema and the rules tell of the others. */
function extendsOf(layer: Layer | undefined): { name: string; line: number }[] {
  const value: Located | undefined = entriesOf(layer?.root).get("extends");
  if (value?.kind !== "list") return [];
  const names = new Map<string, number>();
  for (const item of value.items) {
    if (item.kind !== "scalar" || !dnsLabel.safeParse(item.value).success) continue;
    const name = String(item.value);
    if (name !== FLEET && !names.has(name)) names.set(name, item.line);
  }
  return [...names].map(([name, line]) => ({ name, line }));
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
  const common = { code: "GZ006", severity: "error", zone, file, line } as const;
  return name === FLEET
    ? {
        ...{ ...common, path: "" },
        message: `wanted the layer that every zone builds on, got none: ${file} does not exist`,
        fix: `write ${file}; it may be empty`,
      }
    : {
        ...{ ...common, path: "extends" },
        message: `wanted a layer, got ${name}: layers/${name}.yaml does not exist`,
        fix: suggestion(
          name,
          names.filter((each) => each !== FLEET),
        ),
      };
}

function missingZone(zone: string, file: string, there: readonly string[]): Problem {
  const zones = there.flatMap((each) => /^Pulumi\.(.+)\.yaml$/.exec(each)?.[1] ?? []);
  return {
    ...{ code: "GZ009", severity: "error", zone, path: "", file, line: 0 },
    message: `wanted a zone, got ${zone}: ${file} does not exist`,
    fix: suggestion(zone, zones),
  };
}

function missingFolder(zone: string, { folder, line }: Project): Problem {
  return {
    ...{ code: "GZ009", severity: "error", zone, path: "stackConfigDir", file: PROJECT_FILE, line },
    message: `wanted the folder of the stack files, got ${folder}, which does not exist`,
    fix: `make the folder ${folder}, or take stackConfigDir out`,
  };
}
