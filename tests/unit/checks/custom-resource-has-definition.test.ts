import assert from "node:assert/strict";
import { customResourceHasDefinition } from "../../../plan/checks/custom-resource-has-definition.ts";
import { findings, object } from "./objects.ts";

const MONITOR = object("ServiceMonitor", "pd", { apiVersion: "monitoring.coreos.com/v1", namespace: "pd" });
const ROUTE = object("VirtualService", "pd", { apiVersion: "networking.istio.io/v1", namespace: "pd" });

function found(objects: Parameters<typeof findings>[1], capabilities = "{}"): string[] {
  return findings(customResourceHasDefinition, objects, `apps:\n  pd: {}\ncapabilities: ${capabilities}\n`);
}

describe("an object of a kind that others define", () => {
  it("is an error where the zone does not know the kind", () => {
    assert.deepEqual(found([MONITOR]), [
      `error GZ207 Pulumi.zone-x.yaml:2  pd/ServiceMonitor.monitoring.coreos.com/pd/pd
    wanted a kind that the zone knows, got ServiceMonitor.monitoring.coreos.com
    fix: list it in the zone's capabilities.crds when the cluster has it, or ship its CustomResourceDefinition (docs/problems/GZ207.md)`,
    ]);
  });

  it("is right where the zone says that the cluster has the kind", () => {
    assert.deepEqual(found([MONITOR], "{ crds: [ServiceMonitor.monitoring.coreos.com] }"), []);
    assert.equal(found([MONITOR], "{ crds: [PodMonitor.monitoring.coreos.com] }").length, 1);
  });

  it("is right where the plan ships the definition, before or after it", () => {
    const definition = object("CustomResourceDefinition", "servicemonitors.monitoring.coreos.com", {
      apiVersion: "apiextensions.k8s.io/v1",
      spec: { group: "monitoring.coreos.com", names: { kind: "ServiceMonitor" } },
    });
    assert.deepEqual(found([MONITOR, definition]), []);
    assert.deepEqual(found([definition, MONITOR]), []);
  });

  it("is right for all of Istio's kinds on a zone with Istio, and for no others", () => {
    assert.equal(found([ROUTE]).length, 1);
    assert.deepEqual(found([ROUTE], "{ istio: true }"), []);
    assert.equal(found([ROUTE], "{ istio: false }").length, 1);
    assert.equal(found([MONITOR], "{ istio: true }").length, 1);
  });

  it("is right for a ServiceMonitor and a PrometheusRule on a zone with monitoring", () => {
    const rule = object("PrometheusRule", "pd", { apiVersion: "monitoring.coreos.com/v1", namespace: "pd" });
    assert.deepEqual(found([MONITOR, rule], "{ monitoring: true }"), []);
    assert.equal(found([MONITOR, rule], "{ monitoring: false }").length, 2);
    assert.equal(found([ROUTE], "{ monitoring: true }").length, 1);
  });

  it("is right for Node Feature Discovery's rules where the cluster has it already", () => {
    const rule = object("NodeFeatureRule", "r", { apiVersion: "nfd.k8s-sigs.io/v1alpha1" });
    const text = (mode: string): string[] =>
      findings(customResourceHasDefinition, [rule], `apps:\n  pd: {}\ngpu: { nfd: { mode: ${mode} } }\n`);
    assert.deepEqual(text("existing"), []);
    assert.equal(text("managed").length, 1, "then the plan ships the definition");
  });

  it("is none of Kubernetes' own", () => {
    const own = [
      object("Service", "a", { namespace: "b" }),
      object("Role", "a", { apiVersion: "rbac.authorization.k8s.io/v1", namespace: "b" }),
    ];
    assert.deepEqual(found(own), []);
  });
});
