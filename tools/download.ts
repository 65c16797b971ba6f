import { createHash } from "node:crypto";
import { createWriteStream, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { EnvHttpProxyAgent, Response } from "undici";
import { publishedSha256 } from "./checksum.ts";
import type { Failures } from "./failures.ts";
import type { Release } from "./pins.ts";
import type { Progress } from "./progress.ts";
import { statOf } from "./stat.ts";

/** Milliseconds for a connection, for the first byte of an answer, and without a byte in the middle of one. */
const CONNECT_LIMIT = 5000;
const ANSWER_LIMIT = 20_000;
const SILENCE_LIMIT = 30_000;

/** A file that could not be had. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  /** What is not asked again for a while: the `host`, the `file`, or nothing (`once`); `known`: it failed before. */
  readonly scope: "host" | "file" | "once" | "known";
  readonly url: URL | undefined;

  constructor(scope: DownloadError["scope"], url: URL | undefined, message: string) {
    super(message);
    this.scope = scope;
    this.url = url;
  }
}

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
  #agent: EnvHttpProxyAgent | undefined;

  constructor(env: NodeJS.ProcessEnv, failures: Failures, progress: Progress) {
    this.#env = env;
    this.#failures = failures;
    this.#progress = progress;
  }

  /** Why there is no use in asking for `release`, or undefined: known without any request. */
  refusal(release: Release | undefined): string | undefined {
    if (release === undefined) return "its vendor publishes none for this platform";
    const off = this.#env["GPU_ZONES_NO_DOWNLOAD"];
    if (off !== undefined && off !== "" && off !== "0") return "switched off by GPU_ZONES_NO_DOWNLOAD";
    try {
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
    await this.#agent?.destroy();
    this.#agent = undefined;
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
    const response = await this.#request(url);
    try {
      return await response.text();
    } catch (error) {
      throw new DownloadError("once", url, `${url.href} ended early (${reasonOf(error)})`);
    }
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
    const response = await this.#request(url);
    const length = response.headers.get("content-length");
    const total = length === null ? undefined : Number(length);
    const hash = createHash("sha256");
    const activity = this.#progress.start(`${nameOf(url.href)}: downloading from ${url.host}`);
    let bytes = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        activity.at(total === undefined ? megabytes(bytes) : `${megabytes(bytes)} of ${megabytes(total)}`);
        done(null, chunk);
      },
    });
    try {
      await pipeline(Readable.fromWeb(response.body ?? new ReadableStream()), count, createWriteStream(file));
      // A proxy may end an answer early without an error.
      if (total !== undefined && bytes !== total) throw new Error("too short");
    } catch (error) {
      activity.end("failed");
      if (isSystemError(error) && error.syscall !== undefined && ["write", "open"].includes(error.syscall))
        throw error;
      const of = total === undefined ? "an unknown number of" : String(total);
      throw new DownloadError("once", url, `${url.href} ended after ${bytes} of ${of} bytes`);
    }
    activity.end(`${megabytes(statSync(file).size)} fetched`);
    return hash.digest("hex");
  }

  async #request(url: URL): Promise<Response> {
    const remembered = this.#failures.reason(url);
    if (remembered !== undefined) throw new DownloadError("known", url, remembered);
    const { fetch } = await import("undici");
    const abort = new AbortController();
    const timer = setTimeout(() => {
      abort.abort(new Error(`no answer within ${ANSWER_LIMIT / 1000} s`));
    }, ANSWER_LIMIT);
    let response: Response;
    try {
      response = await fetch(url, {
        dispatcher: await this.#dispatcher(),
        signal: abort.signal,
        // A body that is unpacked on the way would not have the checksum of the file.
        headers: { "accept-encoding": "identity", "user-agent": "gpu-zones" },
      });
    } catch (error) {
      throw new DownloadError("host", url, `${url.host} could not be reached (${reasonOf(error)})`);
    } finally {
      clearTimeout(timer);
    }
    if (url.protocol === "https:" && !response.url.startsWith("https:")) {
      throw new DownloadError("file", url, `${url.href} leads to ${response.url}, which is not encrypted`);
    }
    if (!response.ok) {
      await response.body?.cancel();
      const scope = response.status === 404 || response.status === 410 ? "file" : "host";
      throw new DownloadError(
        scope,
        url,
        `${url.href} answered ${response.status} ${response.statusText}`.trimEnd(),
      );
    }
    return response;
  }

  async #dispatcher(): Promise<EnvHttpProxyAgent> {
    if (this.#agent !== undefined) return this.#agent;
    const { EnvHttpProxyAgent } = await import("undici");
    const limits = { timeout: CONNECT_LIMIT };
    this.#agent = new EnvHttpProxyAgent({
      httpProxy: this.#env["http_proxy"] ?? this.#env["HTTP_PROXY"] ?? "",
      httpsProxy: this.#env["https_proxy"] ?? this.#env["HTTPS_PROXY"] ?? "",
      noProxy: this.#env["no_proxy"] ?? this.#env["NO_PROXY"] ?? "",
      connect: limits,
      proxyTls: limits,
      requestTls: limits,
      headersTimeout: ANSWER_LIMIT,
      bodyTimeout: SILENCE_LIMIT,
    });
    return this.#agent;
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

/** fetch wraps the reason of a failure once or twice. */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors.length > 0) reason = reason.errors[0] as unknown;
  return messageOf(reason);
}
