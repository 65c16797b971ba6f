import type { Json } from "../object.ts";
import { APP_DEFAULTS } from "./defaults.ts";
import { mergePlain } from "./merge-plain.ts";
import type { Merged } from "./layers.ts";
import type { Origins } from "./origins.ts";

type JsonMap = Record<string, Json>;

/**
 * Fills pools from their hardware class and apps from `appDefaults`, so that everything after reads one value.
 * The origins of what is filled in are those of the class or the default.
 */
export function fillIn(merged: Merged): Merged {
  const value: JsonMap = structuredClone(merged.value);
  const classes = asMap(value["hardware"]);
  const pools = asMap(value["nodePools"]);
  for (const [name, pool] of Object.entries(pools)) {
    if (!isMap(pool)) continue;
    const className = typeof pool["hardware"] === "string" ? pool["hardware"] : "";
    const from = Object.hasOwn(classes, className) ? asMap(classes[className]) : {};
    const filled = mergePlain(from, pool, `nodePools.${name}`);
    pools[name] = filled;
    copyOrigins(merged.origins, `hardware.${className}`, `nodePools.${name}`, from, filled);
  }
  const apps = asMap(value["apps"]);
  const own = asMap(value["appDefaults"]);
  for (const [name, app] of Object.entries(apps)) {
    if (app !== null && !isMap(app)) continue;
    const at = `apps.${name}`;
    const defaults = mergePlain({ namespace: name, ...APP_DEFAULTS }, own, at);
    const filled = mergePlain(defaults, app ?? {}, at);
    apps[name] = filled;
    copyOrigins(merged.origins, "appDefaults", at, own, filled);
  }
  return { value, origins: merged.origins };
}

/**
 * A value that came from a class or a default keeps that line, below the pool's or app's own writers; what the
 * pool or app displaced (another kind of GPU request) left nothing to keep a line of.
 */
function copyOrigins(origins: Origins, from: string, to: string, values: JsonMap, filled: JsonMap): void {
  for (const [key, value] of Object.entries(values)) {
    const [source, target] = [`${from}.${key}`, `${to}.${key}`];
    const result = filled[key];
    if (result === undefined) continue;
    origins.addBelow(target, origins.chain(source));
    if (isMap(value) && isMap(result)) copyOrigins(origins, source, target, value, result);
  }
}

function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asMap(value: Json | undefined): JsonMap {
  return isMap(value) ? value : {};
}
