import { parseLocated } from "../../../plan/config/document.ts";
import type { EngineConfig } from "../../../plan/config/engine.ts";
import type { Layer } from "../../../plan/config/layers.ts";
import { resolveZone, type LoadedZone } from "../../../plan/config/load.ts";
import { formatProblem } from "../../../plan/config/problem.ts";

/** Name of the zone in tests of its configuration. */
export const ZONE = "zone-x";

/** Layers of small texts, lowest first; `zone-x` is the stack file's keys without their prefix. */
export function layersOf(texts: Readonly<Record<string, string>>): Layer[] {
  return Object.entries(texts).map(([name, text]) => ({
    name,
    file: name === ZONE ? `Pulumi.${ZONE}.yaml` : `layers/${name}.yaml`,
    root: parseLocated(text).root,
  }));
}

/** The zone that these layers make. A text alone is the stack file's. */
export function resolve(texts: string | Readonly<Record<string, string>>, engine?: EngineConfig): LoadedZone {
  const layers = layersOf(typeof texts === "string" ? { [ZONE]: texts } : texts);
  return resolveZone(ZONE, layers, [], engine);
}

/** Everything that is wrong, as a person reads it. */
export function told(loaded: LoadedZone): string[] {
  return loaded.problems.map(formatProblem);
}
