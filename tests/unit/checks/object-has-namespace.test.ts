import assert from "node:assert/strict";
import { objectHasNamespace } from "../../../plan/checks/object-has-namespace.ts";
import { findings, object } from "./objects.ts";

describe("an object of the plan", () => {
  it("without a namespace is an error at the line that puts its app on the zone", () => {
    assert.deepEqual(findings(objectHasNamespace, [object("Service", "pd")]), [
      `error GZ105 Pulumi.zone-x.yaml:2  pd/Service//pd
    wanted a namespace on Service pd, got none
    fix: take out the patch that removes metadata.namespace (docs/problems/GZ105.md)`,
    ]);
  });

  it("with one is right, and so is one of a kind that has none", () => {
    const objects = [
      object("Service", "pd", { namespace: "pd" }),
      object("Namespace", "pd"),
      object("ClusterRole", "pd", { apiVersion: "rbac.authorization.k8s.io/v1" }),
      object("RuntimeClass", "nvidia", { apiVersion: "node.k8s.io/v1" }),
    ];
    assert.deepEqual(findings(objectHasNamespace, objects), []);
  });

  it("of a kind that others define may be without: only its definition knows", () => {
    assert.deepEqual(
      findings(objectHasNamespace, [object("Gateway", "pd", { apiVersion: "example.com/v1" })]),
      [],
    );
  });
});
