import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { suggestion } from "../config/nearest.ts";
import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import { isWithin, kustomizationFile } from "./kustomization-walk.ts";

/** Directories of an app that its zone builds, relative to the repository. */
export interface AppTree {
  readonly app: string;
  readonly overlay: string;
  readonly components: readonly string[];
}

/**
 * Finds the overlay and the components that a zone names for an app.
 * @param repository absolute path, symbolic links resolved
 * @returns the tree, or a GZ101 for everything that is not there
 */
export async function findAppTree(
  repository: string,
  zone: Zone,
  app: string,
): Promise<{ tree: AppTree | undefined; problems: Problem[] }> {
  const settings = zone.apps[app];
  const folder = join("apps", app);
  const missing = (path: string, message: string, fix: string): Problem => {
    const { file = `Pulumi.${zone.name}.yaml`, line = 0 } = zone.origins.nearest(path) ?? {};
    return { code: "GZ101", severity: "error", zone: zone.name, path, file, line, message, fix };
  };
  const apps = await directories(repository, "apps");
  if (!apps.includes(app)) {
    const message = `wanted an app of the repository, got ${app}: ${folder} does not exist`;
    return { tree: undefined, problems: [missing(`apps.${app}`, message, suggestion(app, apps))] };
  }
  const check = async (what: string, parent: string, name: string, path: string): Promise<Problem[]> => {
    const directory = join(parent, name);
    if (!isWithin(join(repository, parent), join(repository, directory))) {
      const message = `wanted ${what} below ${parent}, got ${name}, which is elsewhere`;
      return [missing(path, message, "name a folder below it")];
    }
    if ((await kustomizationFile(join(repository, directory))) !== undefined) return [];
    const message = `wanted ${what} of ${app}, got ${name}: ${directory} has no kustomization.yaml`;
    return [missing(path, message, suggestion(name, await kustomizations(repository, parent)))];
  };
  const overlay = settings?.overlay ?? "base";
  const components = settings?.components ?? [];
  const shelf = join(folder, "components");
  const problems = await Promise.all([
    check("an overlay", folder, overlay, `apps.${app}.overlay`),
    ...components.map((name, index) => check("a component", shelf, name, `apps.${app}.components.${index}`)),
  ]);
  const tree = {
    app,
    overlay: join(folder, overlay),
    components: components.map((name) => join(shelf, name)),
  };
  return problems.flat().length > 0 ? { tree: undefined, problems: problems.flat() } : { tree, problems: [] };
}

/** Folders of a folder that hold a kustomization: overlays of an app, or its components. */
async function kustomizations(repository: string, parent: string): Promise<string[]> {
  const found = await Promise.all(
    (await directories(repository, parent)).map(async (name) =>
      (await kustomizationFile(join(repository, parent, name))) === undefined ? [] : [name],
    ),
  );
  return found.flat();
}

/** Names of the folders in a folder, symbolic links to folders included. */
async function directories(repository: string, parent: string): Promise<string[]> {
  const folder = join(repository, parent);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = await Promise.all(
    entries.map(async (entry) => {
      if (entry.isDirectory()) return [entry.name];
      if (!entry.isSymbolicLink()) return [];
      const real = await realpath(join(folder, entry.name)).catch(() => undefined);
      return real === undefined || (await readdir(real).catch(() => undefined)) === undefined
        ? []
        : [entry.name];
    }),
  );
  return names.flat();
}
