import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * A small JSON file of things that are cheap to lose: read once, written as a whole.
 * A file that is absent or unreadable counts as empty, and a write that fails is not an error.
 */
export class Notebook<Entry> {
  readonly #path: string;
  readonly #isEntry: (value: unknown) => value is Entry;
  readonly #mine = new Map<string, Entry>();
  #entries: Map<string, Entry> | undefined;

  constructor(path: string, isEntry: (value: unknown) => value is Entry) {
    this.#path = path;
    this.#isEntry = isEntry;
  }

  get path(): string {
    return this.#path;
  }

  get(key: string): Entry | undefined {
    this.#entries ??= this.#read();
    return this.#entries.get(key);
  }

  /** Notes `entry`; another run's notes made meanwhile are kept. */
  async set(key: string, entry: Entry): Promise<void> {
    this.#mine.set(key, entry);
    this.#entries = new Map([...this.#read(), ...this.#mine]);
    const text = `${JSON.stringify(Object.fromEntries(this.#entries), null, 2)}\n`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      const { default: writeFileAtomic } = await import("write-file-atomic");
      await writeFileAtomic(this.#path, text);
    } catch {
      // The next run asks again, which is slower and as right.
    }
  }

  #read(): Map<string, Entry> {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
      return new Map(entries.filter((entry): entry is [string, Entry] => this.#isEntry(entry[1])));
    } catch {
      return new Map();
    }
  }
}
