import { join } from "node:path";
import type { KubernetesObject } from "../object.ts";
import { podTemplate } from "../workload.ts";
import { isUnchanged, type AppSource } from "./app-source.ts";
import { BuildError } from "./kustomize.ts";
import { kustomizationFile, KustomizationWalk } from "./kustomization-walk.ts";
import { parseManifests } from "./manifests.ts";
import { SourceChanged, type Workshop } from "./stages.ts";

async function baseObjects(
  shop: Workshop,
  base: string,
  files: AppSource["files"],
): Promise<readonly KubernetesObject[]> {
  const inputs = ["base", shop.kustomize, base, files];
  const kept = await shop.cache.get<KubernetesObject[]>(inputs);
  if (kept !== undefined) return kept;
  const objects = parseManifests(await shop.build(join(shop.repository, base)));
  if (!(await isUnchanged(shop.repository, { files }))) throw new SourceChanged();
  await shop.cache.put(inputs, objects);
  return objects;
}

/**
 * Names of a workload's containers in the app's base, in its order. Patches put their containers in front, so what was built
 * does not tell which one the app's own is.
 * @returns undefined when there is no base, or no such workload in it
 */
export async function baseContainers(
  shop: Workshop,
  app: string,
  workload: Pick<KubernetesObject, "kind" | "metadata">,
): Promise<readonly string[] | undefined> {
  const base = join("apps", app, "base");
  if ((await kustomizationFile(join(shop.repository, base))) === undefined) return undefined;
  const walk = new KustomizationWalk(shop.repository, { zone: shop.zone, path: `apps.${app}` });
  await walk.visit(base);
  if (walk.problems.length > 0) return undefined;
  const files = [...walk.files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  try {
    const objects = await baseObjects(shop, base, files);
    const same = objects.filter(({ kind }) => kind === workload.kind);
    const named = same.find(({ metadata }) => metadata.name === workload.metadata.name);
    const found = named ?? (same.length === 1 ? same[0] : undefined);
    return found && podTemplate(found)?.spec?.containers.map(({ name }) => name);
  } catch (error) {
    if (error instanceof BuildError) return undefined;
    throw error;
  }
}
