import { createHash } from "node:crypto";
import type { PlannedObject } from "./planned-object.ts";

/** JSON with sorted keys: the same text for the same value on every machine. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** `sha256:…` over all objects, sorted by id; nothing but the objects counts. */
export function planDigest(objects: readonly PlannedObject[]): string {
  const hash = createHash("sha256");
  for (const { id, object } of objects.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    hash.update(`${id}\n${canonicalJson(object)}\n`);
  }
  return `sha256:${hash.digest("hex")}`;
}
