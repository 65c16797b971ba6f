import assert from "node:assert/strict";
import { migStrategyOffersLayout } from "../../../plan/checks/mig-strategy-offers-layout.ts";
import { findings } from "./objects.ts";

function found(strategy: string, mig: string): string[] {
  const pool = `{ product: NVIDIA-A100-PCIE-40GB, gpusPerNode: 8, os: ubuntu22.04, nodes: [n1], mig: ${mig} }`;
  return findings(
    migStrategyOffersLayout,
    [],
    `gpu: { mig: { strategy: ${strategy} } }\nnodePools:\n  a: ${pool}\n`,
  );
}

describe("a MIG layout under the zone's strategy", () => {
  it("is an error under none, where nothing can use a board in MIG mode", () => {
    assert.deepEqual(found("none", "{ 1g.5gb: 7 }"), [
      `error GZ209 Pulumi.zone-x.yaml:3  nodePools.a.mig
    wanted whole boards under gpu.mig.strategy none, got { 1g.5gb: 7 }: no process can use a board in MIG mode
    fix: set gpu.mig.strategy to single or mixed, or take mig out of the pool (docs/problems/GZ209.md)`,
    ]);
    assert.equal(found("none", "all-1g.5gb").length, 1);
  });

  it("is an error under single where its slices are unequal, or none", () => {
    assert.deepEqual(found("single", "{ 1g.5gb: 4, 3g.20gb: 1 }"), [
      `error GZ209 Pulumi.zone-x.yaml:3  nodePools.a.mig
    wanted equal MIG devices under gpu.mig.strategy single, got { 1g.5gb: 4, 3g.20gb: 1 }, of which the device plugin offers nothing
    fix: set gpu.mig.strategy: mixed, or cut the boards into slices of one profile (docs/problems/GZ209.md)`,
    ]);
    for (const mig of ["all-balanced", "all-enabled"]) assert.equal(found("single", mig).length, 1, mig);
  });

  it("is right under single with equal slices, by a standard name or not", () => {
    for (const mig of ["all-1g.5gb", "all-disabled", "{ 1g.5gb: 3 }"])
      assert.deepEqual(found("single", mig), [], mig);
  });

  it("is right under mixed, whatever it is, and under none where the boards stay whole", () => {
    for (const mig of ["all-balanced", "{ 1g.5gb: 4, 3g.20gb: 1 }"])
      assert.deepEqual(found("mixed", mig), [], mig);
    assert.deepEqual(found("none", "all-disabled"), []);
  });
});
