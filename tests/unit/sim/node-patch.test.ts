import assert from "node:assert/strict";
import fc from "fast-check";
import type { GpuNode } from "../../../sim/gpu-simulator/node-draft.ts";
import { nodePatch } from "../../../sim/gpu-simulator/node-patch.ts";

const strings = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("", "1", "2"), {
  noNullPrototype: true,
});
const nodes: fc.Arbitrary<GpuNode> = fc.record({
  name: fc.constant("n1"),
  labels: strings,
  annotations: strings,
  resources: strings,
  runtime: fc.constant(""),
  unschedulable: fc.boolean(),
  ready: fc.boolean(),
  capacity: strings,
});

/** A JSON merge patch, as the API server applies it. */
function merge(target: Readonly<Record<string, string>>, patch: Record<string, string | null> = {}) {
  return Object.fromEntries(
    Object.entries({ ...target, ...patch }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

describe("the patch between two states of a node", () => {
  it("makes the one the other", () => {
    fc.assert(
      fc.property(nodes, nodes, (before, after) => {
        const patch = nodePatch(before, after);
        assert.deepEqual(merge(before.labels, patch.metadata?.labels), after.labels);
        assert.deepEqual(merge(before.annotations, patch.metadata?.annotations), after.annotations);
        assert.deepEqual(merge(before.resources, patch.resources), after.resources);
        assert.deepEqual(merge(before.capacity, patch.capacity), after.capacity);
        assert.equal(patch.unschedulable ?? before.unschedulable, after.unschedulable);
      }),
    );
  });

  it("is none when they are equal, so that an idle zone is not written to", () => {
    fc.assert(
      fc.property(nodes, (node) => {
        assert.deepEqual(nodePatch(node, structuredClone(node)), {
          unschedulable: undefined,
          metadata: undefined,
          resources: undefined,
          capacity: undefined,
        });
      }),
    );
  });
});
