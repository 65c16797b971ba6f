import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { BuildError, type Builder } from "./build.ts";
import { cacheProblem, NO_START, publishEntry, readEntry, recheck } from "./cache.ts";
import type { Downloads } from "./download.ts";
import { Interrupted, stopWhenInterrupted } from "./interruption.ts";
import { type Lock, underLock } from "./lock.ts";
import { askVersion } from "./on-path.ts";
import type { Pin, Source } from "./pins.ts";
import type { Platform } from "./platform.ts";
import type { Progress } from "./progress.ts";
import { DownloadError } from "./request.ts";
import type { Tool, ToolName } from "./tool.ts";
import { buildFolder, makeWorkFolder, removeWorkFolder, sweepWorkFolders } from "./work.ts";

/** Milliseconds that a fresh tool has to print its version: a slow disk reads it for the first time, macOS examines it. */
const START_LIMIT = 20_000;

/** Why one place did not give a tool. */
export interface Refusal {
  readonly place: "PATH" | "cache" | "download" | "build" | "stand-in";
  readonly reason: string;
  /** The tool is there, in a version that does not do. */
  readonly unfit?: boolean;
  /** A newer Go, or any, would help. */
  readonly wantsGo?: boolean;
  /** No other place is worth a try. */
  readonly fatal?: boolean;
  /** What would help, where installing the tool would not. */
  readonly fix?: string | undefined;
}

export interface Installed {
  readonly tools: Map<ToolName, Tool>;
  readonly refusals: Map<ToolName, readonly Refusal[]>;
}

