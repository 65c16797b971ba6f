import assert from "node:assert/strict";
import { migLayoutFitsBoard } from "../../../plan/checks/mig-layout-fits-board.ts";
import { standardLayoutNames } from "../../../plan/gpu/mig.ts";
import { findings } from "./objects.ts";

function found(product: string, mig: string, more = ""): string[] {
  const pool = `product: ${product}\n    gpusPerNode: 8\n    os: ubuntu22.04\n    nodes: [n1]\n    mig: ${mig}\n${more}`;
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

  it("of its own is right where it has a place for every slice", () => {
    assert.deepEqual(found("NVIDIA-A100-PCIE-40GB", "{ 1g.5gb: 4, 3g.20gb: 1 }"), []);
  });

  it("of its own that has no room is an error with the nearest layouts that do", () => {
    assert.deepEqual(found("NVIDIA-A100-PCIE-40GB", "{ 1g.5gb: 1, 3g.20gb: 2 }"), [
      `error GZ202 Pulumi.zone-x.yaml:7  nodePools.a100.mig
    wanted a MIG layout that fits NVIDIA-A100-PCIE-40GB, got { 1g.5gb: 1, 3g.20gb: 2 }
    fix: layouts that fit: { 3g.20gb: 2 }, { 1g.5gb: 2, 1g.10gb: 1, 3g.20gb: 1 }, { 1g.5gb: 4, 3g.20gb: 1 }, { 1g.5gb: 2, 2g.10gb: 1, 3g.20gb: 1 }, { 1g.10gb: 2, 3g.20gb: 1 } (docs/problems/GZ202.md)`,
    ]);
  });

  it("of its own with the profiles of another board says what they are called here", () => {
    const [problem = ""] = found("NVIDIA-A100-PCIE-40GB", "{ 1g.10gb: 2, 3g.40gb: 1 }");
    assert.match(
      problem,
      /^error GZ202 .*got { 1g\.10gb: 2, 3g\.40gb: 1 }: the board has no 3g\.40gb\n    fix: here that is { 1g\.10gb: 2, 3g\.20gb: 1 }; layouts that fit: {/s,
    );
  });

  it("of its own that nobody can decide is a warning", () => {
    const inferred = found("NVIDIA-GB300", "{ 1g.35gb: 1, 3g.139gb: 2 }");
    assert.match(inferred[0] ?? "", /^warning GZ202 .*known to fit NVIDIA-GB300, got .*-lgipp.*that fit: {/s);
    const unverified = found("NVIDIA-RTX-PRO-5000-Blackwell", "{ 9g.99gb: 1 }");
    assert.match(unverified[0] ?? "", /^warning GZ202 .* \(this board's table is unverified\)\n/s);
    assert.match(
      found("NVIDIA-X1", "{ 1g.7gb: 1 }")[0] ?? "",
      /^warning GZ202 .*{ 1g\.7gb: 1 } is not checked/s,
    );
  });

  it("goes by what the pool says of a board that is not in the table, and is no more than a warning", () => {
    const board = "    board: { memory: 64Gi, migProfiles: { 1g.8gb: 7, 3g.32gb: 2 } }\n";
    assert.deepEqual(found("NVIDIA-X1", "all-1g.8gb", board), []);
    assert.deepEqual(found("NVIDIA-X1", "{ 3g.32gb: 2 }", board), []);
    assert.match(found("NVIDIA-X1", "all-1g.9gb", board)[0] ?? "", /^warning GZ202 .*has: .*all-1g\.8gb/s);
    assert.match(found("NVIDIA-X1", "{ 3g.32gb: 3 }", board)[0] ?? "", /^warning GZ202 /);
  });

  it("does not go by what the pool says of a board that is in the table, and says so", () => {
    assert.deepEqual(found("NVIDIA-A30", "all-1g.6gb", "    board: { migProfiles: { 1g.7gb: 7 } }\n"), [
      `warning GZ202 Pulumi.zone-x.yaml:8  nodePools.a100.board
    wanted board: for a board that gpu-zones does not know, got NVIDIA-A30: board: is not read
    fix: take board: out of the hardware class (docs/problems/GZ202.md)`,
    ]);
  });

  it("by a standard name is not found on an unknown board where the zone has a layout of its own", () => {
    const other = "  b: { product: NVIDIA-A30, gpusPerNode: 1, os: x, nodes: [n2], mig: { 1g.6gb: 2 } }\n";
    assert.match(found("NVIDIA-X1", "all-1g.7gb", other)[0] ?? "", /the nodes will not find all-1g\.7gb\n/);
  });
});
