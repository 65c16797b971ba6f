import assert from "node:assert/strict";
import { architectureOf, isAsOldAs } from "../../../plan/gpu/architecture.ts";
import { driverLimits, isOlder } from "../../../plan/gpu/driver-limits.ts";
import { MIG_BOARDS } from "../../../plan/gpu/mig-boards.ts";

describe("a board's generation", () => {
  it("is known of every board that can be cut, and so are its drivers", () => {
    for (const product of MIG_BOARDS.flatMap(({ products }) => products)) {
      assert.ok(["ampere", "hopper", "blackwell"].includes(architectureOf(product) ?? ""), product);
      assert.ok(driverLimits(product, true)?.oldest.length, product);
    }
  });

  it("orders boards by age; of a board that nobody knows nothing is said", () => {
    assert.equal(isAsOldAs("Tesla-P40", "volta"), true);
    assert.equal(isAsOldAs("Tesla-V100-SXM2-16GB", "volta"), true);
    assert.equal(isAsOldAs("Tesla-T4", "volta"), false);
    assert.equal(isAsOldAs("NVIDIA-X1", "blackwell"), false);
    assert.equal(driverLimits("NVIDIA-X1", false), undefined);
  });
});

describe("driver versions", () => {
  it("are compared part by part, as numbers; a branch alone is as new as its newest", () => {
    const older: [version: string, than: string, is: boolean][] = [
      ["570.133.20", "570.133.20", false],
      ["570.133.7", "570.133.20", true],
      ["570.86.15", "570.133.20", true],
      ["575.51.03", "570.133.20", false],
      ["570", "570.133.20", false],
      ["565", "570.133.20", true],
      ["570.133.20", "570", false],
    ];
    for (const [version, than, is] of older) assert.equal(isOlder(version, than), is, `${version} ${than}`);
  });
});
