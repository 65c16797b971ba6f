import assert from "node:assert/strict";
import { driverHasImage } from "../../../plan/checks/driver-has-image.ts";
import { driver, foundOf, verdict } from "./drivers.ts";

const found = (os: string, mode: "container" | "precompiled" | "preinstalled" = "container"): string[] =>
  foundOf(driverHasImage, `product: Tesla-T4, os: ${os}`, driver("580.178.04", { mode }));

describe("the operating system of nodes with a driver container", () => {
  it("is right where NVIDIA builds images for it, RHEL in any minor version", () => {
    for (const os of ["ubuntu22.04", "ubuntu24.04", "ubuntu26.04", "rhel8", "rhel9.4", "rhel10.0"])
      assert.deepEqual(found(os), [], os);
  });

  it("is an error where it builds none", () => {
    assert.deepEqual(found("debian12"), [
      `error GZ213 Pulumi.zone-x.yaml:2  nodePools.a.os
    wanted an operating system that has driver images (ubuntu22.04, ubuntu24.04, ubuntu26.04, rhel8, rhel9, rhel10), got debian12
    fix: install the driver on the hosts and write driver: { mode: preinstalled } into the pool, or move its nodes (docs/problems/GZ213.md)`,
    ]);
    for (const os of ["talos1.12", "sles15.6", "ubuntu20.04", "rhel7.9", "flatcar"])
      assert.equal(verdict(found(os)), "error GZ213", os);
    assert.equal(verdict(found("debian12", "precompiled")), "error GZ213");
  });

  it("is a warning where nobody could verify it", () => {
    assert.match(
      found("rocky9.5")[0] ?? "",
      /^warning GZ213 .*got rocky9\.5, of which nobody could verify it/s,
    );
  });

  it("is looked at for each system of a pool whose nodes are being moved", () => {
    assert.equal(verdict(found("[ubuntu20.04, ubuntu22.04]")), "error GZ213");
  });

  it("does not matter where the driver is on the hosts", () => {
    assert.deepEqual(found("debian12", "preinstalled"), []);
  });
});
