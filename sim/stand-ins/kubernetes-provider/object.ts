import { isMap, type Json, type JsonMap } from "../plugin/protobuf.ts";
import { builtInScope } from "./scope.ts";

/** Group, version and kind of an object; the core group is "". */
export interface ObjectKind {
  group: string;
  version: string;
  kind: string;
}

/** "apps/v1", or "v1" for the core group. */
export function apiVersion({ group, version }: ObjectKind): string {
  return group === "" ? version : `${group}/${version}`;
}

/** Splits "apps/v1" or "v1". */
export function parseApiVersion(text: string): { group: string; version: string } {
  const slash = text.indexOf("/");
  return slash < 0
    ? { group: "", version: text }
    : { group: text.slice(0, slash), version: text.slice(slash + 1) };
}

// The official plugin renders these itself, or makes many objects of one; the stand-in would send them to the server.
const renderedGroups = new Set(["helm.sh", "yaml", "kustomize"]);

/**
 * The kind that a Pulumi type stands for, for example `kubernetes:apps/v1:Deployment`; the inputs' own apiVersion and
 * kind win. Throws for types that the stand-in does not have (Patch and List resources, Helm, remote components).
 */
export function objectKind(type: string, inputs: JsonMap): ObjectKind {
  const [, module = "", typeName = ""] = type.split(":");
  const slash = module.lastIndexOf("/");
  const named = module.slice(0, Math.max(slash, 0));
  const kind = text(inputs["kind"]) ?? typeName;
  const isList =
    kind.endsWith("List") && builtInScope({ group: named === "core" ? "" : named, kind }) !== undefined;
  if (slash < 0 || renderedGroups.has(named) || isList)
    throw new Error(`the stand-in provider has no ${type}: install the official Kubernetes plugin`);
  if (typeName === `${kind}Patch`) {
    throw new Error(
      `the stand-in provider has no Patch resources (${type}): install the official Kubernetes plugin`,
    );
  }
  const given = text(inputs["apiVersion"]);
  const parsed = given === undefined ? undefined : parseApiVersion(given);
  return {
    group: parsed?.group ?? (named === "core" ? "" : named),
    version: parsed?.version ?? module.slice(slash + 1),
    kind,
  };
}

/** The Pulumi type inside a URN. */
export function urnType(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** The logical name inside a URN. */
export function urnName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** `metadata` of an object; empty when it has none. */
export function metadataOf(object: JsonMap): JsonMap {
  return isMap(object["metadata"]) ? object["metadata"] : {};
}

/** A value when it is a string that is not empty. */
export function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A value when it is a number. */
export function number(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** The value at a path of map keys. */
export function at(value: Json | undefined, ...path: string[]): Json | undefined {
  let here = value;
  for (const key of path) here = isMap(here) ? here[key] : undefined;
  return here;
}

/** The maps in the list at a path; empty when there is no list. */
export function mapsAt(value: Json | undefined, ...path: string[]): JsonMap[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list.filter(isMap) : [];
}

/** An annotation's text. */
export function annotation(object: JsonMap, name: string): string | undefined {
  return text(at(object, "metadata", "annotations", name));
}

/** True when an annotation says "true". */
export function annotationIsTrue(object: JsonMap, name: string): boolean {
  return annotation(object, name) === "true";
}

/** The id of an object in Pulumi's state: `namespace/name`, or `name`. */
export function objectId(object: JsonMap): string {
  const name = text(metadataOf(object)["name"]) ?? "";
  const namespace = text(metadataOf(object)["namespace"]);
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Splits an id of {@link objectId}. */
export function parseId(id: string): { namespace?: string; name: string } {
  const slash = id.indexOf("/");
  return slash < 0 ? { name: id } : { namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** An object with one entry of its metadata set, or removed when undefined. */
export function withMetadata(object: JsonMap, key: string, value: Json | undefined): JsonMap {
  const metadata = { ...metadataOf(object) };
  if (value === undefined) Reflect.deleteProperty(metadata, key);
  else metadata[key] = value;
  return { ...object, metadata };
}
