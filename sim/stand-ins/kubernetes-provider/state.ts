import { randomBytes } from "node:crypto";
import type { JsonMap } from "../plugin/protobuf.ts";
import { metadataOf, text } from "./object.ts";
import { hideLike, hideSecretObject } from "./property.ts";

const fieldManagerKey = "__fieldManager";
const initialApiVersionKey = "__initialApiVersion";

/** The field manager that an object's state names, its inputs ask for, or a new one. */
export function fieldManagerOf(inputs: JsonMap, state: JsonMap): string {
  const asked = text(
    (metadataOf(inputs)["annotations"] as JsonMap | undefined)?.["pulumi.com/patchFieldManager"],
  );
  return asked ?? text(state[fieldManagerKey]) ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/**
 * What the engine keeps of an object: the live object, who applied it, and secret marks where the inputs have them.
 * `inputs` may carry secret marks; `live` does not. Without a field manager (an object only read) none is kept.
 */
export function stateOf(live: JsonMap, inputs: JsonMap, fieldManager: string | undefined): JsonMap {
  const metadata = { ...metadataOf(live) };
  delete metadata["managedFields"];
  const object: JsonMap = { ...live, metadata };
  const state = hideSecretObject(hideLike(object, inputs) as JsonMap);
  if (fieldManager !== undefined) state[fieldManagerKey] = fieldManager;
  const version = text(live["apiVersion"]);
  if (version !== undefined) state[initialApiVersionKey] = version;
  return state;
}

// Values of a dry run that the real run will not repeat.
const invented = ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"];

/** The part of a dry run's answer that the real run will repeat. */
export function previewState(dryRun: JsonMap, inputs: JsonMap, plainInputs: JsonMap): JsonMap {
  const metadata = { ...metadataOf(dryRun) };
  for (const key of invented) Reflect.deleteProperty(metadata, key);
  const object: JsonMap = { ...dryRun, metadata };
  delete object["status"];
  // The server hands out another address and other ports the second time.
  if (object["kind"] === "Service") object["spec"] = plainInputs["spec"];
  return hideSecretObject(hideLike(object, inputs) as JsonMap);
}
