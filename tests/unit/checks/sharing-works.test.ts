import assert from "node:assert/strict";
import { sharingWorks } from "../../../plan/checks/sharing-works.ts";
import { findings } from "./objects.ts";

function found(product: string, more: string): string[] {
  const pool = `{ product: ${product}, gpusPerNode: 1, os: ubuntu22.04, nodes: [n1], ${more} }`;
  return findings(sharingWorks, [], `nodePools:\n  a: ${pool}\n`);
}

describe("sharing of a pool's GPUs", () => {
  it("by MPS is an error on boards that are cut", () => {
    assert.deepEqual(found("NVIDIA-A30", "mig: all-1g.6gb, sharing: { mps: 2 }"), [
      `error GZ210 Pulumi.zone-x.yaml:2  nodePools.a.sharing.mps
    wanted whole boards under sharing by MPS, got a pool with mig: MPS does not share MIG devices
    fix: take mig out of the pool, or share the MIG devices: sharing: { timeSlicing: n } (docs/problems/GZ210.md)`,
    ]);
    assert.equal(found("NVIDIA-A30", "mig: { 1g.6gb: 2 }, sharing: { mps: 2 }").length, 1);
  });

  it("by MPS is right on whole boards, up to the clients that they take", () => {
    assert.deepEqual(found("Tesla-T4", "sharing: { mps: 48 }"), []);
    assert.deepEqual(found("NVIDIA-A30", "mig: all-disabled, sharing: { mps: 2 }"), []);
    assert.deepEqual(found("NVIDIA-X1", "sharing: { mps: 48 }"), [], "nobody knows");
    assert.deepEqual(found("Tesla-V100-SXM2-16GB", "sharing: { mps: 16 }"), []);
    assert.match(
      found("Tesla-V100-SXM2-16GB", "sharing: { mps: 17 }")[0] ?? "",
      /^error GZ210 .*wanted 16 pods/s,
    );
  });

  it("by MPS is a warning on boards that are older than Volta", () => {
    assert.match(found("Tesla-P40", "sharing: { mps: 2 }")[0] ?? "", /^warning GZ210 .*got Tesla-P40/s);
  });

  it("by time-slicing works on all of them", () => {
    for (const product of ["Tesla-P40", "Tesla-V100-SXM2-16GB", "NVIDIA-A30"])
      assert.deepEqual(found(product, "sharing: { timeSlicing: 64 }"), []);
    assert.deepEqual(found("NVIDIA-A30", "mig: all-1g.6gb, sharing: { timeSlicing: 2 }"), []);
  });
});
