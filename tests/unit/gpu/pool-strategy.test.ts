import assert from "node:assert/strict";
import type { NodePool } from "../../../plan/config/zone.ts";
import { commonMigStrategy, poolMigStrategy, sharesByMps } from "../../../plan/gpu/sharing.ts";

const WHOLE = {};
const SLICED_TIME = { sharing: { timeSlicing: 4 } };
const MPS: Pick<NodePool, "sharing"> = { sharing: { mps: 4 } };
const gpu = (strategy: "none" | "single" | "mixed") => ({ mig: { strategy } });

describe("how a pool's GPUs are shared", () => {
  it("is by MPS where the pool says so, and nowhere else", () => {
    assert.deepEqual([WHOLE, SLICED_TIME, MPS].map(sharesByMps), [false, false, true]);
  });

  it("leaves the zone's MIG strategy as it is, but for MPS under mixed, with which no device plugin starts", () => {
    for (const pool of [WHOLE, SLICED_TIME])
      for (const each of ["none", "single", "mixed"] as const)
        assert.equal(poolMigStrategy(gpu(each), pool), each);
    assert.deepEqual(
      (["none", "single", "mixed"] as const).map((each) => poolMigStrategy(gpu(each), MPS)),
      ["none", "single", "none"],
    );
  });

  it("decides whether one strategy holds for all pools", () => {
    assert.equal(commonMigStrategy({ gpu: gpu("mixed"), nodePools: { a: WHOLE, b: SLICED_TIME } }), "mixed");
    assert.equal(commonMigStrategy({ gpu: gpu("mixed"), nodePools: { a: WHOLE, b: MPS } }), undefined);
    assert.equal(commonMigStrategy({ gpu: gpu("single"), nodePools: { a: WHOLE, b: MPS } }), "single");
    assert.equal(commonMigStrategy({ gpu: {}, nodePools: {} }), "single");
  });
});
