import type { Problem } from "../config/problem.ts";
import type { AppSettings, Zone } from "../config/zone.ts";
import { findAppTree, type AppTree } from "./app-tree.ts";
import { KustomizationWalk } from "./kustomization-walk.ts";
import { readZonePatches, type ZonePatch } from "./zone-patches.ts";

/** An app of a zone as its files have it, before anything is built. */
export interface AppSource {
  readonly app: string;
  readonly settings: AppSettings;
  readonly tree: AppTree;
  /** Every file that a build reads, with the SHA-256 of its content, in the order of their names. */
  readonly files: readonly (readonly [file: string, sha256: string])[];
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
  return { source: { app, settings, tree, files, patches: own.patches }, problems: [] };
}
