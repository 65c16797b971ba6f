import { join } from "node:path";
import { Notebook } from "./notebook.ts";

/** Milliseconds for which a host or file that failed is not asked again. */
const REMEMBERED = 5 * 60 * 1000;

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

function isFailure(value: unknown): value is Failure {
  if (typeof value !== "object" || value === null) return false;
  const { at, reason } = value as Partial<Record<keyof Failure, unknown>>;
  return typeof at === "number" && typeof reason === "string";
}
