import { layerJsonSchema, type JsonSchema } from "./json-schemas.ts";

/** Whether a key of the zone's configuration is read, or answers "not yet". */
export type KeyState = "read" | "not yet";

/**
 * Every key of the zone's configuration, by its path; names in maps of anything are `a`. What is below a key whose
 * work is not done is not listed: nobody settled it.
 */
export function schemaKeys(): ReadonlyMap<string, KeyState> {
  const keys = new Map<string, KeyState>();
  collect(layerJsonSchema(), "", keys);
  return keys;
}

function collect(schema: JsonSchema | boolean, path: string, keys: Map<string, KeyState>): void {
  if (typeof schema === "boolean") return;
  if (path !== "") keys.set(path, schema.deprecated === true ? "not yet" : "read");
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  for (const [key, each] of Object.entries(schema.properties ?? {})) collect(each, at(key), keys);
  for (const each of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) collect(each, path, keys);
  if (typeof schema.additionalProperties === "object") collect(schema.additionalProperties, at("a"), keys);
}
