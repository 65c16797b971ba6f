import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { BuildError, type Builder } from "./build.ts";
import {
  cacheProblem,
  freshWorkFolder,
  publishEntry,
  readEntry,
  recheck,
  removeWorkFolder,
} from "./cache.ts";
import { DownloadError, type Downloads } from "./download.ts";
import { underLock } from "./lock.ts";
import { askVersion } from "./on-path.ts";
import type { Pin, Source } from "./pins.ts";
import type { Platform } from "./platform.ts";
import type { Progress } from "./progress.ts";
import type { Tool, ToolName } from "./tool.ts";

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
  /** Lets one build run at a time: two at once are slower than one after the other. */
  readonly oneBuild: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** Installs tools of one source into the cache: downloaded where possible, else built, at most once for all runs. */
export async function install(source: Source, pins: readonly Pin[], site: InstallSite): Promise<Installed> {
  const run: Run = { source, site, tools: new Map(), refusals: new Map() };
  try {
    mkdirSync(site.folder, { recursive: true });
    await underLock(site.folder, source.name, site.progress, () => installLocked(run, pins));
  } catch (error) {
    const reason = cacheProblem(error, site.folder);
    if (reason === undefined) throw error;
    for (const pin of pins)
      if (!run.tools.has(pin.name)) refuse(run, pin, { place: "cache", reason, fatal: true });
  }
  return run;
}

interface Run extends Installed {
  readonly source: Source;
  readonly site: InstallSite;
  readonly refusals: Map<ToolName, Refusal[]>;
}

async function installLocked(run: Run, pins: readonly Pin[]): Promise<void> {
  const { source, site } = run;
  // Another run may have installed it while this one waited.
  for (const pin of pins) {
    const tool = readEntry(site.folder, pin, site.platform);
    if (tool === "damaged")
      site.progress.say(`${pin.name} ${pin.version}: the installed file was changed, checking it`);
    const good = tool === "damaged" ? await recheck(site.folder, pin, site.platform) : tool;
    if (good !== undefined) run.tools.set(pin.name, good);
  }
  const work = freshWorkFolder(site.folder, source);
  try {
    await downloadMissing(run, missing(run, pins), work);
    await buildMissing(run, missing(run, pins), work);
  } finally {
    removeWorkFolder(site.folder, source);
  }
}

function missing(run: Run, pins: readonly Pin[]): Pin[] {
  return pins.filter((pin) => !run.tools.has(pin.name));
}

async function downloadMissing(run: Run, pins: readonly Pin[], work: string): Promise<void> {
  const { downloads, platform } = run.site;
  const byUrl = new Map<string, Pin[]>();
  for (const pin of pins) {
    const release = pin.release(platform);
    const reason = downloads.refusal(release);
    if (release === undefined || reason !== undefined)
      refuse(run, pin, { place: "download", reason: String(reason) });
    else byUrl.set(release.url, [...(byUrl.get(release.url) ?? []), pin]);
  }
  const outcomes = await Promise.allSettled(
    [...byUrl.values()].map(async (sharing, index) => {
      const release = sharing[0]?.release(platform);
      if (release === undefined) return;
      const folder = join(work, `download-${index}`);
      mkdirSync(folder);
      try {
        const members = sharing.map((pin) => pin.release(platform)?.member);
        const files = await downloads.fetch(release, members, folder);
        for (const [at, pin] of sharing.entries())
          await publish(run, pin, String(files[at]), "download", work);
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

async function buildMissing(run: Run, pins: readonly Pin[], work: string): Promise<void> {
  const { source, site } = run;
  const buildable = pins.filter((pin) => pin.goPackage !== undefined && source.module !== undefined);
  if (buildable.length === 0) return;
  const into = join(work, "build");
  mkdirSync(into);
  await site.oneBuild(async () => {
    try {
      await site.builder.ready(source, site.env);
      await build(run, buildable, into);
      for (const pin of buildable) await publish(run, pin, join(into, pin.name), "built", work);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      for (const pin of missing(run, buildable))
        refuse(run, pin, { place: "build", reason: error.message, wantsGo: error.wantsGo });
    }
  });
}

async function build({ source, site }: Run, pins: readonly Pin[], into: string): Promise<void> {
  const names = pins.map((pin) => `${pin.name} ${pin.version}`).join(", ");
  const activity = site.progress.start(`${names}: building from source`, source.usualSeconds);
  let outcome = "failed";
  try {
    await site.builder.build({ source, pins, platform: site.platform, into, env: site.env });
    outcome = "done";
  } finally {
    activity.end(outcome);
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
    const version = await askVersion(file, pin.versionArgs, run.site.env);
    if (version !== pin.version) {
      const got = version === "timeout" ? "nothing in time" : (version ?? "no version");
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
