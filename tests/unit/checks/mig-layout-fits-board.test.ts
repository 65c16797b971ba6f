import assert from "node:assert/strict";
import { migLayoutFitsBoard } from "../../../plan/checks/mig-layout-fits-board.ts";
import { standardLayoutNames } from "../../../plan/gpu/mig.ts";
import { findings } from "./objects.ts";

function found(product: string, mig: string): string[] {
  const pool = `product: ${product}\n    gpusPerNode: 8\n    os: ubuntu22.04\n    nodes: [n1]\n    mig: ${mig}`;
  return findings(migLayoutFitsBoard, [], `nodePools:\n  a100:\n    ${pool}\n`);
}

describe("a MIG layout on a board", () => {
  it("of another size is an error that says what the same slices are called here", () => {
    assert.deepEqual(found("NVIDIA-A100-PCIE-40GB", "all-3g.40gb"), [
      `error GZ202 Pulumi.zone-x.yaml:7  nodePools.a100.mig
    wanted a MIG layout that NVIDIA-A100-PCIE-40GB has, got all-3g.40gb
    fix: here that is all-3g.20gb; the board has: all-disabled, all-enabled, all-balanced, all-1g.5gb, all-1g.5gb.me, all-1g.10gb, all-2g.10gb, all-3g.20gb, all-4g.20gb, all-7g.40gb (docs/problems/GZ202.md)`,
    ]);
  });

  it("is right on the board that has it", () => {
    assert.deepEqual(found("NVIDIA-A100-SXM4-80GB", "all-3g.40gb"), []);
  });

  for (const product of ["NVIDIA-A100-PCIE-40GB", "NVIDIA-A30", "NVIDIA-H100-80GB-HBM3"]) {
    it(`is right with every standard name of ${product}`, () => {
      assert.ok(standardLayoutNames(product).length > 3);
      for (const name of standardLayoutNames(product)) assert.deepEqual(found(product, name), [], name);
    });
  }

  it("of slices that no board has is an error without a likely meaning", () => {
    const [problem = ""] = found("NVIDIA-A100-PCIE-40GB", "all-5g.25gb");
    assert.match(problem, /^error GZ202 .*got all-5g\.25gb\n    fix: the board has: all-disabled, /s);
  });

  it("is a warning on a board that nobody could verify", () => {
    const [problem = ""] = found("NVIDIA-RTX-PRO-4500-Blackwell", "all-3g.20gb");
    assert.match(problem, /^warning GZ202 .*got all-3g\.20gb \(this board's table is unverified\)\n/s);
  });

  it("is a warning on a board that is not in the table, which may well have it", () => {
    assert.deepEqual(found("NVIDIA-X1", "all-1g.7gb"), [
      `warning GZ202 Pulumi.zone-x.yaml:7  nodePools.a100.mig
    wanted a board whose MIG layouts are known, got NVIDIA-X1: all-1g.7gb is not checked
    fix: check the layout against nvidia-smi mig -lgip on such a node (docs/problems/GZ202.md)`,
    ]);
  });

  it("is an error on a board that is known to have no MIG", () => {
    assert.deepEqual(found("Tesla-T4", "all-1g.5gb"), [
      `error GZ202 Pulumi.zone-x.yaml:7  nodePools.a100.mig
    wanted a board that can be cut into MIG devices, got Tesla-T4, which has no MIG
    fix: take mig out of the pool; sharing: { timeSlicing: n } lets pods share the board (docs/problems/GZ202.md)`,
    ]);
  });

  it("is a warning on a board whose name alone speaks against it", () => {
    assert.match(found("Tesla-P40", "all-1g.5gb")[0] ?? "", /^warning GZ202 /);
  });

  it("that turns MIG off fits every board", () => {
    assert.deepEqual(found("Tesla-T4", "all-disabled"), []);
  });
});
