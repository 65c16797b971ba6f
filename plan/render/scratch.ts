import { mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { asYaml } from "./manifests.ts";

/** What kustomize says of every directory below which something else went wrong: that the directory is no file. */
const TRIED_AS_FILE =
  /accumulating resources: accumulation err='accumulating resources from '[^']*': '[^']*' must resolve to a file': /g;

/** The way through the kustomizations that stand here. */
const OWN_PATH = /recursed accumulation of path '[^'/]*\.(?:built|zone|patched)': /g;

const FOLDER = "gpu-zones-render-";

/** No build takes this long (kustomize is stopped after a minute): an older folder belongs to a run that was killed. */
const ABANDONED_MS = 10 * 60_000;

/**
 * Removes what killed runs left in a folder of temporary files.
 * @param now milliseconds since 1970
 */
export async function sweepScratch(folder: string, now = Date.now()): Promise<void> {
  for (const name of (await readdir(folder)).filter((each) => each.startsWith(FOLDER))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || now - found.mtimeMs < ABANDONED_MS) continue;
    // Another user's folder stays: it is not ours to remove.
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A folder of kustomizations written for one build: in the system's temporary folder, never in the repository. */
export class Scratch {
  readonly directory: string;
  readonly #repository: string;

  private constructor(directory: string, repository: string) {
    this.directory = directory;
    this.#repository = repository;
  }

  /**
   * Makes a folder, hands it to `use` and removes it whatever happens.
   * @param repository absolute path, symbolic links resolved
   */
  static async with<T>(repository: string, use: (scratch: Scratch) => Promise<T>): Promise<T> {
    // kustomize compares resolved paths; a temporary folder behind a link (macOS has one) would lead nowhere.
    const directory = await realpath(await mkdtemp(join(tmpdir(), FOLDER)));
    try {
      return await use(new Scratch(directory, repository));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Absolute path of one of its kustomizations. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** The way from any of its kustomizations to a path of the repository: kustomize refuses absolute bases. */
  toRepository(path: string): string {
    return join(relative(this.path("any"), this.#repository), path);
  }

  /** Writes the kustomization `<name>/kustomization.yaml`, and files beside it. `name` is one folder, not a path. */
  async write(
    name: string,
    kustomization: object,
    files: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    await mkdir(this.path(name));
    const all = { ...files, "kustomization.yaml": asYaml(kustomization) };
    await Promise.all(
      Object.entries(all).map(async ([file, text]) => {
        await writeFile(join(this.path(name), file), text);
      }),
    );
  }

  /** A message of kustomize in paths of the repository: neither this folder nor the way from it means anything to a reader. */
  clean(message: string): string {
    return message
      .replace(/^Error: /, "")
      .replaceAll(`${this.toRepository("")}/`, "")
      .replaceAll(`${this.#repository}/`, "")
      .replaceAll(`${this.directory}/`, "")
      .replaceAll(this.directory, "the zone")
      .replaceAll(TRIED_AS_FILE, "")
      .replaceAll(OWN_PATH, "");
  }
}
