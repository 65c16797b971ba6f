import assert from "node:assert/strict";
import { enablesMig, migBoard, standardLayout, standardLayoutNames } from "../../../plan/gpu/mig.ts";

const A100 = "NVIDIA-A100-PCIE-40GB";

describe("standard MIG layouts", () => {
  const layouts: [string, string, Record<string, number> | undefined][] = [
    [A100, "all-1g.5gb", { "1g.5gb": 7 }],
    [A100, "all-1g.10gb", { "1g.10gb": 4 }],
    ["NVIDIA-A100-SXM4-80GB", "all-1g.10gb", { "1g.10gb": 7 }],
    [A100, "all-3g.20gb", { "3g.20gb": 2 }],
    [A100, "all-3g.40gb", undefined],
    [A100, "all-1g.5gb.me", { "1g.5gb+me": 1 }],
    [A100, "all-balanced", { "1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1 }],
    ["NVIDIA-A30", "all-balanced", { "1g.6gb": 2, "2g.12gb": 1 }],
    [A100, "all-disabled", {}],
    [A100, "all-enabled", {}],
    [A100, "all-9g.99gb", undefined],
    ["NVIDIA-H200", "all-1g.35gb", { "1g.35gb": 4 }],
    ["NVIDIA-GB300", "all-1g.35gb", { "1g.35gb": 7 }],
    ["Tesla-T4", "all-1g.5gb", undefined],
  ];
  for (const [product, name, layout] of layouts) {
    it(`cut ${product} by ${name} into ${layout === undefined ? "nothing that exists" : JSON.stringify(layout)}`, () => {
      assert.deepEqual(standardLayout(product, name), layout);
    });
  }

  it("are all listed by name, and every listed name is a layout", () => {
    const names = standardLayoutNames(A100);
    assert.deepEqual(names.slice(0, 4), ["all-disabled", "all-enabled", "all-balanced", "all-1g.5gb"]);
    assert.deepEqual(
      names.filter((name) => standardLayout(A100, name) === undefined),
      [],
    );
  });

  it("put every board into MIG mode but all-disabled", () => {
    assert.deepEqual(["all-disabled", "all-enabled", "all-1g.5gb"].map(enablesMig), [false, true, true]);
  });

  it("say which boards nobody has verified", () => {
    assert.equal(migBoard(A100)?.verified, true);
    assert.equal(migBoard("NVIDIA-RTX-PRO-4500-Blackwell")?.verified, false);
  });

  it("never hold more slices than a board has", () => {
    for (const product of [A100, "NVIDIA-A30", "NVIDIA-H100-NVL", "NVIDIA-B200"]) {
      const board = migBoard(product);
      assert.ok(board);
      const memorySlices = board.maxInstances === 7 ? 8 : board.maxInstances;
      for (const name of standardLayoutNames(product)) {
        const entries = Object.entries(standardLayout(product, name) ?? {});
        const used = (key: "slices" | "memorySlices") =>
          entries.reduce(
            (sum, [profile, count]) =>
              sum + count * (board.profiles.find((each) => each.profile === profile)?.[key] ?? NaN),
            0,
          );
        assert.ok(used("slices") <= board.maxInstances, `${product} ${name}`);
        assert.ok(used("memorySlices") <= memorySlices, `${product} ${name}`);
      }
    }
  });
});
