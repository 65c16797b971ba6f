import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Builder, goBuilder } from "./build.ts";
import { readEntry, toolsFolder } from "./cache.ts";
import { Downloads } from "./download.ts";
import { Failures } from "./failures.ts";
import { install, type InstallSite, type Refusal } from "./install.ts";
import { stopWhenInterrupted, untilEnded } from "./interruption.ts";
import { Notebook } from "./notebook.ts";
import { isAskedVersion, PathSearch, UNKNOWN } from "./on-path.ts";
import { type Pin, PINS, type Source } from "./pins.ts";
import { type Platform, platformOf } from "./platform.ts";
import { Progress, screenOf } from "./progress.ts";
import { wayOf } from "./proxy.ts";
import type { DownloadLimits } from "./request.ts";
import { isExecutable } from "./stat.ts";
import { type MissingTool, type Tool, type ToolName, ToolsError } from "./tool.ts";

/** What a search for tools touches outside itself. Everything defaults to the real thing. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** Undefined: nothing can be installed here. */
  readonly platform: Platform | undefined;
  readonly pins: Readonly<Record<ToolName, Pin>>;
  readonly builder: Builder;
  readonly progress: Progress;
  /** Folder of the stand-ins' executables. */
  readonly standIns: string;
  /** Stand-ins, and plugins of unknown version, that were announced already. */
  readonly announced: Set<ToolName>;
  /** Aborted: everything under way ends, and Interrupted is thrown. */
  readonly signal?: AbortSignal;
  /** Milliseconds that a tool on PATH has to print its version. Default: 5000. */
  readonly askLimit?: number;
  /** Default: DOWNLOAD_LIMITS. */
  readonly limits?: Partial<DownloadLimits>;
}

export interface FindOptions {
  /** Takes announcements and ends of steps, line by line. Default: stderr; what is going on is one line there, rewritten, on a terminal. */
  readonly log?: (line: string) => void;
  /** Aborted by Ctrl-C: downloads, builds and waiting end, and Interrupted is thrown. SIGINT, SIGTERM and SIGHUP do the same. */
  readonly signal?: AbortSignal;
}

const STAND_INS = fileURLToPath(new URL("../sim/stand-ins/bin", import.meta.url));
const announced = new Set<ToolName>();

/**
 * Finds tools: installed on PATH in a version that fits, in the cache, as a vendor's download, built from source, and at last
 * as a stand-in. Resolves in parallel where that is safe; builds one after the other.
 * `GPU_ZONES_NO_DOWNLOAD=1` leaves downloads out, `GPU_ZONES_TOOLS_BASE_URL` takes them from a mirror (see README.md).
 * @throws ToolsError naming every tool that could not be had, and what to install; Interrupted
 */
export async function findTools<N extends ToolName>(
  names: readonly N[],
  options: FindOptions = {},
): Promise<Record<N, Tool>> {
  return await untilEnded(options.signal, (signal) =>
    findToolsIn(names, {
      env: process.env,
      platform: platformOf(process.platform, process.arch),
      pins: PINS,
      builder: goBuilder,
      progress: new Progress(screenOf(process.stderr, options.log)),
      standIns: STAND_INS,
      announced,
      signal,
    }),
  );
}

/** One tool; see `findTools`. */
export async function findTool(name: ToolName, options: FindOptions = {}): Promise<Tool> {
  return (await findTools([name], options))[name];
}

/** `findTools` with its surroundings given. */
export async function findToolsIn<N extends ToolName>(
  names: readonly N[],
  surroundings: Surroundings,
): Promise<Record<N, Tool>> {
  const folder = toolsFolder(surroundings.env);
  const search: Search = { ...surroundings, folder, tools: new Map(), reasons: new Map() };
  const wanted = [...new Set(names)].map((name) => surroundings.pins[name]);
  stopWhenInterrupted(search.signal);
  await lookInstalled(search, wanted);
  const absent = wanted.filter((pin) => !search.tools.has(pin.name));
  if (absent.length > 0) await installAbsent(search, absent);
  const missing = absent.filter((pin) => !search.tools.has(pin.name)).map((pin) => missingTool(search, pin));
  if (missing.length > 0) throw new ToolsError(missing);
  return Object.fromEntries(search.tools) as Record<N, Tool>;
}

/**
 * Directories to put in front of PATH so that pulumi, its plugins and kubectl are found; `findTools` of pulumi, its language host and
 * its plugin gives all that an engine needs. What PATH finds by itself stays out: `/usr/bin` in front would hide a person's own
 * `node`. The directory of the stand-ins holds both, so an official plugin comes before it wherever it lies.
 * @param path PATH to put them in front of. Default: this process' own.
 */
export function toolPath(tools: readonly Tool[], path: string = process.env["PATH"] ?? ""): string[] {
  const standIns = tools.filter((tool) => tool.origin === "stand-in").map((tool) => dirname(tool.path));
  const found = tools.filter((tool) => tool.origin === "PATH");
  const needed = found.filter(
    (tool) =>
      firstOnPath(tool.name, path) !== tool.path ||
      standIns.some((folder) => isExecutable(join(folder, tool.name))),
  );
  const installed = tools.filter((tool) => tool.origin === "download" || tool.origin === "built");
  return [...new Set([...[...installed, ...needed].map((tool) => dirname(tool.path)), ...standIns])];
}

