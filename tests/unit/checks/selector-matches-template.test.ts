import assert from "node:assert/strict";
import { selectorMatchesTemplate } from "../../../plan/checks/selector-matches-template.ts";
import { findings, object } from "./objects.ts";

function found(matchLabels: object | undefined, labels: object | undefined): string[] {
  const spec = {
    ...(matchLabels === undefined ? {} : { selector: { matchLabels } }),
    template: { metadata: labels === undefined ? undefined : { labels } },
  };
  return findings(selectorMatchesTemplate, [
    object("Deployment", "pd", { apiVersion: "apps/v1", namespace: "pd", spec }),
  ]);
}

describe("a workload's selector", () => {
  it("that its own pods do not match is an error that says what is missing and what is there", () => {
    assert.deepEqual(found({ app: "pd", tier: "web" }, { app: "pd", tier: "api" }), [
      `error GZ208 Pulumi.zone-x.yaml:2  pd/Deployment/pd/pd
    wanted pods with tier=web, got {"app":"pd","tier":"api"}
    fix: make spec.selector.matchLabels and the pod template's labels agree (docs/problems/GZ208.md)`,
    ]);
  });

  it("is not matched by pods without labels", () => {
    assert.match(found({ app: "pd" }, undefined).join(), /wanted pods with app=pd, got \{\}/);
  });

  it("is matched by pods that carry more", () => {
    assert.deepEqual(found({ app: "pd" }, { app: "pd", team: "a" }), []);
  });

  it("is nobody's business where there is none, as on a Job or a Service", () => {
    assert.deepEqual(found(undefined, { app: "pd" }), []);
    const service = object("Service", "pd", { namespace: "pd", spec: { selector: { app: "x" } } });
    assert.deepEqual(findings(selectorMatchesTemplate, [service]), []);
  });
});
