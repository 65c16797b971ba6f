import { plain, type Located } from "./document.ts";
import type { Json } from "../object.ts";
import { Origins, type Origin } from "./origins.ts";

/** One file (or the engine) that gives values, already without the `gpu-zones:` prefix. */
export interface Layer {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  readonly root: Located;
}

export interface Merged {
  readonly value: Record<string, Json>;
  readonly origins: Origins;
}

/**
 * Kinds of one thing (a GPU request, a way of sharing, a way of naming nodes), each by the keys that only it has.
 * A higher layer's kind displaces the lower layer's: the whole thing, or those keys alone where more stands beside them.
 */
const KINDS: readonly {
  readonly at: RegExp;
  readonly kinds: readonly (readonly string[])[];
  readonly whole: boolean;
}[] = [
  {
    at: /^(appDefaults|apps\.[^.]+)\.gpu$/,
    kinds: [["model", "shared", "memory"], ["mig"], ["productLabel"]],
    whole: true,
  },
  { at: /^(nodePools|hardware)\.[^.]+\.sharing$/, kinds: [["timeSlicing"], ["mps"]], whole: true },
  { at: /^nodePools\.[^.]+$/, kinds: [["nodes"], ["selector", "count"]], whole: false },
];

/** Whole values: merging two MIG layouts would describe a board that nobody asked for. */
const REPLACED_WHOLE = /^(nodePools|hardware)\.[^.]+\.mig$/;

/** No key of anything: set as a property it would reach every map of the process. The schema would drop it unseen. */
const PROTOTYPE = "__proto__";

/**
 * Merges layers, lowest first: maps merge deeply, scalars and lists replace, every value keeps its writers.
 * @param path config path of the layers' roots, such as `apps.private-detector`. Default: the whole configuration
 * @param base where a person looks for a key that nobody wrote
 */
export function mergeLayers(layers: readonly Layer[], path = "", base?: Origin): Merged {
  const value: Record<string, Json> = {};
  const origins = new Origins(base);
  for (const layer of layers) mergeMap(value, layer.root, path, layer, origins);
  return { value, origins };
}

function mergeMap(
  target: Record<string, Json>,
  node: Located,
  path: string,
  layer: Layer,
  origins: Origins,
): void {
  if (node.kind !== "map") return;
  displaceOtherKind(target, node, path, origins);
  for (const [key, child] of node.entries) {
    if (key === PROTOTYPE) continue;
    const at = path === "" ? key : `${path}.${key}`;
    const value = plain(child);
    origins.add(at, { layer: layer.name, file: layer.file, line: child.line, value });
    const below = Object.hasOwn(target, key) ? target[key] : undefined;
    // `apps:` with every line commented out says nothing; `private-detector:` lists the app and takes nothing away.
    if (value === null && (path === "" || (path === "apps" && isMap(below)))) continue;
    const merges = child.kind === "map" && isMap(below) && !REPLACED_WHOLE.test(at);
    if (!merges) origins.forgetBelow(at);
    if (child.kind === "list") noteItems(child, at, layer, origins);
    if (child.kind === "map") {
      const into = merges ? below : {};
      target[key] = into;
      mergeMap(into, child, at, layer, origins);
    } else target[key] = value;
  }
}

function displaceOtherKind(
  target: Record<string, Json>,
  node: Located & { kind: "map" },
  path: string,
  origins: Origins,
): void {
  for (const { kinds, whole } of KINDS.filter(({ at }) => at.test(path))) {
    const chosen = kinds.find((keys) => keys.some((key) => node.entries.has(key)));
    const below = kinds.find((keys) => keys.some((key) => Object.hasOwn(target, key)));
    if (chosen === undefined || below === undefined || chosen === below) continue;
    for (const key of whole ? Object.keys(target) : below) {
      Reflect.deleteProperty(target, key);
      origins.forget(`${path}.${key}`);
    }
  }
}

function noteItems(list: Located & { kind: "list" }, path: string, layer: Layer, origins: Origins): void {
  list.items.forEach((item, index) => {
    const at = `${path}.${index}`;
    origins.add(at, { layer: layer.name, file: layer.file, line: item.line, value: plain(item) });
    if (item.kind === "map") {
      for (const [key, child] of item.entries) {
        origins.add(`${at}.${key}`, {
          layer: layer.name,
          file: layer.file,
          line: child.line,
          value: plain(child),
        });
      }
    }
  });
}

function isMap(value: Json | undefined): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
