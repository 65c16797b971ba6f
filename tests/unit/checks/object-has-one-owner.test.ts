import assert from "node:assert/strict";
import { objectHasOneOwner } from "../../../plan/checks/object-has-one-owner.ts";
import { findings, object } from "./objects.ts";

const RUNTIME = { apiVersion: "node.k8s.io/v1" };

describe("an object that two owners declare", () => {
  it("is an error that names both, at the line of the second", () => {
    const objects = [
      object("RuntimeClass", "nvidia", { ...RUNTIME, owner: "runtime-classes" }),
      object("RuntimeClass", "nvidia", RUNTIME),
    ];
    assert.deepEqual(findings(objectHasOneOwner, objects), [
      `error GZ106 Pulumi.zone-x.yaml:2  pd/RuntimeClass//nvidia
    wanted one owner of RuntimeClass//nvidia, got runtime-classes and pd
    fix: give one of the two another namespace or name (docs/problems/GZ106.md)`,
    ]);
  });

  it("is told once for each further owner", () => {
    const objects = ["a", "b", "c"].map((owner) => object("ConfigMap", "x", { namespace: "n", owner }));
    assert.deepEqual(
      findings(objectHasOneOwner, objects).map((text) => /got .*/.exec(text)?.[0]),
      ["got a and b", "got a and c"],
    );
  });

  it("is the same whatever the version of its API, and another in another namespace, kind, group or name", () => {
    const one = object("Widget", "x", { apiVersion: "example.com/v1", namespace: "n" });
    const others = [
      object("Widget", "x", { apiVersion: "example.com/v1", namespace: "m" }),
      object("Widget", "x", { apiVersion: "example.org/v1", namespace: "n" }),
      object("Gadget", "x", { apiVersion: "example.com/v1", namespace: "n" }),
      object("Widget", "y", { apiVersion: "example.com/v1", namespace: "n" }),
    ];
    assert.deepEqual(findings(objectHasOneOwner, [one, ...others]), []);
    const newer = object("Widget", "x", { apiVersion: "example.com/v2", namespace: "n", owner: "td" });
    assert.equal(findings(objectHasOneOwner, [one, newer]).length, 1);
  });
});
