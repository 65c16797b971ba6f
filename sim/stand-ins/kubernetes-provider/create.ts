import type { JsonMap } from "../plugin/protobuf.ts";
import { apply, creator, forces } from "./apply.ts";
import type { Cluster, ObjectAddress } from "./cluster.ts";
import type { ProviderConfig } from "./config.ts";
import { ApiError, isForbidden, isNamespaceMissing, NoKindError, UnreachableError } from "./failure.ts";
import { metadataOf, objectId, text, withMetadata, type ObjectKind } from "./object.ts";

/** What tells and passes the time between retries. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Throws CancelledError as soon as the signal is aborted. */
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** How objects are created. */
export interface CreateOptions {
  config: Pick<ProviderConfig, "upsertExistingObjects" | "enablePatchForce">;
  fieldManager: string;
  /** How long a missing kind or namespace is waited for, in milliseconds. */
  kindRetryMs: number;
  clock: Clock;
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
 * Creates an object; one that exists is an error unless the provider may upsert. A missing kind or namespace may still
 * be under way in the same program and is retried.
 */
export async function createObject(
  cluster: Cluster,
  kind: ObjectKind,
  inputs: JsonMap,
  options: CreateOptions,
): Promise<JsonMap> {
  const { clock } = options;
  const deadline = clock.now() + options.kindRetryMs;
  for (let retry = 1; ; retry += 1) {
    try {
      return await write(cluster, kind, await inScope(cluster, kind, inputs), { ...options, dryRun: false });
    } catch (error) {
      if (!(error instanceof NoKindError) && !isNamespaceMissing(error)) throw error;
      const left = deadline - clock.now();
      if (left <= 0) throw error;
      options.onStatus(`Retry #${retry}; creation failed: ${(error as Error).message}`);
      await clock.pause(Math.min(250 * 2 ** retry, 5000, left), options.signal);
    }
  }
}

/** A plain create, of which the server itself says when the object exists; an apply where the provider may upsert. */
async function write(
  cluster: Cluster,
  kind: ObjectKind,
  inputs: JsonMap,
  options: Pick<CreateOptions, "config" | "fieldManager"> & { dryRun: boolean },
): Promise<JsonMap> {
  const { config, fieldManager, dryRun } = options;
  const address = addressOf(kind, inputs);
  if (config.upsertExistingObjects && address.name !== "") {
    return apply(cluster, address, inputs, {
      fieldManager,
      force: dryRun || forces(inputs, config),
      dryRun,
    });
  }
  const query: Record<string, string> = { fieldManager: creator };
  if (dryRun) query["dryRun"] = "All";
  return cluster.request("POST", address, { body: inputs, query });
}

/** Inputs as the kind's scope wants them: Check may have guessed a namespace for a kind that has none. */
async function inScope(cluster: Cluster, kind: ObjectKind, inputs: JsonMap): Promise<JsonMap> {
  const { namespaced } = await cluster.find(kind);
  return namespaced ? inputs : withMetadata(inputs, "namespace", undefined);
}

/**
 * What creating an object would give, without writing. Undefined where only the real run can tell: the kind or the
 * namespace does not exist yet, the old object is still in the way, we may not try it, or the cluster cannot be reached.
 */
export async function previewCreate(
  cluster: Cluster,
  kind: ObjectKind,
  inputs: JsonMap,
  options: Pick<CreateOptions, "config" | "fieldManager">,
  onUnreachable: (error: UnreachableError) => void,
): Promise<JsonMap | undefined> {
  try {
    const scoped = await inScope(cluster, kind, inputs);
    if (text(metadataOf(scoped)["name"]) === undefined) return undefined;
    return await write(cluster, kind, scoped, { ...options, dryRun: true });
  } catch (error) {
    if (error instanceof UnreachableError) onUnreachable(error);
    const open =
      error instanceof UnreachableError ||
      error instanceof NoKindError ||
      isNamespaceMissing(error) ||
      isForbidden(error) ||
      isInTheWay(error);
    if (open) return undefined;
    throw error;
  }
}

/** The object that is to be replaced still exists: as itself, or as the owner of a field that cannot change. */
function isInTheWay(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.reason === "AlreadyExists") return true;
  return error.code === 422 && /immutable|may not (be changed|change)/.test(error.message);
}

/** A refusal of the API server as the official provider words it. */
export function creationRefused(error: unknown, inputs: JsonMap): unknown {
  if (!(error instanceof ApiError) && !(error instanceof NoKindError)) return error;
  const exists = error instanceof ApiError && error.reason === "AlreadyExists";
  const hint = exists
    ? "\nRenamed in the program? Give it an alias. To take over what exists, set the provider's upsertExistingObjects."
    : "";
  return new Error(
    `resource "${objectId(inputs)}" was not successfully created by the Kubernetes API server: ${error.message}${hint}`,
  );
}
