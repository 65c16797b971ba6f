import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../../plan/object.ts";
import { canonicalJson, planDigest } from "../../../plan/digest.ts";
import { planned, type PlannedObject } from "../../../plan/planned-object.ts";

function configMap(name: string, data: Record<string, Json>, owner = "pd"): PlannedObject {
  return planned(owner, { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "n" }, data });
}

/** The same values, every map's keys in reversed order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, each]) => [key, reversed(each)]),
  );
}

describe("the digest of a plan", () => {
  const objects = [configMap("a", { x: "1", y: { p: 1, q: [1, 2] } }), configMap("b", {})];

  it("is a SHA-256, and that of no objects is that of nothing", () => {
    assert.match(planDigest(objects), /^sha256:[0-9a-f]{64}$/);
    assert.equal(planDigest([]), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });

  it("is the same for any order of objects and keys", () => {
    const other = objects.toReversed().map((each) => reversed(each) as PlannedObject);
    assert.equal(planDigest(other), planDigest(objects));
  });

  it("is another for another value, another order of a list, another owner, another name, and one object less", () => {
    const changed = [
      [configMap("a", { x: "2", y: { p: 1, q: [1, 2] } }), configMap("b", {})],
      [configMap("a", { x: 1, y: { p: 1, q: [1, 2] } }), configMap("b", {})],
      [configMap("a", { x: "1", y: { p: 1, q: [2, 1] } }), configMap("b", {})],
      [configMap("a", { x: "1", y: { p: 1, q: [1, 2] } }, "td"), configMap("b", {})],
      [configMap("a", { x: "1", y: { p: 1, q: [1, 2] } }), configMap("c", {})],
      objects.slice(0, 1),
    ].map(planDigest);
    assert.equal(new Set([planDigest(objects), ...changed]).size, changed.length + 1);
  });

  it("leaves the objects as they are", () => {
    const before = structuredClone(objects);
    planDigest(objects);
    assert.deepEqual(objects, before);
  });

  it("is made of text that is the value again, whatever the value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(reversed(value)), text);
      }),
    );
  });
});
