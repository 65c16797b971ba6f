import assert from "node:assert/strict";
import { pinned } from "../../../fleet/pin.ts";
import { changesOf } from "../../../fleet/up.ts";

const UID = "6f1c0c6e-0000-4000-8000-000000000001";

describe("pinning a zone", () => {
  it("adds the UID and touches no other character", () => {
    const before =
      "# our first zone\nconfig:\n  gpu-zones:extends: [prod]\n  # toxicity-detector: {}\n  gpu-zones:site: dc-1 # cold\n";
    assert.equal(
      pinned(before, UID),
      before.replace("config:\n", `config:\n  gpu-zones:cluster: { uid: ${UID} }\n`),
    );
  });

  it("joins the keys that the cluster already has, block or flow", () => {
    const block = "config:\n  gpu-zones:cluster:\n    context: east # VPN\n";
    assert.equal(pinned(block, UID), block.replace("    context", `    uid: ${UID}\n    context`));
    const flow = "config:\n  gpu-zones:cluster: { context: east }\n";
    assert.equal(pinned(flow, UID), flow.replace("{ context", `{ uid: ${UID}, context`));
  });

  it("replaces an older UID in place", () => {
    const file = (uid: string): string =>
      `config:\n  gpu-zones:cluster:\n    context: east # VPN\n    uid: ${uid}\n  gpu-zones:site: dc-1\n`;
    assert.equal(pinned(file("old"), UID), file(UID));
  });
});

describe("the engine's summary", () => {
  it("is read into counts, nothing counted for what it does not name", () => {
    const summary =
      "Resources:\n    + 2 created\n    ~ 1 updated\n    - 3 deleted\n    +-4 replaced\n    10 changes. 30 unchanged\n";
    assert.deepEqual(changesOf(summary), { create: 2, update: 1, delete: 3, replace: 4, same: 30 });
    assert.deepEqual(changesOf("Resources:\n    34 unchanged\n"), {
      create: 0,
      update: 0,
      delete: 0,
      replace: 0,
      same: 34,
    });
  });
});
