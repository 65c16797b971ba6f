import assert from "node:assert/strict";
import { driverKnowsBoard } from "../../../plan/checks/driver-knows-board.ts";
import { driver, foundOf, verdict } from "./drivers.ts";

const found = (product: string, version: string, mig = ""): string[] =>
  foundOf(
    driverKnowsBoard,
    `product: ${product}, os: x${mig === "" ? "" : `, mig: ${mig}`}`,
    driver(version),
  );

/** Board, driver, MIG layout, and what is said of them. */
const CASES: [product: string, version: string, mig: string, verdict: string][] = [
  ["NVIDIA-B200", "570.133.20", "", ""],
  ["NVIDIA-B200", "570.124.06", "", "error GZ211"],
  ["NVIDIA-B200", "550.163.01", "", "error GZ211"],
  ["NVIDIA-GB200", "565.57.01", "", "error GZ211"],
  ["NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "570.172.08", "", ""],
  ["NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "570.172.08", "all-1g.24gb", "error GZ211"],
  ["NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition", "560.35.03", "", "error GZ211"],
  ["NVIDIA-B300-SXM6-AC", "575.57.08", "", "warning GZ211"],
  ["NVIDIA-B300-SXM6-AC", "580.65.06", "all-1g.34gb", "error GZ211"],
  ["NVIDIA-B300-SXM6-AC", "565.57.01", "", "error GZ211"],
  ["NVIDIA-GB300", "575.57.08", "", "warning GZ211"],
  ["NVIDIA-GB300", "580.178.04", "", ""],
  ["NVIDIA-H100-80GB-HBM3", "525.147.05", "", ""],
  ["NVIDIA-H100-80GB-HBM3", "520.61.05", "", "error GZ211"],
  ["NVIDIA-H200", "535.183.01", "", ""],
  ["NVIDIA-H200", "535.183.01", "all-1g.18gb", "error GZ211"],
  ["NVIDIA-A30", "450.80.02", "", "error GZ211"],
  ["NVIDIA-L40S", "515.105.01", "", "warning GZ211"],
  ["Tesla-T4", "595.91.07", "", ""],
  ["Tesla-T4", "418.40.04", "", ""],
  ["Tesla-V100-SXM2-16GB", "580.178.04", "", ""],
  ["Tesla-V100-SXM2-16GB", "595.91.07", "", "error GZ211"],
  ["Tesla-P40", "595.91.07", "", "warning GZ211"],
  ["NVIDIA-X1", "580.178.04", "", "warning GZ211"],
];

describe("a driver's branch beside a board", () => {
  for (const [product, version, mig, expected] of CASES) {
    const how = mig === "" ? "" : ` cut by ${mig}`;
    it(`${expected === "" ? "is right" : `gives ${expected}`}: ${version} on ${product}${how}`, () => {
      assert.equal(verdict(found(product, version, mig)), expected);
    });
  }

  it("says which driver the board wants", () => {
    assert.deepEqual(found("NVIDIA-B200", "550.163.01"), [
      `error GZ211 Pulumi.zone-x.yaml:2  nodePools.a.driver.version
    wanted driver 570.133.20 or newer for NVIDIA-B200, got 550.163.01
    fix: set driver.version to 570.133.20 or newer (docs/problems/GZ211.md)`,
    ]);
    assert.match(
      found("Tesla-V100-SXM2-16GB", "595.91.07")[0] ?? "",
      /branch 580 or older .*ignore the board/s,
    );
    assert.match(found("NVIDIA-A30", "450.80.02")[0] ?? "", /460\.73\.01 or newer/);
    assert.match(found("NVIDIA-GB300", "575.57.08")[0] ?? "", /\(that bound is unverified\)/);
  });

  it("points at the zone's driver where the zone has one and the pool has none of its own", () => {
    const gpu = "gpu: { mig: { strategy: mixed } }\n";
    const [problem = ""] = foundOf(
      driverKnowsBoard,
      "product: NVIDIA-B200, os: x",
      driver("550.163.01"),
      gpu,
    );
    assert.match(problem, /Pulumi\.zone-x\.yaml:3  gpu\.driver\.version\n/);
  });

  it("goes by the branch where no more is known, and says nothing where that is not known either", () => {
    const of = (used: ReturnType<typeof driver>): string =>
      verdict(foundOf(driverKnowsBoard, "product: NVIDIA-B200, os: x", used));
    assert.equal(of(driver("570", { mode: "precompiled" })), "");
    assert.equal(of(driver("550", { mode: "precompiled" })), "error GZ211");
    assert.equal(of(driver("", { branch: 550, mode: "preinstalled" })), "error GZ211");
    assert.equal(of(driver("", { branch: 0, mode: "preinstalled" })), "");
  });
});
