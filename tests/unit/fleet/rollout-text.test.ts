import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { retiring, rolloutText, isUndone, wayOut } from "../../../fleet/rollout-text.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import type { Plan } from "../../../plan/plan.ts";
import { planned } from "../../../plan/planned-object.ts";
import { seenNode } from "../../../plan/rollout/seen.ts";
import { zoneOf } from "../sim/zone-builder.ts";

function driver(version: string, zone = "zone-1-dev"): KubernetesObject {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
      name: `nvidia-driver-${version}`,
      namespace: "gpu-operator",
      labels: { "gpu-zones.dev/zone": zone },
    },
    spec: {
      template: {
        metadata: { labels: { "app.kubernetes.io/component": "nvidia-driver" } },
        spec: { nodeSelector: { "gpu-zones.dev/driver": version } },
      },
    },
  };
}

describe("what a rollout says", () => {
  it("is which driver DaemonSets of the zone no node names any more", () => {
    const plan: Plan = {
      zone: zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } }),
      objects: [planned("driver", driver("580"))],
      findings: [],
      digest: "sha256:0",
    };
    const nodes = [seenNode({ metadata: { name: "n1", labels: { "gpu-zones.dev/driver": "575" } } })];
    const world = { nodes, pods: [], budgets: [], revisions: {} };
    const daemonSets = [driver("580"), driver("575"), driver("570"), driver("565", "another")];
    assert.deepEqual(retiring(plan, { world, daemonSets }), ["nvidia-driver-570"]);
  });

  it("is a node's state, what it owes, and what to do about it", () => {
    const failed = {
      node: "n1",
      pool: "t4",
      state: "failed" as const,
      owes: [{ part: "sharing" as const, from: "t4-old", to: null, why: "value" as const }],
      says: "not within 5 s",
    };
    assert.match(
      stripVTControlCharacters(rolloutText("zone-1-dev", [failed])),
      /^n1 +t4 +failed +sharing: t4-old -> none +not within 5 s$/m,
    );
    assert.match(wayOut("zone-1-dev", failed) ?? "", /stays cordoned.*\.\/zones rollout zone-1-dev again$/);
    assert.equal(isUndone(failed), true);
    assert.equal(isUndone({ ...failed, state: "skipped" }), false);
    assert.equal(rolloutText("zone-1-dev", []), "zone-1-dev: no node owes a change");
  });
});
