import assert from "node:assert/strict";
import type { NodePool } from "../../../plan/config/zone.ts";
import { commonMigStrategy, poolMigStrategy, sharesByMps } from "../../../plan/gpu/sharing.ts";

const POOL: NodePool = { product: "Tesla-T4", gpusPerNode: 1 };
const MPS: NodePool = { ...POOL, sharing: { mps: 2 } };
const SLICED: NodePool = { ...POOL, sharing: { timeSlicing: 2 } };

describe("a pool's MIG strategy", () => {
  it("is the zone's, but none where a mixed zone shares by MPS", () => {
    assert.deepEqual([POOL, MPS, SLICED].map(sharesByMps), [false, true, false]);
    const of = (strategy: "single" | "mixed"): string[] =>
      [POOL, MPS, SLICED].map((pool) => poolMigStrategy({ mig: { strategy } }, pool));
    assert.deepEqual(of("mixed"), ["mixed", "none", "mixed"]);
    assert.deepEqual(of("single"), ["single", "single", "single"]);
  });

  it("is common to the zone's pools where none differs", () => {
    const gpu = { mig: { strategy: "mixed" as const } };
    assert.equal(commonMigStrategy({ gpu, nodePools: { a: POOL, b: SLICED } }), "mixed");
    assert.equal(commonMigStrategy({ gpu, nodePools: { a: POOL, b: MPS } }), undefined);
  });
});
