import assert from "node:assert/strict";
import { driverHasPackageMirror } from "../../../plan/checks/driver-has-package-mirror.ts";
import { driver } from "./drivers.ts";
import { findings } from "./objects.ts";

const POOLS =
  "nodePools:\n  a: { product: Tesla-T4, gpusPerNode: 1, os: x, nodes: [n1] }\n  b: { product: Tesla-T4, gpusPerNode: 1, os: x, nodes: [n2] }\n";

describe("a driver container", () => {
  it("without a package mirror is a warning, once for the zone", () => {
    const check = driverHasPackageMirror(
      () => driver("580.178.04"),
      () => false,
    );
    assert.deepEqual(findings(check, [], POOLS), [
      `warning GZ215 Pulumi.zone-x.yaml  gpu.driver.repoConfig
    wanted a package mirror for the driver container, got none for pools a, b: their GPUs need the internet at every boot
    fix: name a ConfigMap with the mirror's sources in gpu.driver.repoConfig, take mode: precompiled or preinstalled, or agree with repoConfig: null (docs/problems/GZ215.md)`,
    ]);
  });

  it("with one is right, and so is any other driver", () => {
    const mirrored = driverHasPackageMirror(
      () => driver("580.178.04"),
      () => true,
    );
    assert.deepEqual(findings(mirrored, [], POOLS), []);
    for (const mode of ["precompiled", "preinstalled"] as const) {
      const check = driverHasPackageMirror(
        () => driver("580.178.04", { mode }),
        () => false,
      );
      assert.deepEqual(findings(check, [], POOLS), [], mode);
    }
  });

  it("without one is named by its pool where others have one", () => {
    const check = driverHasPackageMirror(
      () => driver("580.178.04"),
      (zone, pool) => pool !== zone.nodePools["b"],
    );
    assert.match(findings(check, [], POOLS)[0] ?? "", /got none for pool b:/);
  });
});
