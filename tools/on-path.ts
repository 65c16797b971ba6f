import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { Interrupted, pause, stopWhenInterrupted } from "./interruption.ts";
import type { Notebook } from "./notebook.ts";
import type { Pin } from "./pins.ts";
import { isExecutable, isNative, statOf } from "./stat.ts";
import type { ToolName } from "./tool.ts";
import { fits, printedVersion } from "./version.ts";

/** What a tool on PATH printed last time; asked again when time or size of the file changes. */
export interface AskedVersion {
  readonly mtimeMs: number;
  readonly size: number;
  /** Null when it printed none. */
  readonly version: string | null;
  /** Milliseconds since 1970; present when it did not answer in time: then it is asked again an hour later. */
  readonly hungAt?: number;
}

/** Version of a plugin that does not say which one it is. */
export const UNKNOWN = "unknown";

export interface OnPath {
  /** The first tool on PATH that fits. */
  readonly found: { readonly path: string; readonly version: string } | undefined;
  /** What was found and does not do, one line each. */
  readonly unfit: readonly string[];
  /** What did not answer in time, one line each. */
  readonly hung: readonly string[];
}

/** Milliseconds that a tool has to print its version. */
const ASK_LIMIT = 5000;
/** Milliseconds for which a tool that did not answer is not asked again. */
const HUNG = 60 * 60 * 1000;

export function isAskedVersion(value: unknown): value is AskedVersion {
  if (typeof value !== "object" || value === null) return false;
  const { mtimeMs, size, version, hungAt } = value as Partial<Record<keyof AskedVersion, unknown>>;
  return (
    typeof mtimeMs === "number" &&
    typeof size === "number" &&
    (typeof version === "string" || version === null) &&
    (typeof hungAt === "number" || hungAt === undefined)
  );
}

export interface PathSearchOptions {
  /** Milliseconds that a tool has to print its version. Default: 5000. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Looks for installed tools: on PATH, plugins also where pulumi itself looks for them. */
export class PathSearch {
  readonly #env: NodeJS.ProcessEnv;
  readonly #asked: Notebook<AskedVersion>;
  readonly #folders: readonly string[];
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  readonly #asking = new Map<string, Promise<Answer>>();

  /** @param ours Folders of gpu-zones itself; what lies there is never taken for installed. */
  constructor(
    env: NodeJS.ProcessEnv,
    ours: readonly string[],
    asked: Notebook<AskedVersion>,
    options: PathSearchOptions = {},
  ) {
    this.#env = env;
    this.#asked = asked;
    this.#limit = options.limit ?? ASK_LIMIT;
    this.#signal = options.signal;
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
    const hung: string[] = [];
    for (const path of this.#candidates(pin.name)) {
      const { version, problem } = await this.#version(pin, path);
      if (version !== undefined && fits(pin, version)) return { found: { path, version }, unfit, hung };
      if (problem === "timeout") {
        const seconds = this.#limit / 1000;
        hung.push(
          `${path} did not say its version within ${seconds} s; passed over, and not asked again for an hour`,
        );
      } else unfit.push(`${path} is ${version ?? "of unknown version"}, wanted ${String(pin.fits)}`);
    }
    return { found: undefined, unfit, hung };
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
        if (isExecutable(path))
          return { found: { path, version: installed.found.version }, unfit: [], hung: [] };
      }
    }
    const unfit: string[] = [];
    for (const path of this.#candidates(pin.name)) {
      if (!isExecutable(join(dirname(path), "pulumi")))
        return { found: { path, version: UNKNOWN }, unfit, hung: [] };
      unfit.push(`${path} belongs to a pulumi that does not fit`);
    }
    return { found: undefined, unfit, hung: [] };
  }

  /** Pulumi's folder of plugins says the version; a plugin on PATH does not, and cannot be asked. */
  #plugin(pin: Pin): OnPath {
    const user = join(this.#env["HOME"] ?? homedir(), ".pulumi");
    for (const home of [this.#env["PULUMI_HOME"] ?? user, user]) {
      const path = join(home, "plugins", `resource-kubernetes-v${pin.version}`, pin.name);
      if (isExecutable(path)) return { found: { path, version: pin.version }, unfit: [], hung: [] };
    }
    const path = this.#candidates(pin.name)[0];
    return { found: path === undefined ? undefined : { path, version: UNKNOWN }, unfit: [], hung: [] };
  }

  #candidates(name: ToolName): string[] {
    return this.#folders.map((folder) => join(folder, name)).filter(isExecutable);
  }

  /** Two questions about one file at the same time start one process. */
  #version(pin: Pin, path: string): Promise<Answer> {
    const asking = this.#asking.get(path) ?? this.#ask(pin, path);
    this.#asking.set(path, asking);
    return asking;
  }

  async #ask(pin: Pin, path: string): Promise<Answer> {
    const stat = statOf(path);
    if (stat === undefined) return { problem: "none" };
    const remembered = this.#remembered(path, stat);
    if (remembered !== undefined) return remembered;
    const answer = await askVersion(path, pin.versionArgs ?? [], {
      env: this.#env,
      limit: this.#limit,
      signal: this.#signal,
    });
    const file = { mtimeMs: stat.mtimeMs, size: stat.size };
    if (answer.problem === "timeout")
      await this.#asked.set(path, { ...file, version: null, hungAt: Date.now() });
    else if (isItself(path, pin.name))
      await this.#asked.set(path, { ...file, version: answer.version ?? null });
    return answer;
  }

  #remembered(path: string, stat: { mtimeMs: number; size: number }): Answer | undefined {
    const asked = this.#asked.get(path);
    if (asked?.mtimeMs !== stat.mtimeMs || asked.size !== stat.size) return undefined;
    if (asked.hungAt === undefined)
      return asked.version === null ? { problem: "none" } : { version: asked.version };
    const since = Date.now() - asked.hungAt;
    return since >= 0 && since < HUNG ? { problem: "timeout" } : undefined;
  }
}

/** True for a tool whose file is what runs. A script, or a link to another program, may start another version tomorrow (mise, asdf, snap). */
function isItself(path: string, name: ToolName): boolean {
  return isNative(path) && basename(realOrSame(path)).includes(name);
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
