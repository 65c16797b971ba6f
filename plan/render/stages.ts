import pLimit from "p-limit";
import type { KubernetesObject } from "../object.ts";
import { isUnchanged, type AppSource } from "./app-source.ts";
import { buildTogether, OWNER_LABEL, PARALLEL, type Built } from "./build-together.ts";
import type { RenderCache } from "./cache.ts";
import { buildGroups } from "./groups.ts";
import { BuildError, type Build } from "./kustomize.ts";
import { writeManifests } from "./manifests.ts";
import type { Overlay } from "./overlay.ts";
import { Scratch } from "./scratch.ts";

/** What both stages need of their surroundings. */
export interface Workshop {
  /** Absolute path, symbolic links resolved. */
  readonly repository: string;
  readonly zone: string;
  readonly build: Build;
  readonly cache: RenderCache;
  /** Tells one kustomize from another. */
  readonly kustomize: string;
}

/** An app that the zone changes, with its first stage. */
export interface Change {
  readonly source: AppSource;
  readonly objects: readonly KubernetesObject[];
  readonly overlay: Overlay | undefined;
}

/** First stage: every app's overlay with its components, in the zone's namespace and with our labels. */
export async function buildOverlays(shop: Workshop, sources: readonly AppSource[]): Promise<Built> {
  return await inGroups(sources, (group) =>
    cached(shop, ["overlays", shop.kustomize, shop.zone, group.map(inputsOf)], group, async (scratch) => {
      for (const source of group) await writeOverlay(scratch, shop.zone, source);
      const directories = group.map(({ app }) => [app, `${app}.built`] as const);
      return await buildTogether(scratch, shop.build, new Map(directories));
    }),
  );
}

/** Second stage: the zone's overlay over the first. */
export async function buildChanges(shop: Workshop, changes: readonly Change[]): Promise<Built> {
  const byApp = new Map(changes.map((change) => [change.source.app, change]));
  return await inGroups(
    changes.map(({ source }) => source),
    (group) => {
      const own = group.flatMap(({ app }) => byApp.get(app) ?? []);
      const inputs = own.map(({ source, objects, overlay }) => [inputsOf(source), objects, overlay]);
      return cached(shop, ["changes", shop.kustomize, shop.zone, inputs], group, async (scratch) => {
        const directories = new Map<string, string>();
        for (const change of own)
          directories.set(change.source.app, await writeChange(scratch, shop.zone, change));
        return await buildTogether(scratch, shop.build, directories);
      });
    },
  );
}

/** Builds in as many processes as the apps need to come out as they would alone. */
async function inGroups(
  sources: readonly AppSource[],
  build: (group: readonly AppSource[]) => Promise<Built>,
): Promise<Built> {
  const limit = pLimit(PARALLEL);
  const built = await Promise.all(buildGroups(sources).map((group) => limit(build, group)));
  return new Map(built.flatMap((group) => [...group]));
}

/** Everything of an app that its builds depend on. */
function inputsOf({ app, settings, tree, files, patches }: AppSource): unknown {
  return [app, settings.namespace, tree, files, patches];
}

async function writeOverlay(
  scratch: Scratch,
  zone: string,
  { app, settings, tree }: AppSource,
): Promise<void> {
  await scratch.write(`${app}.built`, {
    resources: [scratch.toRepository(tree.overlay)],
    components: tree.components.map((directory) => scratch.toRepository(directory)),
    namespace: settings.namespace,
    labels: [
      {
        pairs: {
          "app.kubernetes.io/managed-by": "gpu-zones",
          "gpu-zones.dev/zone": zone,
          [OWNER_LABEL]: app,
        },
        includeSelectors: false,
        includeTemplates: false,
      },
    ],
  });
}

/** @returns the kustomization to build */
async function writeChange(
  scratch: Scratch,
  zone: string,
  { source, objects, overlay }: Change,
): Promise<string> {
  const { app, patches } = source;
  if (patches.length === 0) {
    // The same as a build over the tree, without reading the tree again.
    const files = { "built.yaml": writeManifests(objects) };
    await scratch.write(`${app}.zone`, { resources: ["built.yaml"], ...overlay }, files);
    return `${app}.zone`;
  }
  // Patches may touch generated ConfigMaps: names and hashes are right only in one build from the tree on.
  await writeOverlay(scratch, zone, source);
  // kustomize runs `replicas` and `images` after `patches`; a kustomization of their own gives patches the last word.
  await scratch.write(`${app}.zone`, { resources: [`../${app}.built`], ...overlay });
  await scratch.write(`${app}.patched`, { resources: [`../${app}.zone`], patches });
  return `${app}.patched`;
}

/**
 * A build from the cache, or a new one. It is kept when every app came out (failures are found anew, since a person is at
 * work on them), and when no file changed meanwhile: nobody knows which of the two contents was built.
 */
async function cached(
  shop: Workshop,
  inputs: unknown,
  sources: readonly AppSource[],
  make: (scratch: Scratch) => Promise<Built>,
): Promise<Built> {
  const kept = await shop.cache.get<[string, readonly KubernetesObject[]][]>(inputs);
  if (kept !== undefined) return new Map(kept);
  const built = await Scratch.with(shop.repository, make);
  const stable = await Promise.all(sources.map((source) => isUnchanged(shop.repository, source)));
  if (!stable.every(Boolean)) throw new SourceChanged();
  if (![...built.values()].some((objects) => objects instanceof BuildError))
    await shop.cache.put(inputs, [...built]);
  return built;
}

/** A file of an app changed while it was built: the app must be read again. */
export class SourceChanged extends Error {
  override readonly name = "SourceChanged";
}
