import pLimit from "p-limit";
import type { KubernetesObject } from "../object.ts";
import { BuildError, type Build } from "./kustomize.ts";
import { parseManifests } from "./manifests.ts";
import type { Scratch } from "./scratch.ts";

/** Label of every object: the app, operand or zone that it belongs to. It also tells apps apart in one build. */
export const OWNER_LABEL = "gpu-zones.dev/owner";

/** Processes at a time. */
export const PARALLEL = 2;

/** What became of each app: its objects, or kustomize's message. */
export type Built = ReadonlyMap<string, readonly KubernetesObject[] | BuildError>;

/**
 * Builds apps in one process that do nothing to each other. When that fails, each is built alone: to name those that fail, and
 * because apps that cannot stand in one build (equal names in what the zone leaves out) may each be right.
 * @param directories kustomization in the scratch, by app
 */
export async function buildTogether(
  scratch: Scratch,
  build: Build,
  directories: ReadonlyMap<string, string>,
): Promise<Built> {
  const owned = new Map<string, string>();
  for (const [app, directory] of directories) owned.set(app, await writeOwned(scratch, app, directory));
  if (owned.size > 1) {
    await scratch.write("all", { resources: [...owned.values()].map((directory) => `../${directory}`) });
    try {
      return byOwner(parseManifests(await build(scratch.path("all"))), [...owned.keys()]);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
    }
  }
  const limit = pLimit(PARALLEL);
  return new Map(
    await Promise.all(
      [...owned].map(([app, directory]) =>
        limit(async () => [app, await buildAlone(scratch, build, directory)] as const),
      ),
    ),
  );
}

/** Puts the label on again, last: a patch that changes it must not give an object to another app. */
async function writeOwned(scratch: Scratch, app: string, directory: string): Promise<string> {
  const labels = [{ pairs: { [OWNER_LABEL]: app }, includeSelectors: false, includeTemplates: false }];
  await scratch.write(`${app}.owned`, { resources: [`../${directory}`], labels });
  return `${app}.owned`;
}

async function buildAlone(
  scratch: Scratch,
  build: Build,
  directory: string,
): Promise<readonly KubernetesObject[] | BuildError> {
  try {
    return parseManifests(await build(scratch.path(directory)));
  } catch (error) {
    if (error instanceof BuildError) return new BuildError(scratch.clean(error.message));
    throw error;
  }
}

function byOwner(
  objects: readonly KubernetesObject[],
  apps: readonly string[],
): Map<string, KubernetesObject[]> {
  const built = new Map<string, KubernetesObject[]>(apps.map((app) => [app, []]));
  for (const object of objects) {
    const own = built.get(object.metadata.labels?.[OWNER_LABEL] ?? "");
    if (own === undefined) throw new Error(`kustomize left the label ${OWNER_LABEL} off ${object.kind}`);
    own.push(object);
  }
  return built;
}
