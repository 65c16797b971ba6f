import type { Json } from "../object.ts";
import { locateAll } from "./document.ts";
import { mergeLayers } from "./layers.ts";

/**
 * Merges two plain maps by the rules of layers: one set of rules, whether or not anybody asks for origins.
 * @param path config path at which both maps stand: some rules hold at some paths only
 */
export function mergePlain(
  lower: Record<string, Json>,
  upper: Record<string, Json>,
  path: string,
): Record<string, Json> {
  const layer = (value: Record<string, Json>) => ({ name: "", file: "", root: locateAll(value, 0) });
  return mergeLayers([layer(lower), layer(upper)], path).value;
}
