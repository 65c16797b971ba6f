import type { JsonMap } from "../plugin/protobuf.ts";
import { apply, asksForForce } from "./apply.ts";
import { pause } from "./client.ts";
import type { Cluster, ObjectAddress } from "./cluster.ts";
import type { ProviderConfig } from "./config.ts";
import { ApiError, isNamespaceMissing, isNotFound, NoKindError, UnreachableError } from "./failure.ts";
import { metadataOf, objectId, text, withMetadata, type ObjectKind } from "./object.ts";

/** How objects are created. */
export interface CreateOptions {
  config: Pick<ProviderConfig, "upsertExistingObjects" | "enablePatchForce">;
  fieldManager: string;
  /** How long a missing kind or namespace is waited for, in milliseconds. */
  kindRetryMs: number;
  signal: AbortSignal;
  /** Hears of every retry. */
  onStatus: (message: string) => void;
}

/** The address of an object with a name. */
export function addressOf(kind: ObjectKind, object: JsonMap): ObjectAddress {
  const namespace = text(metadataOf(object)["namespace"]);
  const name = text(metadataOf(object)["name"]) ?? "";
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

/**
 * Creates an object by server-side apply; one that exists is an error unless the provider may upsert. A missing kind
 * or namespace may still be under way in the same program and is retried.
 */
export async function createObject(
  cluster: Cluster,
  kind: ObjectKind,
  inputs: JsonMap,
  options: CreateOptions,
): Promise<JsonMap> {
  const deadline = Date.now() + options.kindRetryMs;
  for (let retry = 1; ; retry += 1) {
    try {
      const scoped = await inScope(cluster, kind, inputs);
      if (text(metadataOf(scoped)["name"]) === undefined)
        return await generate(cluster, kind, scoped, options);
      return await createNamed(cluster, addressOf(kind, scoped), scoped, options);
    } catch (error) {
      if (!(error instanceof NoKindError) && !isNamespaceMissing(error)) throw error;
      const left = deadline - Date.now();
      if (left <= 0) throw error;
      options.onStatus(`Retry #${retry}; creation failed: ${(error as Error).message}`);
      await pause(Math.min(250 * 2 ** retry, 5000, left), options.signal);
    }
  }
}

async function createNamed(
  cluster: Cluster,
  address: ObjectAddress,
  inputs: JsonMap,
  options: CreateOptions,
): Promise<JsonMap> {
  if (!options.config.upsertExistingObjects && (await exists(cluster, address))) {
    const { plural } = await cluster.find(address.kind);
    const kind = address.kind.group === "" ? plural : `${plural}.${address.kind.group}`;
    throw new ApiError(409, "AlreadyExists", `${kind} "${address.name}" already exists`, {});
  }
  const force = options.config.enablePatchForce || asksForForce(inputs);
  return apply(cluster, address, inputs, { fieldManager: options.fieldManager, force, dryRun: false });
}

async function generate(
  cluster: Cluster,
  kind: ObjectKind,
  inputs: JsonMap,
  { fieldManager }: CreateOptions,
): Promise<JsonMap> {
  return cluster.request("POST", addressOf(kind, inputs), { body: inputs, query: { fieldManager } });
}

async function exists(cluster: Cluster, address: ObjectAddress): Promise<boolean> {
  try {
    await cluster.get(address);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Inputs as the kind's scope wants them: Check may have guessed a namespace for a kind that has none. */
async function inScope(cluster: Cluster, kind: ObjectKind, inputs: JsonMap): Promise<JsonMap> {
  const { namespaced } = await cluster.find(kind);
  return namespaced ? inputs : withMetadata(inputs, "namespace", undefined);
}

/**
 * What creating an object would give, without writing. Undefined where only the real run can tell: the kind or the
 * namespace does not exist yet, the old object is still in the way, or the cluster cannot be reached.
 */
export async function previewCreate(
  cluster: Cluster,
  kind: ObjectKind,
  inputs: JsonMap,
  fieldManager: string,
  onUnreachable: (error: UnreachableError) => void,
): Promise<JsonMap | undefined> {
  try {
    const scoped = await inScope(cluster, kind, inputs);
    if (text(metadataOf(scoped)["name"]) === undefined) return undefined;
    return await apply(cluster, addressOf(kind, scoped), scoped, { fieldManager, force: true, dryRun: true });
  } catch (error) {
    if (error instanceof UnreachableError) onUnreachable(error);
    const immutable =
      error instanceof ApiError && error.code === 422 && /immutable|may not be changed/.test(error.message);
    if (
      error instanceof UnreachableError ||
      error instanceof NoKindError ||
      isNamespaceMissing(error) ||
      immutable
    ) {
      return undefined;
    }
    throw error;
  }
}

/** A refusal of the API server as the official provider words it. */
export function creationRefused(error: unknown, inputs: JsonMap): unknown {
  if (!(error instanceof ApiError) && !(error instanceof NoKindError)) return error;
  return new Error(
    `resource "${objectId(inputs)}" was not successfully created by the Kubernetes API server: ${error.message}`,
  );
}
