import { randomBytes } from "node:crypto";
import type { JsonMap } from "../plugin/protobuf.ts";
import type { Cluster } from "./cluster.ts";
import { NoKindError, UnreachableError } from "./failure.ts";
import { builtInScope } from "./scope.ts";
import {
  annotationIsTrue,
  apiVersion,
  at,
  metadataOf,
  text,
  withMetadata,
  type ObjectKind,
} from "./object.ts";

/** Annotation of objects whose name Check has made up. */
export const autonamed = "pulumi.com/autonamed";

/** Scopes of kinds whose CustomResourceDefinition the program itself declares: "group/Kind" → namespaced. */
export type DeclaredScopes = Map<string, boolean>;

/** What Check is asked. */
export interface CheckQuestion {
  kind: ObjectKind;
  /** Logical name of the resource; automatic names start with it. */
  logicalName: string;
  /** Inputs of the last run; undefined for a new object or a replacement. */
  olds: JsonMap | undefined;
  news: JsonMap;
  /** Bytes that make an automatic name repeatable; empty: random. */
  randomSeed: Uint8Array;
  declared: DeclaredScopes;
}

/** Completes inputs: apiVersion, kind, a name where none is given, the default namespace. Nothing else is invented. */
export async function checkInputs(question: CheckQuestion, cluster: Cluster): Promise<JsonMap> {
  const { kind, declared, olds } = question;
  noteDeclaredScope(question.news, declared);
  let inputs: JsonMap = { ...question.news, apiVersion: apiVersion(kind), kind: kind.kind };
  if (metadataOf(inputs)["name"] === undefined && metadataOf(inputs)["generateName"] === undefined) {
    inputs = withAutomaticName(inputs, question);
  }
  if (metadataOf(inputs)["namespace"] === undefined) {
    const namespaced = await scopeOf(kind, declared, cluster);
    // While nobody can say, a new namespace would be a replacement; creation corrects a wrong one.
    if (namespaced === undefined && olds !== undefined)
      return withMetadata(inputs, "namespace", metadataOf(olds)["namespace"]);
    if (namespaced !== false) return withMetadata(inputs, "namespace", await cluster.defaultNamespace());
  }
  return inputs;
}

function withAutomaticName(inputs: JsonMap, { logicalName, olds, randomSeed }: CheckQuestion): JsonMap {
  const annotations = { ...(metadataOf(inputs)["annotations"] as JsonMap | undefined), [autonamed]: "true" };
  const kept = olds !== undefined && isAutonamed(olds) ? text(metadataOf(olds)["name"]) : undefined;
  const random = randomSeed.length >= 4 ? Buffer.from(randomSeed.subarray(0, 4)) : randomBytes(4);
  const name = kept ?? `${logicalName}-${random.toString("hex")}`;
  return withMetadata(withMetadata(inputs, "annotations", annotations), "name", name);
}

/** True for an object whose name Check has made up. */
export function isAutonamed(inputs: JsonMap): boolean {
  return annotationIsTrue(inputs, autonamed);
}

/** Whether a kind is namespaced; undefined while only an API server could say that does not know it or is dark. */
export async function scopeOf(
  kind: ObjectKind,
  declared: DeclaredScopes,
  cluster: Cluster,
): Promise<boolean | undefined> {
  const builtIn = builtInScope(kind) ?? declared.get(`${kind.group}/${kind.kind}`);
  if (builtIn !== undefined) return builtIn;
  try {
    return (await cluster.find(kind)).namespaced;
  } catch (error) {
    if (error instanceof NoKindError || error instanceof UnreachableError) return undefined;
    throw error;
  }
}

function noteDeclaredScope(inputs: JsonMap, declared: DeclaredScopes): void {
  if (inputs["kind"] !== "CustomResourceDefinition") return;
  const group = text(at(inputs, "spec", "group"));
  const kind = text(at(inputs, "spec", "names", "kind"));
  const scope = text(at(inputs, "spec", "scope"));
  if (group !== undefined && kind !== undefined && scope !== undefined) {
    declared.set(`${group}/${kind}`, scope === "Namespaced");
  }
}
