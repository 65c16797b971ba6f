import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Pin } from "./pins.ts";
import type { Platform } from "./platform.ts";
import { isExecutable, statOf } from "./stat.ts";
import type { Tool } from "./tool.ts";

/** What is known of an installed executable; lies beside it as `manifest.json`. */
export interface Manifest {
  readonly origin: "download" | "built";
  /** Of the executable, hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, as `stat` gives them. */
  readonly mtimeMs: number;
}

/** `${XDG_CACHE_HOME:-~/.cache}/gpu-zones/tools`; a relative XDG_CACHE_HOME is ignored, as its specification asks. */
export function toolsFolder(env: NodeJS.ProcessEnv): string {
  const cache = env["XDG_CACHE_HOME"];
  const root = cache !== undefined && isAbsolute(cache) ? cache : join(env["HOME"] ?? homedir(), ".cache");
  return join(root, "gpu-zones", "tools");
}

/** Folder of one tool in one version for one platform. */
export function entryFolder(folder: string, pin: Pick<Pin, "name" | "version">, platform: Platform): string {
  return join(folder, `${pin.name}-${pin.version}-${platform}`);
}

/**
 * The tool in the cache, when it is whole by size and time: two system calls and a small file, no process.
 * "damaged" when something lies there that has to be looked at (`recheck`), undefined when nothing does.
 */
export function readEntry(folder: string, pin: Pin, platform: Platform): Tool | "damaged" | undefined {
  const entry = entryFolder(folder, pin, platform);
  const path = join(entry, pin.name);
  const stat = statOf(path);
  const manifest = readManifest(join(entry, "manifest.json"));
  if (stat === undefined && manifest === undefined) return undefined;
  if (stat === undefined || manifest === undefined || !isExecutable(path)) return "damaged";
  if (stat.size !== manifest.size || stat.mtimeMs !== manifest.mtimeMs) return "damaged";
  return { name: pin.name, version: pin.version, path, origin: manifest.origin };
}

/** Looks closer at a damaged entry: where only the time differs and the content is what was installed, it is good again. */
export async function recheck(folder: string, pin: Pin, platform: Platform): Promise<Tool | undefined> {
  const entry = entryFolder(folder, pin, platform);
  const path = join(entry, pin.name);
  const stat = statOf(path);
  const manifest = readManifest(join(entry, "manifest.json"));
  if (stat === undefined || manifest?.size !== stat.size || !isExecutable(path)) return undefined;
  if ((await sha256Of(path)) !== manifest.sha256) return undefined;
  const { default: writeFileAtomic } = await import("write-file-atomic");
  await writeFileAtomic(join(entry, "manifest.json"), manifestText({ ...manifest, mtimeMs: stat.mtimeMs }));
  return { name: pin.name, version: pin.version, path, origin: manifest.origin };
}

/**
 * Makes the executable `file` the cache's entry for `pin`: manifest first, then one rename, so that at no moment
 * something half-written bears the entry's name.
 */
export async function publishEntry(
  folder: string,
  pin: Pin,
  platform: Platform,
  file: string,
  origin: Manifest["origin"],
  work: string,
): Promise<Tool> {
  const staged = join(work, `entry-${pin.name}`);
  mkdirSync(staged);
  renameSync(file, join(staged, pin.name));
  const stat = statSync(join(staged, pin.name));
  const sha256 = await sha256Of(join(staged, pin.name));
  writeFileSync(
    join(staged, "manifest.json"),
    manifestText({ origin, sha256, size: stat.size, mtimeMs: stat.mtimeMs }),
  );
  await flush(join(staged, pin.name));
  await flush(join(staged, "manifest.json"));
  const entry = entryFolder(folder, pin, platform);
  // rename does not replace a folder that holds files.
  if (statOf(entry) !== undefined) renameSync(entry, join(work, `old-${pin.name}`));
  renameSync(staged, entry);
  return { name: pin.name, version: pin.version, path: join(entry, pin.name), origin };
}

/** sha256 of a file, hexadecimal. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Why the cache is of no use, and what would help. */
export interface CacheProblem {
  readonly reason: string;
  readonly fix: string;
}

/** Code of the error for a cache from which programs may not be started. */
export const NO_START = "ENOSTART";

/** What a person needs to know when the cache cannot be written; undefined when the error is about something else. */
export function cacheProblem(error: unknown, folder: string): CacheProblem | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? String(error.code) : "";
  const elsewhere = "name another folder with XDG_CACHE_HOME";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return {
        reason: `${folder}: wanted to write the tool there, the disk is full (${code})`,
        fix: `make room for ${folder} (a whole set takes about 700 MB, a build 3 GB more), or ${elsewhere}`,
      };
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
      return {
        reason: `${folder}: wanted to write the tool there, it is not writable (${code})`,
        fix: `make ${folder} writable, or ${elsewhere}`,
      };
    case NO_START:
      return {
        reason: `${folder}: wanted to start the tool there, that is not allowed (EACCES; the disk may be mounted noexec)`,
        fix: `${elsewhere}, on a disk from which programs may be started`,
      };
    default:
      return undefined;
  }
}

function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function readManifest(path: string): Manifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { origin, sha256, size, mtimeMs } = value as Partial<Record<keyof Manifest, unknown>>;
  if (origin !== "download" && origin !== "built") return undefined;
  if (typeof sha256 !== "string" || typeof size !== "number" || typeof mtimeMs !== "number") return undefined;
  return { origin, sha256, size, mtimeMs };
}

/** Asynchronous, because a slow disk takes seconds for a large file and the run must go on giving signs of life. */
async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
