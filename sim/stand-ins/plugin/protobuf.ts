import { createRequire } from "node:module";
import type * as any_pb from "google-protobuf/google/protobuf/any_pb.js";
import type * as empty_pb from "google-protobuf/google/protobuf/empty_pb.js";
import type * as struct_pb from "google-protobuf/google/protobuf/struct_pb.js";

// Messages must come from the SDK's own copy of google-protobuf: instances of another copy do not serialise into it.
const fromSdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));

/** The protobuf runtime type for JSON-like maps. */
export const { Struct } = fromSdk("google-protobuf/google/protobuf/struct_pb.js") as typeof struct_pb;
/** The protobuf runtime type of "no answer". */
export const { Empty } = fromSdk("google-protobuf/google/protobuf/empty_pb.js") as typeof empty_pb;
/** The protobuf runtime type for a packed message of any type. */
export const { Any } = fromSdk("google-protobuf/google/protobuf/any_pb.js") as typeof any_pb;

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | JsonMap;
/** A JSON object. A missing key and an undefined one are the same. */
export interface JsonMap {
  [key: string]: Json | undefined;
}

/** Reads a Struct; an absent one is an empty map. */
export function fromStruct(struct: struct_pb.Struct | undefined): JsonMap {
  return struct?.toJavaScript() ?? {};
}

/** Writes a map as a Struct; undefined entries are left out. */
export function toStruct(map: JsonMap): struct_pb.Struct {
  return Struct.fromJavaScript(
    JSON.parse(JSON.stringify(map)) as { [key: string]: struct_pb.JavaScriptValue },
  );
}

/** True for a JSON object, false for lists, scalars and null. */
export function isMap(value: unknown): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
