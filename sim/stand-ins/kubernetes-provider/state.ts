import { randomBytes } from "node:crypto";
import { isMap, type JsonMap } from "../plugin/protobuf.ts";
import { metadataOf, text } from "./object.ts";
import { hideObject } from "./property.ts";

const inputsKey = "__inputs";
const fieldManagerKey = "__fieldManager";
const initialApiVersionKey = "__initialApiVersion";

/** The field manager that an object's inputs ask for or its state names; undefined when neither does. */
export function namedManager(inputs: JsonMap, state: JsonMap): string | undefined {
  const asked = text(
    (metadataOf(inputs)["annotations"] as JsonMap | undefined)?.["pulumi.com/patchFieldManager"],
  );
  return asked ?? text(state[fieldManagerKey]);
}

/** The field manager of an object: {@link namedManager}, or a new one. */
export function fieldManagerOf(inputs: JsonMap, state: JsonMap): string {
  return namedManager(inputs, state) ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/** The inputs that a state was made from; empty when it does not say. */
export function inputsIn(state: JsonMap): JsonMap {
  return isMap(state[inputsKey]) ? state[inputsKey] : {};
}

/**
 * What the engine keeps of an object: the live object, who applies it and from which inputs, with secret marks where
 * the inputs have them. The keys in underscores are the official plugin's, which must be able to go on from here.
 */
export function stateOf(live: JsonMap, inputs: JsonMap, fieldManager: string): JsonMap {
  const metadata = { ...metadataOf(live) };
  delete metadata["managedFields"];
  const state = hideObject({ ...live, metadata }, inputs);
  state[inputsKey] = hideObject(inputs, inputs);
  state[fieldManagerKey] = fieldManager;
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
  return hideObject(object, inputs);
}
