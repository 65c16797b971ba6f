import { createHash } from "node:crypto";
import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { publishedSha256 } from "./checksum.ts";
import type { Failures } from "./failures.ts";
import { Interrupted } from "./interruption.ts";
import type { Release } from "./pins.ts";
import type { Progress } from "./progress.ts";
import { proxiesOf } from "./proxy.ts";
import {
  type Answer,
  deepest,
  DOWNLOAD_LIMITS,
  DownloadError,
  type DownloadLimits,
  Requests,
} from "./request.ts";
import { statOf } from "./stat.ts";

/** The address to ask: the vendor's, or below the mirror `GPU_ZONES_TOOLS_BASE_URL` as `<base>/<host>/<path>`. */
export function mirrored(url: string, env: NodeJS.ProcessEnv): URL {
  const base = env["GPU_ZONES_TOOLS_BASE_URL"];
  if (base === undefined || base === "") return new URL(url);
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new DownloadError(
      "once",
      undefined,
      `GPU_ZONES_TOOLS_BASE_URL: wanted an address such as https://mirror.example/tools, got "${base}"`,
    );
  }
  const { host, pathname } = new URL(url);
  return new URL(`${base.replace(/\/+$/, "")}/${host}${pathname}`);
}

/** Fetches release files of vendors; proxies of the environment are used, a host that failed is not asked twice. */
export class Downloads {
  readonly #env: NodeJS.ProcessEnv;
  readonly #failures: Failures;
  readonly #progress: Progress;
  readonly #limits: DownloadLimits;
  readonly #requests: Requests;
  readonly #signal: AbortSignal | undefined;

  constructor(
    env: NodeJS.ProcessEnv,
    failures: Failures,
    progress: Progress,
    { limits = {}, signal }: { limits?: Partial<DownloadLimits>; signal?: AbortSignal | undefined } = {},
  ) {
    this.#env = env;
    this.#failures = failures;
    this.#progress = progress;
    this.#limits = { ...DOWNLOAD_LIMITS, ...limits };
    this.#signal = signal;
    this.#requests = new Requests(env, failures, this.#limits, signal);
  }

