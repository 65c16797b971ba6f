import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** More entries than a fleet's zones need; older ones go when a new one comes. */
const ENTRIES_MAX = 1000;

/** Results of kustomize by everything they were made of. Losing it costs time and nothing else. */
export class RenderCache {
  readonly #directory: string | undefined;

  /** @param directory made when it is first needed; undefined: nothing is kept */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** What was kept for these inputs; undefined when there is nothing that can be read. */
  async get<T>(inputs: unknown): Promise<T | undefined> {
    if (this.#directory === undefined) return undefined;
    return (await readEntry(this.#file(this.#directory, inputs)))?.value as T | undefined;
  }

  /** Keeps a result. Inputs and result must survive JSON. */
  async put(inputs: unknown, value: unknown): Promise<void> {
    if (this.#directory === undefined) return;
    await write(this.#directory, this.#file(this.#directory, inputs), JSON.stringify(value));
  }

  #file(directory: string, inputs: unknown): string {
    return join(directory, `${sha256(JSON.stringify([renderCode(), inputs]))}.json`);
  }
}

async function write(directory: string, file: string, body: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    // Rename makes it whole; whether it survives a power cut does not matter, the checksum tells.
    await writeFileAtomic(file, `${sha256(body)}\n${body}`, { fsync: false });
    await prune(directory);
  } catch {
    // A folder that cannot be written (read-only checkout, full disk) must not keep a zone from being rendered.
  }
}

let hashOfCode: string | undefined;

/** Hash of the code beside this file, part of every key: other code may make something else of the same inputs. */
function renderCode(): string {
  hashOfCode ??= sha256(
    readdirSync(import.meta.dirname)
      .toSorted()
      .map((name) => `${name}\n${readFileSync(join(import.meta.dirname, name), "utf8")}`)
      .join("\n"),
  );
  return hashOfCode;
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
