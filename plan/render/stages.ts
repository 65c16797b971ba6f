import type { KubernetesObject } from "../object.ts";
import type { AppSource } from "./app-source.ts";
import { buildTogether, OWNER_LABEL, type Built } from "./build-together.ts";
import type { RenderCache } from "./cache.ts";
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
  const inputs = ["overlays", shop.kustomize, shop.zone, sources.map(inputsOf)];
  return await cached(shop.cache, inputs, () =>
    Scratch.with(shop.repository, async (scratch) => {
      for (const source of sources) await writeOverlay(scratch, shop.zone, source);
      return await buildTogether(
        scratch,
        shop.build,
        new Map(sources.map(({ app }) => [app, `${app}.built`])),
      );
    }),
  );
}

/** Second stage: the zone's overlay over the first. */
export async function buildChanges(shop: Workshop, changes: readonly Change[]): Promise<Built> {
  if (changes.length === 0) return new Map();
  const inputs = [
    "changes",
    shop.kustomize,
    shop.zone,
    changes.map(({ source, overlay }) => [inputsOf(source), overlay]),
  ];
  return await cached(shop.cache, inputs, () =>
    Scratch.with(shop.repository, async (scratch) => {
      const directories = new Map<string, string>();
      for (const change of changes) {
        directories.set(change.source.app, await writeChange(scratch, shop.zone, change));
      }
      return await buildTogether(scratch, shop.build, directories);
    }),
  );
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

/** A build is kept when every app came out; failures are found anew, since a person is at work on them. */
async function cached(cache: RenderCache, inputs: unknown, make: () => Promise<Built>): Promise<Built> {
  let failed: Built | undefined;
  const entries = await cache.get(inputs, async () => {
    const built = await make();
    if ([...built.values()].some((objects) => objects instanceof BuildError)) failed = built;
    return failed === undefined ? [...built] : undefined;
  });
  return failed ?? new Map(entries as [string, KubernetesObject[]][]);
}
