import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** More entries than a fleet's zones need; older ones go when a new one comes. */
const ENTRIES_MAX = 1000;

/** Part of every key: raise it when the same inputs come out otherwise than before. */
const FORMAT = 1;

/** Results of kustomize by everything they were made of. Losing it costs time and nothing else. */
export class RenderCache {
  readonly #directory: string | undefined;

  /** @param directory made when it is first needed; undefined: nothing is kept */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** The result for these inputs, made when there is none that can be read. Both must survive JSON. */
  async get<T>(inputs: unknown, make: () => Promise<T>): Promise<T> {
    if (this.#directory === undefined) return await make();
    const file = join(this.#directory, `${sha256(JSON.stringify([FORMAT, inputs]))}.json`);
    const kept = await readEntry(file);
    if (kept !== undefined) return kept.value as T;
    const value = await make();
    await this.#put(file, JSON.stringify(value));
    return value;
  }

  async #put(file: string, body: string): Promise<void> {
    const directory = this.#directory ?? "";
    try {
      await mkdir(directory, { recursive: true });
      // Rename makes it whole; whether it survives a power cut does not matter, the checksum tells.
      await writeFileAtomic(file, `${sha256(body)}\n${body}`, { fsync: false });
      await prune(directory);
    } catch {
      // A folder that cannot be written (read-only checkout, full disk) must not keep a zone from being rendered.
    }
  }
}

/** An entry whose checksum holds; a damaged one is as good as none. */
async function readEntry(file: string): Promise<{ value: unknown } | undefined> {
  try {
    const text = await readFile(file, "utf8");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    return sha256(body) === text.slice(0, end) ? { value: JSON.parse(body) as unknown } : undefined;
  } catch {
    return undefined;
  }
}

async function prune(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (names.length <= ENTRIES_MAX) return;
  const aged = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      return {
        path,
        at: await stat(path).then(
          (found) => found.mtimeMs,
          () => 0,
        ),
      };
    }),
  );
  // A tenth at once, so that not every new entry has to look at all of them.
  const oldest = aged.toSorted((a, b) => a.at - b.at).slice(0, names.length - ENTRIES_MAX * 0.9);
  await Promise.all(oldest.map(({ path }) => rm(path, { force: true })));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
