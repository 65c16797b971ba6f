import assert from "node:assert/strict";
import { driverBootsSecurely } from "../../../plan/checks/driver-boots-securely.ts";
import type { PoolDriver } from "../../../plan/gpu/driver.ts";
import { driver, foundOf, verdict } from "./drivers.ts";

function found(secureBoot: string, mode: PoolDriver["mode"], os = "ubuntu22.04"): string[] {
  const pool = `product: Tesla-T4, os: ${os}${secureBoot === "" ? "" : `, secureBoot: ${secureBoot}`}`;
  return foundOf(driverBootsSecurely, pool, driver("580.178.04", { mode }));
}

describe("Secure Boot", () => {
  it("is an error with a driver container, whose modules have no signature", () => {
    assert.deepEqual(found("true", "container"), [
      `error GZ214 Pulumi.zone-x.yaml:2  nodePools.a.secureBoot
    wanted signed kernel modules under Secure Boot, got a driver container, which builds unsigned ones
    fix: write driver: { mode: precompiled } or { mode: preinstalled } into the pool, or turn Secure Boot off on its nodes (docs/problems/GZ214.md)`,
    ]);
  });

  it("is right with Canonical's signed modules and with a driver on the hosts", () => {
    assert.deepEqual(found("true", "precompiled"), []);
    assert.deepEqual(found("true", "preinstalled"), []);
  });

  it("is a warning with precompiled modules of which nobody could verify the signature", () => {
    assert.equal(verdict(found("true", "precompiled", "rhel9.4")), "warning GZ214");
  });

  it("is not thought of where it is off, or nobody says", () => {
    assert.deepEqual(found("false", "container"), []);
    assert.deepEqual(found("", "container"), []);
  });
});
