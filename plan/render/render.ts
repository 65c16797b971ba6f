import { realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { Problem } from "../config/problem.ts";
import type { ProblemCode } from "../config/problem-codes.ts";
import type { AppSettings, Zone } from "../config/zone.ts";
import type { KubernetesObject } from "../object.ts";
import { readAppSource, type AppSource } from "./app-source.ts";
import { baseContainers } from "./base-containers.ts";
import { RenderCache } from "./cache.ts";
import { forCapabilities, unknownCapabilities } from "./capabilities.ts";
import { withoutForeignNamespace } from "./cluster-scope.ts";
import { withConfigHash } from "./config-hash.ts";
import { withOneOwner } from "./duplicates.ts";
import type { GpuTarget } from "./gpu-target.ts";
import { BuildError, kustomizeBuild, kustomizeIdentity } from "./kustomize.ts";
import { imageChange, imageFault } from "./image.ts";
import { isScaled, TARGET_KEYS, zoneOverlay } from "./overlay.ts";
import { sweepScratch } from "./scratch.ts";
import { misshapen } from "./shape.ts";
import { buildChanges, buildOverlays, SourceChanged, type Change, type Workshop } from "./stages.ts";
import { withGpuStrategy } from "./strategy.ts";
import { findTarget, gpuContainers, nameOf, type NoTarget, type Target } from "./target.ts";

/** An app as the zone will hold it. */
export interface RenderedApp {
  readonly app: string;
  /** In kustomize's order; without what the zone's capabilities exclude. */
  readonly objects: readonly KubernetesObject[];
  /** What `replicas`, `image`, `gpu`, `env` and `resources` act on; undefined when there is no single such workload. */
  readonly workload: { readonly kind: string; readonly name: string; readonly container: string } | undefined;
}

export interface RenderOptions {
  /** Absolute path of the checkout. */
  readonly repository: string;
  /** Path of the kustomize executable. */
  readonly kustomize: string;
  /** By app; an app without an entry keeps what its files ask for. */
  readonly gpu: Readonly<Record<string, GpuTarget>>;
  /** Absolute path. Default: nothing is kept. */
  readonly cacheDirectory?: string;
}

export interface Rendering {
  /** In the zone's order; apps with problems are left out. */
  readonly apps: readonly RenderedApp[];
  readonly problems: readonly Problem[];
}

/**
 * Renders a zone's apps: kustomize builds their overlays, then the zone's config goes on as the last one. All problems of all
 * apps are reported at once.
 * @throws Error when kustomize cannot be started, or files change all the time
 */
export async function renderZone(zone: Zone, options: RenderOptions): Promise<Rendering> {
  const shop: Workshop = {
    repository: await realpath(options.repository),
    zone: zone.name,
    build: (directory) => kustomizeBuild(options.kustomize, directory),
    cache: new RenderCache(options.cacheDirectory),
    kustomize: await kustomizeIdentity(options.kustomize),
  };
  await sweepScratch(tmpdir());
  for (let attempt = 1; ; attempt++) {
    try {
      return await new ZoneRendering(zone, options.gpu, shop).run();
    } catch (error) {
      if (!(error instanceof SourceChanged)) throw error;
      if (attempt === ATTEMPTS) {
        throw new Error(
          `files of ${zone.name}'s apps change faster than they are built; fix: try again later`,
          {
            cause: error,
          },
        );
      }
    }
  }
}

/** Readings of files that somebody is writing; a build takes less than a second. */
const ATTEMPTS = 5;

/** One rendering of a zone; gathers problems on its way. */
class ZoneRendering {
  readonly #zone: Zone;
  readonly #gpu: RenderOptions["gpu"];
  readonly #shop: Workshop;
  readonly #problems: Problem[] = [];

  constructor(zone: Zone, gpu: RenderOptions["gpu"], shop: Workshop) {
    this.#zone = zone;
    this.#gpu = gpu;
    this.#shop = shop;
  }

  async run(): Promise<Rendering> {
    const sources = await this.#sources();
    const overlays = await buildOverlays(this.#shop, sources);
    const changes: Change[] = [];
    const targets = new Map<string, Target>();
    for (const source of sources) {
      const objects = overlays.get(source.app) ?? [];
      if (objects instanceof BuildError) {
        this.#report(
          "GZ103",
          `apps.${source.app}.overlay`,
          refused(objects),
          `${source.tree.overlay}/kustomization.yaml`,
        );
        continue;
      }
      const wrong = objects.length === 0 ? "no objects" : misshapen(objects);
      if (wrong !== undefined) {
        this.#report(
          "GZ103",
          `apps.${source.app}.overlay`,
          unfit(wrong),
          `${source.tree.overlay}/kustomization.yaml`,
        );
        continue;
      }
      const change = await this.#change(source, objects, targets);
      if (change !== undefined) changes.push(change);
    }
    const changed = await buildChanges(
      this.#shop,
      changes.filter(({ overlay, source }) => overlay !== undefined || source.patches.length > 0),
    );
    const final = new Map<string, readonly KubernetesObject[]>();
    for (const { source, objects } of changes) {
      const built = changed.get(source.app) ?? objects;
      const wrong = built instanceof BuildError ? undefined : misshapen(built);
      if (built instanceof BuildError) this.#report("GZ103", `apps.${source.app}.patches`, refused(built));
      else if (wrong !== undefined) this.#report("GZ103", `apps.${source.app}.patches`, unfit(wrong));
      else final.set(source.app, built);
    }
    return this.#finish(final, targets);
  }

  async #sources(): Promise<AppSource[]> {
    const read = await Promise.all(
      Object.entries(this.#zone.apps).map(([app, settings]) =>
        readAppSource(this.#shop.repository, this.#zone, app, settings),
      ),
    );
    for (const { problems } of read) this.#problems.push(...problems);
    return read.flatMap(({ source }) => (source === undefined ? [] : [source]));
  }

  /** What the zone does to an app; undefined, with a problem, when its target cannot be found. */
  async #change(
    source: AppSource,
    objects: readonly KubernetesObject[],
    targets: Map<string, Target>,
  ): Promise<Change | undefined> {
    const { app, settings } = source;
    const gpu = Object.hasOwn(this.#gpu, app) ? this.#gpu[app] : undefined;
    const asked = TARGET_KEYS.filter((key) => (key === "gpu" ? gpu : settings[key]) !== undefined);
    const fault = settings.image === undefined ? undefined : imageFault(settings.image);
    if (fault !== undefined) {
      this.#report("GZ003", `apps.${app}.image`, {
        message: `wanted a tag, a digest or the full name of an image, got ${settings.image ?? ""}, ${fault}`,
        fix: "write it as 1.14.2, sha256:… or registry.example/team/pd:1.14.2",
      });
      return undefined;
    }
    const target = await this.#target(app, settings, forCapabilities(objects, this.#zone.capabilities));
    if ("message" in target) {
      const [key] = asked;
      if (key === undefined) return { source, objects, overlay: undefined };
      this.#report("GZ104", `apps.${app}.${key}`, target);
      return undefined;
    }
    targets.set(app, target);
    if (settings.replicas !== undefined && !isScaled(target.workload)) {
      this.#report("GZ104", `apps.${app}.replicas`, {
        message: `wanted a workload with a number of replicas, got ${nameOf(target.workload)}`,
        fix: `take replicas out, or set apps.${app}.workload to a Deployment or StatefulSet`,
      });
      return undefined;
    }
    if (
      settings.image !== undefined &&
      target.container.image === undefined &&
      imageChange(settings.image).name === undefined
    ) {
      this.#report("GZ104", `apps.${app}.image`, {
        message: `wanted an image to change in the container ${target.container.name} of ${nameOf(target.workload)}, got none`,
        fix: "give the full name of the image",
      });
      return undefined;
    }
    return { source, objects, overlay: zoneOverlay(target, objects, settings, gpu) };
  }

  async #target(
    app: string,
    settings: AppSettings,
    objects: readonly KubernetesObject[],
  ): Promise<Target | NoTarget> {
    const target = findTarget(objects, app, settings);
    if (!("message" in target) || target.needsBase === undefined) return target;
    const base = await baseContainers(this.#shop, app, target.needsBase);
    return base === undefined ? target : findTarget(objects, app, settings, base);
  }

  #finish(
    built: ReadonlyMap<string, readonly KubernetesObject[]>,
    targets: ReadonlyMap<string, Target>,
  ): Rendering {
    const all = [...built.values()].flat();
    const apps = [...built].map(([app, objects]): RenderedApp => {
      const target = targets.get(app);
      for (const { object, name, fix } of unknownCapabilities(objects)) {
        const message = `wanted a capability that a zone can have, got ${name} on ${nameOf(object)}`;
        this.#report("GZ009", `apps.${app}`, { message, fix });
      }
      const own = withoutForeignNamespace(forCapabilities(objects, this.#zone.capabilities), all);
      if (target !== undefined && Object.hasOwn(this.#gpu, app)) this.#otherGpus(app, own, target);
      return {
        app,
        objects: withConfigHash(withGpuStrategy(own)),
        workload: target && {
          kind: target.workload.kind,
          name: target.workload.metadata.name,
          container: target.container.name,
        },
      };
    });
    const owned = withOneOwner(this.#zone, apps);
    return { apps: owned.apps, problems: [...this.#problems, ...owned.problems] };
  }

  /** `gpu` replaces what one container asks for; the zone's author may think it the only one. */
  #otherGpus(app: string, objects: readonly KubernetesObject[], target: Target): void {
    const others = gpuContainers(objects).filter(
      ({ workload, container }) =>
        nameOf(workload) !== nameOf(target.workload) || container.name !== target.container.name,
    );
    if (others.length === 0) return;
    const names = others.map(({ workload, container }) => `${container.name} of ${nameOf(workload)}`);
    this.#report(
      "GZ104",
      `apps.${app}.gpu`,
      {
        message: `wanted one container with a GPU, got ${names.join(", ")} beside ${target.container.name}: gpu leaves them as they are`,
        fix: "take nvidia.com/* out of their resources, or leave them if the app needs these GPUs too",
      },
      undefined,
      "warning",
    );
  }

  #report(
    code: ProblemCode,
    path: string,
    text: Pick<Problem, "message" | "fix">,
    at?: string,
    severity: Problem["severity"] = "error",
  ): void {
    const origin = this.#zone.origins.nearest(path);
    this.#problems.push({
      ...{ code, severity, zone: this.#zone.name, path },
      file: at ?? origin?.file ?? `Pulumi.${this.#zone.name}.yaml`,
      line: at === undefined ? (origin?.line ?? 0) : 0,
      message: text.message,
      fix: text.fix,
    });
  }
}

function unfit(what: string): Pick<Problem, "message" | "fix"> {
  return {
    message: `wanted a tree that gives objects which the API server takes, got ${what}`,
    fix: "mend the manifest or the patch that it comes from",
  };
}

function refused(error: BuildError): Pick<Problem, "message" | "fix"> {
  return {
    message: `wanted a tree that kustomize can build, got: ${error.message}`,
    fix: "mend what the message names; `kustomize build` of the same directory shows it too",
  };
}
