import pLimit from "p-limit";
import type { KubernetesObject } from "../object.ts";
import { BuildError, type Build } from "./kustomize.ts";
import { parseManifests } from "./manifests.ts";
import type { Scratch } from "./scratch.ts";

/** Label of every object: the app, operand or zone that it belongs to. It also tells apps apart in one build. */
export const OWNER_LABEL = "gpu-zones.dev/owner";

/** Processes at a time when apps are built one by one. */
const PARALLEL = 2;

/** What became of each app: its objects, or kustomize's message. */
export type Built = ReadonlyMap<string, readonly KubernetesObject[] | BuildError>;

/**
 * Builds many apps in one process. When that fails, each is built alone: to name those that fail, and because apps that
 * cannot stand in one build (equal names in what the zone leaves out) may each be right.
 * @param directories kustomization in the scratch, by app; their objects carry the owner label
 */
export async function buildTogether(
  scratch: Scratch,
  build: Build,
  directories: ReadonlyMap<string, string>,
): Promise<Built> {
  if (directories.size === 0) return new Map();
  await scratch.write("all", { resources: [...directories.values()].map((directory) => `../${directory}`) });
  try {
    const built = byOwner(parseManifests(await build(scratch.path("all"))), [...directories.keys()]);
    if (built !== undefined) return built;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
  }
  const limit = pLimit(PARALLEL);
  return new Map(
    await Promise.all(
      [...directories].map(([app, directory]) =>
        limit(async () => [app, await buildAlone(scratch, build, directory)] as const),
      ),
    ),
  );
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

/** Undefined when an object cannot be told to an app: a patch of the zone may have taken its label. */
function byOwner(
  objects: readonly KubernetesObject[],
  apps: readonly string[],
): Map<string, KubernetesObject[]> | undefined {
  const built = new Map<string, KubernetesObject[]>(apps.map((app) => [app, []]));
  for (const object of objects) {
    const own = built.get(object.metadata.labels?.[OWNER_LABEL] ?? "");
    if (own === undefined) return undefined;
    own.push(object);
  }
  return built;
}
