import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import { apply, awaitsTakeOver, forces, takeOverManagers } from "./apply.ts";
import type { Cluster, ObjectAddress } from "./cluster.ts";
import type { ProviderConfig } from "./config.ts";
import { ApiError, isForbidden, NoKindError, UnreachableError } from "./failure.ts";
import { at, mapsAt, metadataOf, objectId, withMetadata } from "./object.ts";

/** How objects are updated. */
export interface UpdateOptions {
  config: Pick<ProviderConfig, "enablePatchForce">;
  fieldManager: string;
  /** Property paths that the program does not want to decide. */
  ignoreChanges: string[];
}

/** Applies new inputs to an object that exists. Throws ApiError 404 when it does not: it was deleted by others. */
export async function updateObject(
  cluster: Cluster,
  address: ObjectAddress,
  inputs: JsonMap,
  options: UpdateOptions,
): Promise<JsonMap> {
  const { fieldManager, config } = options;
  if (isDefinition(address)) {
    return replaceWhole(cluster, address, inputs, await cluster.get(address), { fieldManager });
  }
  const live = await takeOverManagers(cluster, address, fieldManager);
  const force = forces(inputs, config) || hasNoManagers(live);
  const body = withoutForeignFields(inputs, live, options);
  return apply(cluster, address, body, { fieldManager, force, dryRun: false });
}

function isDefinition({ kind }: ObjectAddress): boolean {
  return kind.kind === "CustomResourceDefinition";
}

/** Objects from before server-side apply record no managers, and conflict with everyone. */
function hasNoManagers(live: JsonMap): boolean {
  return mapsAt(live, "metadata", "managedFields").length === 0;
}

// As the official provider does: the definition changes in one go, its custom resources stay.
async function replaceWhole(
  cluster: Cluster,
  address: ObjectAddress,
  inputs: JsonMap,
  live: JsonMap,
  query: Record<string, string>,
): Promise<JsonMap> {
  const body = withMetadata(inputs, "resourceVersion", metadataOf(live)["resourceVersion"]);
  return cluster.request("PUT", address, { body, query });
}

/** Leaves ignored fields to whoever owns them; the live value stands in where nobody else does. */
function withoutForeignFields(
  inputs: JsonMap,
  live: JsonMap,
  { fieldManager, ignoreChanges }: UpdateOptions,
): JsonMap {
  let body = inputs;
  for (const ignored of ignoreChanges) {
    const path = ignored.split(".");
    const owners = mapsAt(live, "metadata", "managedFields").filter((entry) => owns(entry["fieldsV1"], path));
    const foreign = owners.length > 0 && !owners.some((entry) => entry["manager"] === fieldManager);
    body = put(body, path, foreign ? undefined : (at(live, ...path) ?? at(inputs, ...path)));
  }
  return body;
}

function owns(fields: Json | undefined, path: string[]): boolean {
  return isMap(at(fields, ...path.map((step) => `f:${step}`)));
}

function put(map: JsonMap, [step, ...rest]: string[], value: Json | undefined): JsonMap {
  if (step === undefined) return map;
  const inner = map[step];
  if (rest.length > 0) return isMap(inner) ? { ...map, [step]: put(inner, rest, value) } : map;
  const copy = { ...map };
  if (value === undefined) Reflect.deleteProperty(copy, step);
  else copy[step] = value;
  return copy;
}

/**
 * What an update would give, without writing; undefined where only the real run can tell. A conflict shows unless the
 * real run will first take over fields, as it does after a create.
 */
export async function previewUpdate(
  cluster: Cluster,
  address: ObjectAddress,
  inputs: JsonMap,
  options: UpdateOptions,
  onUnreachable: (error: UnreachableError) => void,
): Promise<JsonMap | undefined> {
  const { fieldManager, config } = options;
  try {
    const live = await cluster.get(address);
    if (isDefinition(address)) {
      return await replaceWhole(cluster, address, inputs, live, { fieldManager, dryRun: "All" });
    }
    const force = forces(inputs, config) || awaitsTakeOver(live) || hasNoManagers(live);
    const body = withoutForeignFields(inputs, live, options);
    return await apply(cluster, address, body, { fieldManager, force, dryRun: true });
  } catch (error) {
    if (error instanceof UnreachableError) onUnreachable(error);
    if (error instanceof UnreachableError || error instanceof NoKindError || isForbidden(error))
      return undefined;
    throw error;
  }
}

/** A refusal of the API server in words that name the object. */
export function updateRefused(error: unknown, inputs: JsonMap): unknown {
  if (!(error instanceof ApiError) && !(error instanceof NoKindError)) return error;
  const gone =
    error instanceof ApiError && error.code === 404
      ? ' (deleted outside of Pulumi? "pulumi refresh" notices that)'
      : "";
  return new Error(
    `resource "${objectId(inputs)}" was not successfully updated by the Kubernetes API server: ${error.message}${gone}`,
  );
}
