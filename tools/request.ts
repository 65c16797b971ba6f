import { STATUS_CODES } from "node:http";
import type { Readable } from "node:stream";
import type { Dispatcher, EnvHttpProxyAgent } from "undici";
import type { Failures } from "./failures.ts";
import { Interrupted, pause, stopWhenInterrupted } from "./interruption.ts";
import { proxiesOf } from "./proxy.ts";

/** What a download may take; milliseconds, bytes, bytes per second. */
export interface DownloadLimits {
  /** For a connection. */
  readonly connect: number;
  /** For the first byte of an answer. */
  readonly answer: number;
  /** Without a byte in the middle of one. */
  readonly silence: number;
  /** A file that comes slower than `slowest` for this long is given up. */
  readonly slow: number;
  readonly slowest: number;
  /** No tool and no list of checksums is larger. */
  readonly largestFile: number;
  readonly largestText: number;
  /** Before each further try, where a host did not answer or is overloaded. */
  readonly pauses: readonly number[];
}

export const DOWNLOAD_LIMITS: DownloadLimits = {
  connect: 5000,
  answer: 20_000,
  silence: 30_000,
  slow: 60_000,
  slowest: 10_000,
  largestFile: 1e9,
  largestText: 5e6,
  pauses: [500, 1500],
};

const MOST_REDIRECTS = 10;
/** Failures of which it is certain that the next file of this host would meet them too. */
const HOST_CODES = ["ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"];
const BUSY = [429, 500, 502, 503, 504];

/** A file that could not be had. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  /** What is not asked again for a while: the `host`, the `file`, or nothing (`once`); `known`: it failed before. */
  readonly scope: "host" | "file" | "once" | "known";
  /** The one that failed, which may be where a vendor's address led to. */
  readonly url: URL | undefined;

  constructor(scope: DownloadError["scope"], url: URL | undefined, message: string) {
    super(message);
    this.scope = scope;
    this.url = url;
  }
}

export interface Answer {
  /** Where it came from in the end. */
  readonly url: URL;
  /** Bytes; undefined where the host does not say. */
  readonly length: number | undefined;
  readonly body: Readable;
}

/** Asks for addresses through the environment's proxies; follows redirects, though never to an unencrypted place. */
export class Requests {
  readonly #env: NodeJS.ProcessEnv;
  readonly #failures: Failures;
  readonly #limits: DownloadLimits;
  readonly #signal: AbortSignal | undefined;
  #agent: EnvHttpProxyAgent | undefined;

  constructor(env: NodeJS.ProcessEnv, failures: Failures, limits: DownloadLimits, signal?: AbortSignal) {
    this.#env = env;
    this.#failures = failures;
    this.#limits = limits;
    this.#signal = signal;
  }

