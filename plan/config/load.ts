import { aliasProblems, withAliases } from "./aliases.ts";
import { DEFAULTS, DEFAULTS_FILE } from "./defaults.ts";
import { locateAll } from "./document.ts";
import { engineLayer, type EngineConfig } from "./engine.ts";
import { mergeLayers, type Layer } from "./layers.ts";
import { DEFAULTS_LAYER, type Origin, type Origins } from "./origins.ts";
import { hasErrors, type Problem } from "./problem.ts";
import { readConfigFiles } from "./read.ts";
import { readableSettings } from "./readable.ts";
import { fillIn } from "./resolve.ts";
import { checkRules, ruleInput } from "./rules.ts";
import type { ZoneSettings } from "./schema/zone.ts";
import { validate, validateLayer, withoutRepeated } from "./validate.ts";
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
 * @param engine the engine's own configuration, in the program only; undefined for a key that it keeps secret
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
  const inLayer = (layer: Layer): Problem[] => [...validateLayer(name, layer), ...aliasProblems(name, layer)];
  const inFiles = files.flatMap(inLayer);
  // What a file that is not there would have said is anybody's guess: only what each of the others says is looked at.
  const incomplete =
    found.some(({ code }) => code === "GZ001" || code === "GZ006") ||
    inFiles.some(({ path }) => /^extends(\.|$)/.test(path));
  if (own === undefined || incomplete) return { zone: undefined, problems: withoutRepeated(inFiles, found) };

  const ofEngine = engine === undefined ? { layers: [own], problems: [] } : engineLayer(name, own, engine);
  const layers = [...files.slice(0, -1), ...ofEngine.layers];
  const merged = fillIn(mergeLayers([DEFAULTS_IN_FULL, ...layers.map(withAliases)], "", originOf(own)));
  const { value, origins } = merged;
  const inLayers = engine === undefined ? inFiles : layers.flatMap(inLayer);
  const inValues = validate(name, value, origins);
  const settings = readableSettings(value);
  const betweenValues = settings === undefined ? [] : checkRules(ruleInput(name, settings, merged));
  const problems = [
    ...withoutRepeated([...inLayers, ...inValues], [...found, ...ofEngine.problems]),
    ...betweenValues.filter((problem) => !found.some(hides(problem))),
  ];
  // Settings of which something was taken out are for the rules alone: as a zone they would delete what is missing.
  const zone =
    settings === undefined || inValues.length > 0 || hasErrors(problems)
      ? undefined
      : toZone(
          name,
          files.slice(0, -1).map((layer) => layer.name),
          settings,
          origins,
        );
  return { zone, problems };
}

const DEFAULTS_IN_FULL: Layer = { name: DEFAULTS_LAYER, file: DEFAULTS_FILE, root: locateAll(DEFAULTS, 0) };

/** Where a person looks for what nobody wrote: the stack file, at its `config:`. */
function originOf({ name, file, root }: Layer): Origin {
  return { layer: name, file, line: root.line, value: undefined };
}

/** Whether a secret that stands where none may is the value that a rule is about. */
function hides({ path, file }: Problem): (other: Problem) => boolean {
  return ({ code, path: hidden, file: at }) =>
    code === "GZ008" && at === file && (path === hidden || path.startsWith(`${hidden}.`));
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
