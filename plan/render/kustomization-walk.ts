import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { parseLocated } from "../config/document.ts";
import { suggestion } from "../config/nearest.ts";
import type { Problem } from "../config/problem.ts";
import {
  KUSTOMIZATION_KEYS,
  kustomizationFields,
  type Effect,
  type Reference,
} from "./kustomization-fields.ts";
import { pluginRefusals } from "./plugin-configuration.ts";
import { isRemote } from "./remote.ts";

/** Names under which kustomize looks for a kustomization, in its order. */
const FILE_NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/** The kustomization file of a directory, or undefined. */
export async function kustomizationFile(directory: string): Promise<string | undefined> {
  const there = await readdir(directory).catch((): string[] => []);
  return FILE_NAMES.find((name) => there.includes(name));
}

/** True when `path` is `directory` or lies below it; both absolute and resolved. */
export function isWithin(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
}

/** Reads everything that a build would read, before kustomize does: what leaves the repository is refused here. */
export class KustomizationWalk {
  /** Every file that a build reads, relative to the repository, with the SHA-256 of its content. */
  readonly files = new Map<string, string>();
  readonly problems: Problem[] = [];
  /** What the app would do to others in one build. */
  readonly effects = new Set<Effect>();
  /** Every word that a file gives as a kind. */
  readonly kinds = new Set<string>();
  readonly #repository: string;
  readonly #about: Pick<Problem, "zone" | "path">;
  readonly #visited = new Set<string>();
  readonly #hashed = new Set<string>();

  /**
   * @param repository absolute path, symbolic links resolved
   * @param about the zone, and the config path of the app for which the walk is made
   */
  constructor(repository: string, about: Pick<Problem, "zone" | "path">) {
    this.#repository = repository;
    this.#about = about;
  }

  /**
   * Walks the kustomization of a directory and all that it names.
   * @param directory relative to the repository
   * @param pluginsOf the kustomization is one of transformers, and this directory names it: its resources are their
   * configurations, and they read files from that directory
   */
  async visit(
    directory: string,
    from: Place = { file: directory, line: 0 },
    pluginsOf?: string,
  ): Promise<void> {
    const real = await this.#resolve(directory, from);
    const key = JSON.stringify([real, pluginsOf]);
    if (real === undefined || this.#visited.has(key)) return;
    this.#visited.add(key);
    const name = await kustomizationFile(real);
    if (name === undefined) {
      this.#report("GZ103", from, {
        message: `wanted a directory with a kustomization.yaml, got ${directory}, which has none`,
        fix: `write ${directory}/kustomization.yaml, or name another directory`,
      });
      return;
    }
    // kustomize reads `../base` from where a linked directory really is.
    const here = relative(this.#repository, real);
    await this.#visitFile(here, join(here, name), from, pluginsOf);
  }

