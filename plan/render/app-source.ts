import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../config/problem.ts";
import type { AppSettings, Zone } from "../config/zone.ts";
import { findAppTree, type AppTree } from "./app-tree.ts";
import type { Effect } from "./kustomization-fields.ts";
import { contentHash, KustomizationWalk } from "./kustomization-walk.ts";
import { readZonePatches, type ZonePatch } from "./zone-patches.ts";

/** An app of a zone as its files have it, before anything is built. */
export interface AppSource {
  readonly app: string;
  readonly settings: AppSettings;
  readonly tree: AppTree;
  /** Every file that a build reads, with the SHA-256 of its content, in the order of their names. */
  readonly files: readonly (readonly [file: string, sha256: string])[];
  /** What building it would do to others in the same build. */
  readonly effects: ReadonlySet<Effect>;
  /** Every word that its files give as a kind; more than it has, never less. */
  readonly kinds: ReadonlySet<string>;
  /** The zone's own patches, with files read in. */
  readonly patches: readonly ZonePatch[];
}

/**
 * Reads an app's kustomizations.
 * @param repository absolute path, symbolic links resolved
 * @returns the source, or the problems that keep it from being built
 */
export async function readAppSource(
  repository: string,
  zone: Zone,
  app: string,
  settings: AppSettings,
): Promise<{ source: AppSource | undefined; problems: readonly Problem[] }> {
  const [{ tree, problems }, own] = await Promise.all([
    findAppTree(repository, zone, app),
    readZonePatches(repository, zone, app),
  ]);
  const walk = new KustomizationWalk(repository, { zone: zone.name, path: `apps.${app}` });
  if (tree !== undefined) {
    for (const directory of [tree.overlay, ...tree.components]) await walk.visit(directory);
  }
  const all = [...problems, ...walk.problems, ...own.problems];
  if (tree === undefined || all.length > 0) return { source: undefined, problems: all };
  const files = [...walk.files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const { effects, kinds } = walk;
  return { source: { app, settings, tree, files, effects, kinds, patches: own.patches }, problems: [] };
}

/** True when every file still has the content that the source knows: what was built meanwhile was built of it. */
export async function isUnchanged(repository: string, { files }: Pick<AppSource, "files">): Promise<boolean> {
  const same = await Promise.all(
    files.map(async ([file, sha256]) => {
      const content = await readFile(join(repository, file)).catch(() => undefined);
      return content !== undefined && contentHash(content) === sha256;
    }),
  );
  return same.every(Boolean);
}
