import assert from "node:assert/strict";
import { kernelModulesDriveBoard } from "../../../plan/checks/kernel-modules-drive-board.ts";
import type { PoolDriver } from "../../../plan/gpu/driver.ts";
import { driver, foundOf, verdict } from "./drivers.ts";

const found = (product: string, used: PoolDriver): string[] =>
  foundOf(kernelModulesDriveBoard, `product: ${product}, os: x`, used);

function of(product: string, type: PoolDriver["kernelModuleType"], version = "580.178.04"): string {
  return verdict(found(product, driver(version, { kernelModuleType: type })));
}

describe("kernel modules beside a board", () => {
  it("are not open for Volta and older", () => {
    assert.equal(of("Tesla-V100-SXM2-16GB", "open"), "error GZ212");
    assert.equal(of("Tesla-P40", "open"), "warning GZ212", "no label of such a node was read");
    for (const type of ["auto", "proprietary"] as const) assert.equal(of("Tesla-V100-SXM2-16GB", type), "");
  });

  it("are open for Grace Hopper and Blackwell", () => {
    for (const product of ["NVIDIA-B200", "NVIDIA-GB300", "NVIDIA-GH200-480GB"]) {
      assert.equal(of(product, "proprietary"), "error GZ212", product);
      for (const type of ["auto", "open"] as const) assert.equal(of(product, type), "", product);
    }
  });

  it("are either for the boards between, and for those that nobody knows", () => {
    for (const product of ["Tesla-T4", "NVIDIA-A30", "NVIDIA-L4", "NVIDIA-H100-80GB-HBM3", "NVIDIA-X1"])
      for (const type of ["auto", "open", "proprietary"] as const)
        assert.equal(of(product, type), "", product);
  });

  it("are proprietary under auto with a driver that takes those", () => {
    assert.deepEqual(found("NVIDIA-GH200-480GB", driver("550.163.01")), [
      `error GZ212 Pulumi.zone-x.yaml:2  nodePools.a.driver.kernelModuleType
    wanted open kernel modules for NVIDIA-GH200-480GB, got auto, which is proprietary for 550.163.01
    fix: write kernelModuleType: open, or take a newer driver (docs/problems/GZ212.md)`,
    ]);
    assert.equal(of("Tesla-V100-SXM2-16GB", "auto", "550.163.01"), "");
  });

  it("are the host's business where the driver is preinstalled", () => {
    const used = driver("580.178.04", { mode: "preinstalled", kernelModuleType: "open" });
    assert.deepEqual(found("Tesla-V100-SXM2-16GB", used), []);
  });
});