/** What an install needs of its surroundings. */
export interface InstallSite {
  readonly folder: string;
  readonly platform: Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly downloads: Downloads;
  readonly builder: Builder;
  readonly progress: Progress;
  /** Failures of downloads that were said already: many tools come from one host. */
  readonly said: Set<string>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Installs tools into the cache: downloaded where possible, else built, at most once for all runs. Downloads run at the same time;
 * builds one after the other, the quickest first, because two at once are slower.
 * @throws Interrupted
 */
export async function install(
  groups: ReadonlyMap<Source, readonly Pin[]>,
  site: InstallSite,
): Promise<Installed> {
  const run: Run = { site, tools: new Map(), refusals: new Map() };
  const sources = [...groups.keys()].toSorted((one, other) => one.usualSeconds - other.usualSeconds);
  await sweepWorkFolders(site.folder);
  const outcomes = await Promise.allSettled(
    sources.map((source) => downloadSource(run, source, groups.get(source) ?? [])),
  );
  stopWhenInterrupted(site.signal);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  for (const source of sources) await buildSource(run, source, groups.get(source) ?? []);
  return run;
}

interface Run extends Installed {
  readonly site: InstallSite;
  readonly refusals: Map<ToolName, Refusal[]>;
}

async function downloadSource(run: Run, source: Source, pins: readonly Pin[]): Promise<void> {
  const { site } = run;
  const urls = new Map<string, Pin[]>();
  let damaged = false;
  for (const pin of pins) {
    const release = pin.release(site.platform);
    const reason = site.downloads.refusal(release);
    damaged ||= readEntry(site.folder, pin, site.platform) === "damaged";
    if (release === undefined || reason !== undefined)
      refuse(run, pin, { place: "download", reason: String(reason) });
    else urls.set(release.url, [...(urls.get(release.url) ?? []), pin]);
  }
  // Nothing to do, nothing to wait for.
  if (urls.size === 0 && !damaged) return;
  await locked(run, source, pins, "downloads", (work) => download(run, [...urls.values()], work));
}

async function buildSource(run: Run, source: Source, pins: readonly Pin[]): Promise<void> {
  const wanted = missing(run, pins).filter(
    (pin) =>
      pin.goPackage !== undefined &&
      source.module !== undefined &&
      !(run.refusals.get(pin.name) ?? []).some((refusal) => refusal.fatal),
  );
  if (wanted.length === 0) return;
  await locked(run, source, wanted, "builds", (work) => build(run, source, missing(run, wanted), work));
}

/** Does `work` for the tools that no other run installed meanwhile, in a folder of its own. */
async function locked(
  run: Run,
  source: Source,
  pins: readonly Pin[],
  doing: Lock["doing"],
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const { folder, progress, signal } = run.site;
  const usualSeconds = doing === "builds" ? source.usualSeconds : undefined;
  try {
    mkdirSync(folder, { recursive: true });
    await underLock({ folder, name: source.name, doing, usualSeconds, progress, signal }, async () => {
      for (const pin of missing(run, pins)) await adopt(run, pin);
      if (missing(run, pins).length === 0) return;
      const own = makeWorkFolder(folder);
      try {
        await work(own);
      } finally {
        await removeWorkFolder(own);
      }
    });
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const problem = cacheProblem(error, folder);
    if (problem === undefined) throw error;
    for (const pin of missing(run, pins)) refuse(run, pin, { place: "cache", ...problem, fatal: true });
  }
}

/** Takes what lies in the cache, if it is whole. */
async function adopt(run: Run, pin: Pin): Promise<void> {
  const { folder, platform, progress } = run.site;
  const tool = readEntry(folder, pin, platform);
  if (tool === "damaged")
    progress.say(`${pin.name} ${pin.version}: the installed file was changed, checking it`);
  const good = tool === "damaged" ? await recheck(folder, pin, platform) : tool;
  if (good !== undefined) run.tools.set(pin.name, good);
}

function missing(run: Run, pins: readonly Pin[]): Pin[] {
  return pins.filter((pin) => !run.tools.has(pin.name));
}

/** @param files Tools that come out of the same file, for each file. */
async function download(run: Run, files: readonly (readonly Pin[])[], work: string): Promise<void> {
  const { downloads, platform } = run.site;
  const outcomes = await Promise.allSettled(
    files.map(async (all, index) => {
      const sharing = missing(run, all);
      const release = sharing[0]?.release(platform);
      if (release === undefined) return;
      const folder = join(work, `download-${index}`);
      mkdirSync(folder);
      try {
        const members = sharing.map((pin) => pin.release(platform)?.member);
        const paths = await downloads.fetch(release, members, folder);
        for (const [at, pin] of sharing.entries())
          await publish(run, pin, String(paths[at]), "download", work);
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        say(run, sharing, error);
        for (const pin of sharing) refuse(run, pin, { place: "download", reason: error.message });
      }
    }),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** A failure that makes no difference to what is said anyway is not said: a stand-in is announced with its reason. */
function say(run: Run, pins: readonly Pin[], error: DownloadError): void {
  const names = pins.filter((pin) => !pin.standIn).map((pin) => pin.name);
  if (names.length === 0 || error.scope === "known") return;
  const line = error.scope === "host" ? error.message : `${names.join(", ")}: ${error.message}`;
  if (run.site.said.has(line)) return;
  run.site.said.add(line);
  run.site.progress.say(line);
}

async function build(run: Run, source: Source, pins: readonly Pin[], work: string): Promise<void> {
  const { builder, env, platform, progress, signal } = run.site;
  const into = buildFolder(work);
  mkdirSync(into);
  const say = (line: string): void => {
    progress.say(line);
  };
  try {
    await builder.ready(source, env, { signal, say });
    const names = pins.map((pin) => `${pin.name} ${pin.version}`).join(", ");
    const activity = progress.start(`${names}: building from source`, source.usualSeconds);
    let outcome = "failed";
    try {
      await builder.build({ source, pins, platform, into, env, signal, say });
      outcome = "done";
    } catch (error) {
      if (error instanceof Interrupted) outcome = "interrupted";
      throw error;
    } finally {
      activity.end(outcome);
    }
    for (const pin of pins) await publish(run, pin, join(into, pin.name), "built", work);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const { message: reason, wantsGo, fix } = error;
    for (const pin of missing(run, pins)) refuse(run, pin, { place: "build", reason, wantsGo, fix });
  }
}

/** Only what starts and prints the pinned version becomes a tool. */
async function publish(
  run: Run,
  pin: Pin,
  file: string,
  origin: "download" | "built",
  work: string,
): Promise<void> {
  chmodSync(file, 0o755);
  if (pin.versionArgs !== undefined) {
    const { env, signal } = run.site;
    const { version, problem } = await askVersion(file, pin.versionArgs, { env, limit: START_LIMIT, signal });
    if (problem === "EACCES")
      throw Object.assign(new Error(`${file} may not be started`), { code: NO_START });
    if (version !== pin.version) {
      const got = problem === "timeout" ? "nothing in time" : (version ?? "no version");
      const message = `wanted ${pin.name} ${pin.version}, and what was ${origin === "built" ? "built" : "downloaded"} printed ${got} for "${pin.versionArgs.join(" ")}"`;
      throw origin === "built"
        ? new BuildError(message, false)
        : new DownloadError("once", undefined, message);
    }
  }
  run.tools.set(pin.name, await publishEntry(run.site.folder, pin, run.site.platform, file, origin, work));
}

function refuse(run: Run, pin: Pin, refusal: Refusal): void {
  run.refusals.set(pin.name, [...(run.refusals.get(pin.name) ?? []), refusal]);
}