  async #visitFile(directory: string, file: string, from: Place, pluginsOf?: string): Promise<void> {
    const text = await this.#read(file, from);
    if (text === undefined) return;
    const { root, errors } = parseLocated(text);
    for (const { line, message } of errors) {
      this.#report(
        "GZ001",
        { file, line },
        {
          message: `wanted YAML, got: ${message}`,
          fix: "mend the line; an editor with a YAML language server shows it",
        },
      );
    }
    if (errors.length > 0) return;
    const { references, refusals, effects, unknown } = kustomizationFields(root, pluginsOf !== undefined);
    for (const effect of effects) this.effects.add(effect);
    for (const { key, line } of unknown) {
      this.#report(
        "GZ002",
        { file, line },
        {
          message: `a kustomization has no key "${key}"`,
          fix: suggestion(key, KUSTOMIZATION_KEYS),
        },
      );
    }
    for (const { what, line } of refusals) this.#refuse({ file, line }, what);
    for (const reference of references) {
      await this.#follow(directory, reference, { file, line: reference.line }, pluginsOf);
    }
  }

  async #follow(
    directory: string,
    { kind, value }: Reference,
    at: Place,
    pluginsOf: string | undefined,
  ): Promise<void> {
    const root = pluginsOf ?? (kind === "plugin" ? directory : undefined);
    if (kind === "inline-plugin") {
      await this.#plugins(directory, value, at);
      return;
    }
    if (isRemote(value)) {
      this.#refuse(at, `${value}, which is fetched from elsewhere`);
      return;
    }
    if (isAbsolute(value)) {
      this.#refuse(at, `the absolute path ${value}`);
      return;
    }
    const path = join(directory, value);
    const real = await this.#resolve(path, at);
    if (real === undefined) return;
    if ((await stat(real)).isDirectory()) {
      if (kind === "file") this.#report("GZ103", at, wantedFile(path));
      else await this.visit(path, at, root);
    } else if (kind === "directory") {
      this.#report("GZ103", at, {
        message: `wanted a directory with a kustomization.yaml, got the file ${path}`,
        fix: "name the directory",
      });
    } else {
      const text = await this.#read(path, at);
      if (root !== undefined && text !== undefined) await this.#plugins(root, text, { file: path, line: 0 });
    }
  }

  /** Refuses plugins that run something; the others may read any file below their kustomization, and no other. */
  async #plugins(directory: string, text: string, at: Place): Promise<void> {
    for (const what of pluginRefusals(text)) this.#refuse(at, what);
    if (this.#hashed.has(directory)) return;
    this.#hashed.add(directory);
    for (const entry of await readdir(join(this.#repository, directory), {
      recursive: true,
      withFileTypes: true,
    })) {
      const path = join(entry.parentPath, entry.name);
      const real = await realpath(path).catch(() => undefined);
      // kustomize refuses a link to the outside; one to another file inside is a change when it leads elsewhere.
      if (real !== undefined && isWithin(this.#repository, real) && (await stat(real)).isFile())
        await this.#read(relative(this.#repository, path), at);
    }
  }

  /** Absolute path with links resolved; undefined, with a problem, when it is absent or outside. */
  async #resolve(path: string, from: Place): Promise<string | undefined> {
    const absolute = join(this.#repository, path);
    if (!isWithin(this.#repository, absolute)) {
      this.#refuse(from, `${path}, which is outside`);
      return undefined;
    }
    const real = await realpath(absolute).catch(() => undefined);
    if (real === undefined) {
      const siblings = await readdir(dirname(absolute)).catch(() => []);
      this.#report("GZ103", from, {
        message: `wanted a file or directory, got ${path}, which does not exist`,
        fix: suggestion(basename(path), siblings),
      });
      return undefined;
    }
    if (isWithin(this.#repository, real)) return real;
    this.#refuse(from, `${path}, a symbolic link to the outside`);
    return undefined;
  }

  async #read(file: string, from: Place): Promise<string | undefined> {
    const real = await this.#resolve(file, from);
    if (real === undefined) return undefined;
    if (!(await stat(real)).isFile()) {
      this.#report("GZ103", from, wantedFile(file));
      return undefined;
    }
    const content = await readFile(real);
    this.files.set(file, contentHash(content));
    const text = content.toString("utf8");
    for (const [, kind = ""] of text.matchAll(/\bkind["']?\s*:\s*["']?(\w+)/g)) this.kinds.add(kind);
    return text;
  }

  #refuse(at: Place, what: string): void {
    this.#report("GZ102", at, {
      message: `wanted a kustomization that stays in the repository and runs nothing, got ${what}`,
      fix: "copy what it brings into apps/ (a rendering must not depend on a network or a machine)",
    });
  }

  #report(code: Problem["code"], at: Place, text: Pick<Problem, "message" | "fix">): void {
    this.problems.push({ code, severity: "error", ...this.#about, ...at, ...text });
  }
}

/** SHA-256 of a file's content. */
export function contentHash(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A line of a file, relative to the repository. */
interface Place {
  readonly file: string;
  readonly line: number;
}

function wantedFile(path: string): Pick<Problem, "message" | "fix"> {
  return { message: `wanted a file, got ${path}, which is none`, fix: "name the file" };
}
