import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { isMap, type JsonMap } from "../plugin/protobuf.ts";
import type { Connection } from "./connection.ts";
import { ApiError, CancelledError, UnreachableError } from "./failure.ts";
import { number, text } from "./object.ts";

/** One request to the API server. */
export interface ApiRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path from the server's root, with names already escaped. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Content type of the body; default application/json. */
  contentType?: string;
  /** Ends the request at once when aborted. */
  signal?: AbortSignal;
}

interface Answer {
  code: number;
  body: string;
  retryAfter: string | undefined;
}

// A busy API server says when to come back; more than this and it is not coming back.
const busyRetries = 5;

/** Plain REST against one API server, over kept connections. */
export class ApiClient {
  readonly #server: string;
  readonly #connect: () => Promise<Connection>;
  readonly #timeoutMs: number;
  #connection: Promise<Connection> | undefined;

  /** `timeoutMs` limits one request. Nothing is opened before the first request. */
  constructor(server: string, connect: () => Promise<Connection>, timeoutMs: number) {
    this.#server = server.replace(/\/+$/, "");
    this.#connect = connect;
    this.#timeoutMs = timeoutMs;
  }

  /** Sends a request and reads its JSON answer. Throws ApiError, UnreachableError or CancelledError. */
  async send(request: ApiRequest): Promise<JsonMap> {
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once(request, attempt === 0);
      const busy = answer.code === 429 || (answer.code === 503 && answer.retryAfter !== undefined);
      if (!busy || attempt >= busyRetries) return read(answer);
      await pause(Math.min(Number(answer.retryAfter ?? 1) || 1, 10) * 1000, request.signal);
    }
  }

  /** Closes the kept connections. */
  async close(): Promise<void> {
    (await this.#connection)?.agent.destroy();
  }

  async #once(request: ApiRequest, mayRepeat: boolean): Promise<Answer> {
    this.#connection ??= this.#connect();
    const { agent, headers } = await this.#connection;
    const url = new URL(this.#server + request.path);
    for (const [key, value] of Object.entries(request.query ?? {})) url.searchParams.set(key, value);
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const sent: Record<string, string> = { accept: "application/json", ...(await headers()) };
    if (body !== undefined) {
      sent["content-type"] = request.contentType ?? "application/json";
      sent["content-length"] = String(Buffer.byteLength(body));
    }
    const result = await exchange(
      url,
      { agent, method: request.method, headers: sent },
      body,
      this.#timeoutMs,
      request.signal,
    );
    // The server may close a kept connection just as it is used again: that request was never read.
    if (result === "stale") {
      if (mayRepeat) return this.#once(request, false);
      throw new UnreachableError(`${this.#server} closed the connection`);
    }
    return result;
  }
}

function exchange(
  url: URL,
  options: http.RequestOptions,
  body: string | undefined,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Answer | "stale"> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new CancelledError());
      return;
    }
    let timedOut = false;
    const request = (url.protocol === "http:" ? http : https).request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        finish();
        resolve({
          code: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString(),
          retryAfter: response.headers["retry-after"],
        });
      });
    });
    const timer = setTimeout(() => {
      timedOut = true;
      request.destroy();
    }, timeoutMs);
    const abort = () => {
      request.destroy();
    };
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    function fail(error: Error): void {
      finish();
      if (signal?.aborted) reject(new CancelledError());
      else if (timedOut)
        reject(new UnreachableError(`${url.origin} did not answer within ${timeoutMs / 1000} s (timeout)`));
      else if (request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET")
        resolve("stale");
      else reject(new UnreachableError(inWords(url, error)));
    }
    request.on("error", fail);
    signal?.addEventListener("abort", abort, { once: true });
    request.end(body);
  });
}

function inWords(url: URL, error: Error & { code?: string }): string {
  if (error.code === "ECONNREFUSED") return `connection refused by ${url.origin}`;
  if (error.code === "ENOTFOUND") return `the name ${url.hostname} is not known`;
  if (error.code === "ETIMEDOUT") return `connection to ${url.origin} timed out (timeout)`;
  return `${url.origin}: ${error.message || error.code || "no answer"}`;
}

function read(answer: Answer): JsonMap {
  let body: unknown;
  try {
    body = answer.body === "" ? {} : JSON.parse(answer.body);
  } catch {
    body = undefined;
  }
  if (answer.code >= 200 && answer.code < 300 && isMap(body)) return body;
  const status = isMap(body) ? body : {};
  const message = text(status["message"]) ?? `HTTP ${answer.code}: ${answer.body.slice(0, 200).trim()}`;
  if (answer.code === 401) {
    throw new UnreachableError(
      `unauthorized: the server has asked for the client to provide credentials (${message})`,
    );
  }
  throw new ApiError(
    number(status["code"]) ?? answer.code,
    text(status["reason"]) ?? "",
    message,
    isMap(status["details"]) ? status["details"] : {},
  );
}

/** Waits, or throws CancelledError as soon as the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw new CancelledError();
  }
}