  /** The body of a successful answer. @throws DownloadError, Interrupted */
  async get(url: URL): Promise<Answer> {
    let hop = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const { statusCode, headers, body } = await this.#askPatiently(hop, url);
      if (statusCode >= 200 && statusCode < 300) {
        const length = Number(headers["content-length"] ?? Number.NaN);
        return { url: hop, length: Number.isNaN(length) ? undefined : length, body };
      }
      discard(body);
      const location = headers["location"];
      if (statusCode < 300 || statusCode >= 400 || typeof location !== "string") {
        const text = `${hop.href} answered ${statusCode} ${STATUS_CODES[statusCode] ?? ""}`.trimEnd();
        throw new DownloadError("file", hop, text + led(hop, url));
      }
      const next = URL.canParse(location, hop.href) ? new URL(location, hop) : undefined;
      if (next === undefined || !isSafe(next, url)) {
        const where = next?.href ?? `"${location}"`;
        throw new DownloadError(
          "file",
          hop,
          `${hop.href} leads to ${where}, which is not encrypted; not asked`,
        );
      }
      hop = next;
    }
    throw new DownloadError(
      "file",
      url,
      `${url.href} leads from one address to the next, more than ${MOST_REDIRECTS}`,
    );
  }

  async close(): Promise<void> {
    await this.#agent?.destroy();
    this.#agent = undefined;
  }

  /** A hiccup of a connection or a busy host is worth another try after a short pause. */
  async #askPatiently(hop: URL, first: URL): Promise<Dispatcher.ResponseData> {
    for (let attempt = 0; ; attempt += 1) {
      const wait = this.#limits.pauses[attempt];
      try {
        const response = await this.#ask(hop, first);
        if (wait === undefined || !BUSY.includes(response.statusCode)) return response;
        discard(response.body);
      } catch (error) {
        const again = error instanceof DownloadError && ["host", "once"].includes(error.scope);
        if (wait === undefined || !again) throw error;
      }
      await pause(wait, this.#signal);
    }
  }

  async #ask(hop: URL, first: URL): Promise<Dispatcher.ResponseData> {
    stopWhenInterrupted(this.#signal);
    const remembered = this.#failures.reason(hop);
    if (remembered !== undefined) throw new DownloadError("known", hop, remembered);
    const { request } = await import("undici");
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
    }, this.#limits.answer);
    try {
      return await request(hop, {
        dispatcher: await this.#dispatcher(),
        signal: this.#signal === undefined ? late.signal : AbortSignal.any([late.signal, this.#signal]),
        headers: headersFor(hop, this.#env),
      });
    } catch (error) {
      if (this.#signal?.aborted === true) throw new Interrupted();
      if (late.signal.aborted) {
        const seconds = this.#limits.answer / 1000;
        throw new DownloadError("file", hop, `${hop.href}: no answer within ${seconds} s${led(hop, first)}`);
      }
      const reason = deepest(error);
      const scope = HOST_CODES.includes(String(reason.code)) ? "host" : "once";
      const text = `${hop.host} could not be reached (${reason.message})`;
      throw new DownloadError(scope, hop, text + led(hop, first));
    } finally {
      clearTimeout(timer);
    }
  }

  async #dispatcher(): Promise<EnvHttpProxyAgent> {
    if (this.#agent !== undefined) return this.#agent;
    const { EnvHttpProxyAgent } = await import("undici");
    const limits = { timeout: this.#limits.connect };
    this.#agent = new EnvHttpProxyAgent({
      ...proxiesOf(this.#env),
      connect: limits,
      proxyTls: limits,
      requestTls: limits,
      // Both are watched here and in download.ts, with messages of their own.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return this.#agent;
  }
}

/** GitHub lets an address without a token ask 60 times an hour, which an office uses up. The token goes there only. */
export function headersFor(url: URL, env: NodeJS.ProcessEnv): Record<string, string> {
  const token = env["GITHUB_TOKEN"] ?? "";
  return {
    // A body that is unpacked on the way would not have the checksum of the file.
    "accept-encoding": "identity",
    "user-agent": "gpu-zones",
    ...(token !== "" && url.origin === "https://api.github.com" ? { authorization: `Bearer ${token}` } : {}),
  };
}

/** Encrypted, on this very machine, or the unencrypted mirror that a person named. */
function isSafe(hop: URL, first: URL): boolean {
  if (hop.protocol === "https:") return true;
  if (hop.protocol !== "http:" || first.protocol !== "http:") return false;
  return hop.origin === first.origin || ["127.0.0.1", "localhost", "[::1]"].includes(hop.hostname);
}

function led(hop: URL, first: URL): string {
  return hop.href === first.href ? "" : `, where ${first.href} leads to`;
}

function discard(body: Readable): void {
  // An answer that nobody reads may break off unseen.
  body.on("error", () => undefined);
  body.destroy();
}

/** Libraries wrap the reason of a failure once or twice. */
export function deepest(error: unknown): NodeJS.ErrnoException {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors.length > 0) reason = reason.errors[0] as unknown;
  return reason instanceof Error ? reason : new Error(String(reason));
}
