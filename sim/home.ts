import { mkdir, readdir, realpath } from "node:fs/promises";
import path from "node:path";

/** No separators and no leading dot: a name never leaves the directory of the zones. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Every place that simulated zones use; nothing of theirs lies elsewhere. */
export interface SimHome {
  readonly directory: string;
  /** All simulated contexts, one a zone, named as the zone. */
  readonly kubeconfig: string;
  /** Pulumi's file backend. */
  readonly backend: string;
  readonly pulumiHome: string;
  readonly zones: string;
}

/** The places of one simulated zone. */
export interface ZonePlaces {
  readonly name: string;
  readonly directory: string;
  /** What we remember of the zone (`ZoneRecord`). */
  readonly record: string;
  readonly kubeconfig: string;
  readonly simulatorLog: string;
  /** kwokctl's working directory: the one below its home, because its variable for another is cut at a space. */
  readonly kwok: string;
  /** kwokctl's directory of the cluster: its data, logs, process ids and links to its binaries. */
  readonly cluster: string;
  readonly kwokctlConfig: string;
  /** What kwok does with nodes and pods. */
  readonly kwokStages: string;
}

/**
 * Where simulated zones live: GPU_ZONES_SIM_HOME, else `.sim` in the repository.
 * @param repository absolute path
 */
export function simHome(
  repository: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const set = environment["GPU_ZONES_SIM_HOME"];
  return set === undefined || set === "" ? path.join(repository, ".sim") : path.resolve(repository, set);
}

/** Makes the directory when it is missing and resolves links: running processes are recognised by this path. */
export async function openHome(directory: string): Promise<SimHome> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const real = await realpath(directory);
  const home: SimHome = {
    directory: real,
    kubeconfig: path.join(real, "kubeconfig"),
    backend: path.join(real, "backend"),
    pulumiHome: path.join(real, "pulumi-home"),
    zones: path.join(real, "zones"),
  };
  await Promise.all(
    [home.backend, home.pulumiHome, home.zones].map((each) => mkdir(each, { recursive: true })),
  );
  return home;
}

/** What to lock before anything that zones have in common is chosen or written. */
export function sharedLock(home: SimHome): string {
  return path.join(home.directory, "locks", "shared");
}

/** What to lock before a zone is brought up or taken down. */
export function zoneLock(home: SimHome, name: string): string {
  return path.join(home.directory, "locks", `zone-${name}`);
}

/** Names of the zones that have a directory, in alphabetical order. */
export async function zoneNames(home: SimHome): Promise<string[]> {
  const entries = await readdir(home.zones, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
    .map((entry) => entry.name)
    .toSorted();
}

/** @throws when the name could leave the directory of the zones */
export function zonePlaces(home: SimHome, name: string): ZonePlaces {
  if (!NAME.test(name)) {
    throw new Error(`wanted a zone's name such as zone-1-dev, got ${JSON.stringify(name)}`);
  }
  const directory = path.join(home.zones, name);
  const kwok = path.join(directory, ".kwok");
  return {
    name,
    directory,
    record: path.join(directory, "zone.json"),
    kubeconfig: path.join(directory, "kubeconfig"),
    simulatorLog: path.join(directory, "simulator.log"),
    kwok,
    cluster: path.join(kwok, "clusters", name),
    kwokctlConfig: path.join(directory, "kwokctl.yaml"),
    kwokStages: path.join(directory, "kwok-stages.yaml"),
  };
}