function firstOnPath(name: ToolName, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

interface Search extends Surroundings {
  readonly folder: string;
  readonly tools: Map<ToolName, Tool>;
  readonly reasons: Map<ToolName, Refusal[]>;
}

/** PATH, then the cache. */
async function lookInstalled(search: Search, pins: readonly Pin[]): Promise<void> {
  const { env, folder, platform, standIns, signal } = search;
  const asked = new Notebook(join(folder, "path-versions.json"), isAskedVersion);
  const path = new PathSearch(env, [folder, standIns], asked, { signal, limit: search.askLimit });
  await Promise.all(
    pins.map(async (pin) => {
      const { found, unfit, hung } = await path.find(pin, search.pins.pulumi);
      // It costs time in any case, whatever is found elsewhere.
      for (const line of hung) search.progress.say(`${pin.name}: ${line}`);
      if (found !== undefined) {
        search.tools.set(pin.name, { name: pin.name, ...found, origin: "PATH" });
        if (found.version === UNKNOWN) announceUnknown(search, pin, found.path);
        return;
      }
      note(search, pin, ...unfit.map((reason): Refusal => ({ place: "PATH", reason, unfit: true })));
      note(search, pin, ...hung.map((reason): Refusal => ({ place: "PATH", reason })));
      if (unfit.length + hung.length === 0) note(search, pin, { place: "PATH", reason: "not there" });
    }),
  );
  if (platform === undefined) return;
  for (const pin of pins) {
    if (search.tools.has(pin.name)) continue;
    const tool = readEntry(folder, pin, platform);
    if (tool !== undefined && tool !== "damaged") search.tools.set(pin.name, tool);
  }
}

function announceUnknown(search: Search, pin: Pin, path: string): void {
  if (search.announced.has(pin.name)) return;
  search.announced.add(pin.name);
  search.progress.say(`${pin.name}: ${path} does not say its version; wanted ${pin.version}, used as it is`);
}

async function installAbsent(search: Search, pins: readonly Pin[]): Promise<void> {
  const { platform, folder, env, builder, progress, signal, limits = {} } = search;
  if (platform === undefined) {
    const reason = `nothing is published for ${process.platform} on ${process.arch}, only for Linux and macOS on amd64 and arm64`;
    for (const pin of pins) note(search, pin, { place: "download", reason, fatal: true });
    return;
  }
  for (const pin of pins) {
    const unfit = (search.reasons.get(pin.name) ?? []).filter((refusal) => refusal.unfit);
    for (const { reason } of unfit) progress.say(`${pin.name}: ${reason}`);
  }
  const downloads = new Downloads(env, new Failures(folder, wayOf(env)), progress, { limits, signal });
  const site: InstallSite = {
    folder,
    platform,
    env,
    downloads,
    builder,
    progress,
    said: new Set(),
    signal,
  };
  try {
    const bySource = new Map<Source, Pin[]>();
    for (const pin of pins) {
      // Without a request it is clear that only the stand-in is left: no lock, no folder, no waiting.
      const nothing = pin.goPackage === undefined && readEntry(folder, pin, platform) === undefined;
      const hopeless = nothing ? downloads.refusal(pin.release(platform)) : undefined;
      if (hopeless === undefined) bySource.set(pin.source, [...(bySource.get(pin.source) ?? []), pin]);
      else note(search, pin, { place: "download", reason: hopeless });
    }
    const { tools, refusals } = await install(bySource, site);
    for (const [name, tool] of tools) search.tools.set(name, tool);
    for (const pin of pins) note(search, pin, ...(refusals.get(pin.name) ?? []));
  } finally {
    await downloads.close();
  }
  for (const pin of pins) if (!search.tools.has(pin.name)) takeStandIn(search, pin);
}

function takeStandIn(search: Search, pin: Pin): void {
  const path = join(search.standIns, pin.name);
  const reasons = search.reasons.get(pin.name) ?? [];
  if (!pin.standIn || reasons.some((refusal) => refusal.fatal)) return;
  if (!isExecutable(path)) {
    note(search, pin, { place: "stand-in", reason: `${path} is not there` });
    return;
  }
  search.tools.set(pin.name, { name: pin.name, version: pin.version, path, origin: "stand-in" });
  if (search.announced.has(pin.name)) return;
  search.announced.add(pin.name);
  const download = reasons.find((refusal) => refusal.place === "download");
  const because = download === undefined ? "" : ` (${download.reason})`;
  search.progress.say(
    `stand-in: ${pin.name}; used because the official plugin is neither installed nor downloadable${because}`,
  );
}

function missingTool(search: Search, pin: Pin): MissingTool {
  const refusals = search.reasons.get(pin.name) ?? [];
  return {
    name: pin.name,
    version: pin.version,
    reasons: refusals.map(({ place, reason }) => `${place}: ${reason}`),
    homepage: pin.homepage,
    wantsGo: refusals.some((refusal) => refusal.wantsGo),
    fix: refusals.find((refusal) => refusal.fix !== undefined)?.fix,
  };
}

function note(search: Search, pin: Pin, ...refusals: readonly Refusal[]): void {
  search.reasons.set(pin.name, [...(search.reasons.get(pin.name) ?? []), ...refusals]);
}