  /** Why there is no use in asking for `release`, or undefined: known without any request. */
  refusal(release: Release | undefined): string | undefined {
    if (release === undefined) return "its vendor publishes none for this platform";
    const off = this.#env["GPU_ZONES_NO_DOWNLOAD"];
    if (off !== undefined && off !== "" && off !== "0") return "switched off by GPU_ZONES_NO_DOWNLOAD";
    try {
      proxiesOf(this.#env);
      const urls = [release.url, ...(release.sha256 === undefined ? [release.published.url] : [])];
      const reasons = urls.map((url) => this.#failures.reason(mirrored(url, this.#env)));
      return reasons.find((found) => found !== undefined);
    } catch (error) {
      return messageOf(error);
    }
  }

  /**
   * Fetches `release` into `folder`, compares its sha256 and takes `members` out of the archive.
   * @returns the path of each member, or of the file itself when `members` is [undefined]
   * @throws DownloadError when it cannot be had or is not what was promised; nothing of it stays then
   */
  async fetch(
    release: Release,
    members: readonly (string | undefined)[],
    folder: string,
  ): Promise<(string | undefined)[]> {
    const url = mirrored(release.url, this.#env);
    const file = join(folder, "download");
    try {
      // The checksum comes first: it is small, and without one the large file is of no use.
      const wanted = await this.#wantedSha256(release);
      const got = await this.#fetchTwice(url, file);
      if (got !== wanted.sha256) {
        throw new DownloadError(
          "file",
          url,
          `${url.href}: wanted sha256 ${wanted.sha256} (${wanted.from}), got ${got}; the file was thrown away`,
        );
      }
      return await take(file, url, members, folder);
    } catch (error) {
      if (
        error instanceof DownloadError &&
        error.url !== undefined &&
        (error.scope === "host" || error.scope === "file")
      ) {
        await this.#failures.remember(error.url, error.scope, error.message);
      }
      throw error;
    } finally {
      rmSync(file, { force: true });
    }
  }

  async close(): Promise<void> {
    await this.#requests.close();
  }

  async #wantedSha256(release: Release): Promise<{ sha256: string; from: string }> {
    if (release.sha256 !== undefined) return { sha256: release.sha256, from: "pinned in tools/pins.ts" };
    const url = mirrored(release.published.url, this.#env);
    const name = nameOf(release.url);
    const text = await this.#text(url);
    const sha256 = publishedSha256(release.published.form, text, name);
    if (sha256 === undefined) throw new DownloadError("file", url, `${url.href} names no sha256 for ${name}`);
    this.#progress.say(
      `${name}: no checksum is pinned in tools/pins.ts; compared with the one that ${url.host} publishes, which is weaker`,
    );
    return { sha256, from: `published at ${url.href}` };
  }

  async #text(url: URL): Promise<string> {
    const answer = await this.#requests.get(url);
    const chunks: Buffer[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    await this.#receive(answer, this.#limits.largestText, sink);
    return Buffer.concat(chunks).toString();
  }

  /** A connection that breaks off is worth a second try, anything else is not. */
  async #fetchTwice(url: URL, file: string): Promise<string> {
    try {
      return await this.#fetchFile(url, file);
    } catch (error) {
      if (!(error instanceof DownloadError && error.scope === "once")) throw error;
      return await this.#fetchFile(url, file);
    }
  }

  async #fetchFile(url: URL, file: string): Promise<string> {
    const answer = await this.#requests.get(url);
    const total = answer.length;
    const hash = createHash("sha256");
    const activity = this.#progress.start(`${nameOf(url.href)}: downloading from ${answer.url.host}`);
    try {
      await this.#receive(answer, this.#limits.largestFile, createWriteStream(file), (chunk, bytes) => {
        hash.update(chunk);
        activity.at(total === undefined ? megabytes(bytes) : `${megabytes(bytes)} of ${megabytes(total)}`);
      });
    } catch (error) {
      activity.end(error instanceof Interrupted ? "interrupted" : "failed");
      throw error;
    }
    activity.end(`${megabytes(statSync(file).size)} fetched`);
    return hash.digest("hex");
  }

  /** Takes a body in, as long as it keeps coming and is not too large. */
  async #receive(
    { url, length, body }: Answer,
    largest: number,
    sink: Writable,
    take: (chunk: Buffer, bytes: number) => void = () => undefined,
  ): Promise<void> {
    const { silence, slow, slowest } = this.#limits;
    let bytes = 0;
    let heard = Date.now();
    let window = { since: heard, bytes: 0 };
    const tooLarge = (size: number): DownloadError | undefined =>
      size <= largest
        ? undefined
        : new DownloadError(
            "file",
            url,
            `${url.href} is larger than ${megabytes(largest)}, which no such file is`,
          );
    const stop = (error: Error): void => void body.destroy(error);
    const watch = setInterval(
      () => {
        const now = Date.now();
        if (now - heard >= silence) {
          stop(
            new DownloadError(
              "once",
              url,
              `${url.href}: no data for ${silence / 1000} s, after ${bytes} bytes`,
            ),
          );
        } else if (now - window.since >= slow) {
          const speed = ((bytes - window.bytes) * 1000) / (now - window.since);
          const text = `${url.href}: only ${Math.round(speed)} bytes a second, after ${bytes} bytes`;
          if (speed < slowest) stop(new DownloadError("file", url, text));
          window = { since: now, bytes };
        }
      },
      Math.min(silence, slow) / 4,
    );
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        heard = Date.now();
        take(chunk, bytes);
        done(tooLarge(bytes), chunk);
      },
    });
    try {
      const announced = tooLarge(length ?? 0);
      if (announced !== undefined) throw announced;
      await pipeline(body, count, sink);
      // A proxy may end an answer early without an error.
      if (length !== undefined && bytes !== length) throw new Error("too short");
    } catch (error) {
      body.on("error", () => undefined);
      body.destroy();
      if (this.#signal?.aborted === true) throw new Interrupted();
      const reason = error instanceof DownloadError ? error : deepest(error);
      if (reason instanceof DownloadError) throw reason;
      if (isSystemError(reason) && ["write", "open"].includes(String(reason.syscall))) throw reason;
      const of = length === undefined ? "an unknown number of" : String(length);
      throw new DownloadError("once", url, `${url.href} ended after ${bytes} of ${of} bytes`);
    } finally {
      clearInterval(watch);
    }
  }
}

async function take(
  file: string,
  url: URL,
  members: readonly (string | undefined)[],
  folder: string,
): Promise<(string | undefined)[]> {
  const wanted = members.filter((member) => member !== undefined);
  if (wanted.length === 0) {
    const path = join(folder, "executable");
    renameSync(file, path);
    return members.map(() => path);
  }
  const { x: extract } = await import("tar");
  try {
    await extract({
      file,
      cwd: folder,
      strict: true,
      filter: (path) => wanted.includes(path.replace(/^\.\//, "")),
    });
  } catch (error) {
    if (isSystemError(error)) throw error;
    throw new DownloadError("file", url, `${url.href}: not a .tar.gz (${messageOf(error)})`);
  }
  const missing = wanted.filter((member) => statOf(join(folder, member))?.isFile() !== true);
  if (missing.length > 0)
    throw new DownloadError("file", url, `${url.href} holds no ${missing.join(", no ")}`);
  return members.map((member) => (member === undefined ? undefined : join(folder, member)));
}

function nameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").at(-1) ?? url);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
