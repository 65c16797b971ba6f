import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";

// Fixed marks of the engine's property encoding.
const unknownMarks = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // list
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // map
]);
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** True for a value that the engine does not know yet. */
export function isUnknown(value: unknown): boolean {
  return typeof value === "string" && unknownMarks.has(value);
}

/** True when anything inside is not known yet. */
export function hasUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasUnknown);
  if (isMap(value)) return Object.values(value).some(hasUnknown);
  return isUnknown(value);
}

// Schema extensions whose dashes an SDK's property names cannot have.
const extensions = new Map(
  [
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
  ].map((name) => [name.replaceAll("-", "_"), name]),
);

/** The same value with the SDK's spelling of schema extensions (`x_kubernetes_…`) as Kubernetes spells them. */
export function withDashes(value: Json): Json {
  if (Array.isArray(value)) return value.map(withDashes);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      extensions.get(key) ?? key,
      item === undefined ? undefined : withDashes(item),
    ]),
  );
}

function isSecret(value: unknown): value is JsonMap {
  return isMap(value) && value[signatureKey] === secretSignature;
}

function secret(value: Json): JsonMap {
  return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

/** The same value without secret marks, and without map entries that are null (which means "not set"). */
export function reveal(value: Json): Json {
  if (isSecret(value)) return reveal(value["value"] ?? null);
  if (Array.isArray(value)) return value.map(reveal);
  if (!isMap(value)) return value;
  const plain: JsonMap = {};
  for (const [key, item] of Object.entries(value)) {
    const bare = item === undefined ? null : reveal(item);
    if (bare !== null) plain[key] = bare;
  }
  return plain;
}

/** {@link reveal} for a map. */
export function revealMap(map: JsonMap): JsonMap {
  return reveal(map) as JsonMap;
}

/**
 * Marks in `value` as secret what is secret at the same place of `like`. A secret inside a list makes the whole list
 * one, since the server may reorder it.
 */
export function hideLike(value: Json, like: Json | undefined): Json {
  if (isSecret(like)) return secret(value);
  if (isMap(value) && isMap(like)) {
    const hidden: JsonMap = {};
    for (const [key, item] of Object.entries(value)) {
      hidden[key] = item === undefined ? undefined : hideLike(item, like[key]);
    }
    return hidden;
  }
  return hasSecret(like) ? secret(value) : value;
}

/** {@link hideLike} for a whole object; of a Secret everything that it keeps is marked, whoever wrote it. */
export function hideObject(object: JsonMap, like: JsonMap): JsonMap {
  return hideSecretObject(hideLike(object, like) as JsonMap);
}

function hasSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(hasSecret);
  return isMap(value) && Object.values(value).some(hasSecret);
}

/** Marks `data`, `stringData` and a recorded last-applied copy of a Secret object as secret; others pass. */
function hideSecretObject(object: JsonMap): JsonMap {
  if (object["kind"] !== "Secret") return object;
  const hidden = { ...object };
  for (const key of ["data", "stringData"]) {
    const value = hidden[key];
    if (value !== undefined) hidden[key] = secret(value);
  }
  const metadata = hidden["metadata"];
  const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
  if (
    isMap(metadata) &&
    isMap(metadata["annotations"]) &&
    metadata["annotations"][lastApplied] !== undefined
  ) {
    const annotations = {
      ...metadata["annotations"],
      [lastApplied]: secret(metadata["annotations"][lastApplied]),
    };
    hidden["metadata"] = { ...metadata, annotations };
  }
  return hidden;
}
