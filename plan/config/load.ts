import { DEFAULTS, DEFAULTS_FILE } from "./defaults.ts";
import { locateAll } from "./document.ts";
import { engineLayer, type EngineConfig } from "./engine.ts";
import { mergeLayers, type Layer } from "./layers.ts";
import { DEFAULTS_LAYER, type Origins } from "./origins.ts";
import type { Problem } from "./problem.ts";
import { readConfigFiles } from "./read.ts";
import { fillIn } from "./resolve.ts";
import { checkRules } from "./rules.ts";
import type { ZoneSettings } from "./schema/zone.ts";
import { validate } from "./validate.ts";
import type { AppSettings, NodePool, Zone } from "./zone.ts";

/** A zone, or everything that keeps it from being one. Warnings may stand beside a zone. */
export interface LoadedZone {
  readonly zone: Zone | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads, merges and checks one zone's configuration.
 * @param repository absolute path of the checkout
 * @param name the stack's name, such as zone-1-dev
 * @param engine the engine's own configuration, in the program only
 */
export async function loadZone(repository: string, name: string, engine?: EngineConfig): Promise<LoadedZone> {
  const files = await readConfigFiles(repository, name);
  return resolveZone(name, files.layers, files.problems, engine);
}

/** The pure part: layers in, zone out. */
export function resolveZone(
  name: string,
  files: readonly Layer[],
  found: readonly Problem[] = [],
  engine?: EngineConfig,
): LoadedZone {
  const own = files.at(-1);
  // What could be read of a broken file would be taken for all that it says.
  const unreadable = found.some(({ code }) => code === "GZ001");
  if (own === undefined || unreadable) return { zone: undefined, problems: found };
  const ofEngine = engine === undefined ? { layer: undefined, problems: [] } : engineLayer(name, own, engine);
  const defaults: Layer = { name: DEFAULTS_LAYER, file: DEFAULTS_FILE, root: locateAll(DEFAULTS, 0) };
  const merged = fillIn(mergeLayers([defaults, ...files, ...(ofEngine.layer ? [ofEngine.layer] : [])]));
  const { settings, problems } = validate(name, merged.value, merged.origins);
  const all = [...found, ...ofEngine.problems, ...problems];
  if (settings === undefined) return { zone: undefined, problems: all };
  const broken = checkRules({ zone: name, settings, origins: merged.origins });
  const stopped = [...all, ...broken].some((problem) => problem.severity === "error");
  return {
    zone: stopped
      ? undefined
      : toZone(
          name,
          files.slice(0, -1).map((layer) => layer.name),
          settings,
          merged.origins,
        ),
    problems: [...all, ...broken],
  };
}

function toZone(name: string, layers: readonly string[], settings: ZoneSettings, origins: Origins): Zone {
  const { apps, appDefaults, hardware, nodePools, cluster, ...rest } = settings;
  return {
    ...rest,
    name,
    layers,
    cluster: { ...cluster, context: cluster.context ?? name },
    // The rules and the filling-in guarantee what the type says from here on.
    apps: Object.fromEntries(
      Object.entries(apps).filter(([, app]) => app?.enabled !== false) as [string, AppSettings][],
    ),
    nodePools: nodePools as Record<string, NodePool>,
    origins,
  };
}

/** The zone's apps, those of `after` before the apps that name them; otherwise in the order of the files. */
export function appsInOrder(zone: Zone): [string, AppSettings][] {
  const ordered = new Map<string, AppSettings>();
  const visit = (name: string): void => {
    const app = zone.apps[name];
    if (app === undefined || ordered.has(name)) return;
    app.after?.forEach(visit);
    ordered.set(name, app);
  };
  Object.keys(zone.apps).forEach(visit);
  return [...ordered];
}
