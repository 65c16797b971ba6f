import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { Interrupted, pause, stopWhenInterrupted } from "./interruption.ts";
import type { Notebook } from "./notebook.ts";
import type { Pin } from "./pins.ts";
import { isExecutable, statOf } from "./stat.ts";
import type { ToolName } from "./tool.ts";
import { fits, printedVersion } from "./version.ts";

/** What a tool on PATH printed last time; asked again when time or size of the file changes. */
export interface AskedVersion {
  readonly mtimeMs: number;
  readonly size: number;
  /** Null when it printed none. */
  readonly version: string | null;
}

export interface OnPath {
  /** The first tool on PATH that fits. */
  readonly found: { readonly path: string; readonly version: string } | undefined;
  /** What was found and does not do, one line each. */
  readonly unfit: readonly string[];
}

/** Milliseconds that a tool has to print its version. */
const ASK_LIMIT = 20_000;

export function isAskedVersion(value: unknown): value is AskedVersion {
  if (typeof value !== "object" || value === null) return false;
  const { mtimeMs, size, version } = value as Partial<Record<keyof AskedVersion, unknown>>;
  return (
    typeof mtimeMs === "number" &&
    typeof size === "number" &&
    (typeof version === "string" || version === null)
  );
}

/** Looks for installed tools: on PATH, plugins also where pulumi itself looks for them. */
export class PathSearch {
  readonly #env: NodeJS.ProcessEnv;
  readonly #asked: Notebook<AskedVersion>;
  readonly #folders: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #asking = new Map<string, Promise<string | undefined>>();

  /** @param ours Folders of gpu-zones itself; what lies there is never taken for installed. */
  constructor(
    env: NodeJS.ProcessEnv,
    ours: readonly string[],
    asked: Notebook<AskedVersion>,
    signal?: AbortSignal,
  ) {
    this.#env = env;
    this.#signal = signal;
    this.#asked = asked;
    this.#folders = foreignFolders(env["PATH"] ?? "", ours);
  }

  async find(pin: Pin, pulumi: Pin): Promise<OnPath> {
    switch (pin.name) {
      case "pulumi-language-nodejs":
        return this.#languageHost(pin, pulumi);
      case "pulumi-resource-kubernetes":
        return this.#plugin(pin);
      default:
        return this.#executable(pin);
    }
  }

  async #executable(pin: Pin): Promise<OnPath> {
    const unfit: string[] = [];
    for (const path of this.#candidates(pin.name)) {
      const version = await this.#version(pin, path);
      if (version !== undefined && fits(pin, version)) return { found: { path, version }, unfit };
      unfit.push(`${path} is ${version ?? "of unknown version"}, wanted ${String(pin.fits)}`);
    }
    return { found: undefined, unfit };
  }

  /** The language host belongs to its pulumi: one that lies beside a pulumi that does not fit is left alone. */
  async #languageHost(pin: Pin, pulumi: Pin): Promise<OnPath> {
    const installed = await this.#executable(pulumi);
    if (installed.found !== undefined) {
      for (const folder of new Set([
        dirname(installed.found.path),
        dirname(realpathSync(installed.found.path)),
      ])) {
        const path = join(folder, pin.name);
        if (isExecutable(path)) return { found: { path, version: pin.version }, unfit: [] };
      }
    }
    const unfit: string[] = [];
    for (const path of this.#candidates(pin.name)) {
      if (!isExecutable(join(dirname(path), "pulumi")))
        return { found: { path, version: pin.version }, unfit };
      unfit.push(`${path} belongs to a pulumi that does not fit`);
    }
    return { found: undefined, unfit };
  }

  #plugin(pin: Pin): OnPath {
    const home = this.#env["PULUMI_HOME"] ?? join(this.#env["HOME"] ?? homedir(), ".pulumi");
    const installed = join(home, "plugins", `resource-kubernetes-v${pin.version}`, pin.name);
    const path = [...this.#candidates(pin.name), ...(isExecutable(installed) ? [installed] : [])][0];
    if (path !== undefined) return { found: { path, version: pin.version }, unfit: [] };
    return { found: undefined, unfit: [] };
  }

  #candidates(name: ToolName): string[] {
    return this.#folders.map((folder) => join(folder, name)).filter(isExecutable);
  }

  /** Two questions about one file at the same time start one process. */
  #version(pin: Pin, path: string): Promise<string | undefined> {
    const asking = this.#asking.get(path) ?? this.#ask(pin, path);
    this.#asking.set(path, asking);
    return asking;
  }

  async #ask(pin: Pin, path: string): Promise<string | undefined> {
    const stat = statOf(path);
    if (stat === undefined) return undefined;
    const asked = this.#asked.get(path);
    if (asked?.mtimeMs === stat.mtimeMs && asked.size === stat.size) return asked.version ?? undefined;
    const { version, problem } = await askVersion(path, pin.versionArgs ?? [], {
      env: this.#env,
      limit: ASK_LIMIT,
      signal: this.#signal,
    });
    if (problem === "timeout") return undefined;
    await this.#asked.set(path, { mtimeMs: stat.mtimeMs, size: stat.size, version: version ?? null });
    return version;
  }
}

export interface AskOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/** What a tool said of itself: its version, or why there is none (`timeout`, `none` printed, the system's code such as EACCES). */
export interface Answer {
  readonly version?: string | undefined;
  readonly problem?: string | undefined;
}

/** Runs `path` with its version flag. @throws Interrupted */
export async function askVersion(
  path: string,
  args: readonly string[],
  options: AskOptions,
): Promise<Answer> {
  const { env, limit, signal } = options;
  stopWhenInterrupted(signal);
  // Without this pulumi asks its vendor for news first.
  const settings = { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const asking = promisify(execFile)(path, [...args], {
        env: settings,
        timeout: limit,
        killSignal: "SIGKILL",
        ...(signal === undefined ? {} : { signal }),
      });
      asking.child.stdin?.end();
      const version = printedVersion((await asking).stdout);
      return version === undefined ? { problem: "none" } : { version };
    } catch (error) {
      if (signal?.aborted === true) throw new Interrupted();
      const { killed, code } = error as { killed?: boolean; code?: unknown };
      if (killed === true) return { problem: "timeout" };
      if (code !== "ETXTBSY" || attempt === 20) return { problem: typeof code === "string" ? code : "none" };
      // A process that is just being started elsewhere still holds the fresh file open for an instant.
      await pause(50, signal);
    }
  }
}

/** Folders of PATH in their order, each once (`/bin` often is `/usr/bin`), without ours. */
function foreignFolders(path: string, ours: readonly string[]): string[] {
  const own = ours.map(realOrSame);
  const folders = new Map<string, string>();
  for (const folder of path.split(delimiter)) {
    if (!isAbsolute(folder) || statOf(folder)?.isDirectory() !== true) continue;
    const real = realOrSame(folder);
    // Stand-ins of another checkout are stand-ins all the same.
    if (real.endsWith(join(sep, "sim", "stand-ins", "bin"))) continue;
    if (!own.some((root) => isWithin(root, real)) && !folders.has(real)) folders.set(real, folder);
  }
  return [...folders.values()];
}

function isWithin(root: string, folder: string): boolean {
  const way = relative(root, folder);
  return way === "" || (!way.startsWith("..") && !isAbsolute(way));
}

function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
