import { join } from "node:path";
import { Notebook } from "./notebook.ts";

/** Milliseconds for which a host or file that failed is not asked again. */
const REMEMBERED = 60 * 60 * 1000;

interface Failure {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reason: string;
}

/** Hosts and files that could not be had, so that neither this run nor the next ones wait for them again. */
export class Failures {
  readonly #notes: Notebook<Failure>;
  readonly #way: string;
  readonly #now: () => number;

  /** @param way How requests travel (proxies): another way is another chance. */
  constructor(folder: string, way: string, now: () => number = Date.now) {
    this.#notes = new Notebook(join(folder, "failed-downloads.json"), isFailure);
    this.#way = way;
    this.#now = now;
  }

  /** Why `url` need not be asked, or undefined. */
  reason(url: URL): string | undefined {
    for (const key of [url.origin, url.href]) {
      const failure = this.#notes.get(this.#key(key));
      if (failure === undefined) continue;
      const left = failure.at + REMEMBERED - this.#now();
      if (left > 0 && left <= REMEMBERED) {
        const again = new Date(failure.at + REMEMBERED).toTimeString().slice(0, 5);
        return `${failure.reason}; not asked again before ${again}, or remove ${this.#notes.path}`;
      }
    }
    return undefined;
  }

  /** @param scope `host`: nothing of this host can be had; `file`: only this file cannot. */
  async remember(url: URL, scope: "host" | "file", reason: string): Promise<void> {
    await this.#notes.set(this.#key(scope === "host" ? url.origin : url.href), { at: this.#now(), reason });
  }

  #key(of: string): string {
    return this.#way === "" ? of : `${of} via ${this.#way}`;
  }
}

/** Names the proxies of an environment, without the passwords that they may hold. */
export function wayOf(env: NodeJS.ProcessEnv): string {
  const proxies = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].map((name) => env[name] ?? "");
  const urls = proxies.filter((proxy) => URL.canParse(proxy)).map((proxy) => new URL(proxy).host);
  const none = env["no_proxy"] ?? env["NO_PROXY"] ?? "";
  return urls.length === 0 ? "" : [...new Set(urls)].join(",") + (none === "" ? "" : ` except ${none}`);
}

function isFailure(value: unknown): value is Failure {
  if (typeof value !== "object" || value === null) return false;
  const { at, reason } = value as Partial<Record<keyof Failure, unknown>>;
  return typeof at === "number" && typeof reason === "string";
}
