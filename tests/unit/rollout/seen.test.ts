import assert from "node:assert/strict";
import type { V1ControllerRevision, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { newestRevisions, seenBudget, seenPod } from "../../../plan/rollout/seen.ts";
import { readMark, writeMark, type Mark } from "../../../plan/rollout/mark.ts";
import { targetOf } from "../../../plan/rollout/target.ts";
import { poolTable } from "../../../components/operands/labeller.ts";
import { operandObjects } from "../../../components/operands/operands.ts";
import { planned } from "../../../plan/planned-object.ts";
import { zoneOf } from "../sim/zone-builder.ts";

describe("what a rollout sees of the cluster", () => {
  it("is that a pod holds a GPU, or a part of one, in whichever container", () => {
    const pod = (spec: Partial<V1Pod["spec"]>): boolean =>
      seenPod({ spec: { containers: [], ...spec } }).holdsGpu;
    const gpu = { name: "a", resources: { limits: { "nvidia.com/gpu": "1" } } };
    const slice = { name: "a", resources: { requests: { "nvidia.com/mig-1g.5gb": "1" } } };
    assert.equal(pod({ containers: [gpu] }), true);
    assert.equal(pod({ containers: [{ name: "b" }], initContainers: [slice] }), true);
    assert.equal(pod({ containers: [{ name: "b", resources: { limits: { cpu: "1" } } }] }), false);
  });

  it("is the newest revision of each DaemonSet of a namespace", () => {
    const revision = (owner: string, number: number, namespace = "gpu-operator"): V1ControllerRevision => ({
      metadata: {
        namespace,
        labels: { "controller-revision-hash": `${owner}-${number}` },
        ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: owner, uid: owner }],
      },
      revision: number,
    });
    const all = [revision("a", 2), revision("a", 10), revision("b", 1), revision("b", 7, "other")];
    assert.deepEqual(newestRevisions(all, "gpu-operator"), {
      a: { hash: "a-10", digest: undefined },
      b: { hash: "b-1", digest: undefined },
    });
  });

  it("is which driver a DaemonSet's pods load, and a pod of its", () => {
    const spec: V1PodSpec = {
      containers: [{ name: "ctr", env: [{ name: "DRIVER_CONFIG_DIGEST", value: "d1" }] }],
    };
    const revision: V1ControllerRevision = {
      metadata: {
        namespace: "gpu-operator",
        labels: { "controller-revision-hash": "h" },
        ownerReferences: [{ apiVersion: "apps/v1", kind: "DaemonSet", name: "a", uid: "a" }],
      },
      revision: 1,
      data: { spec: { template: { spec, $patch: "replace" } } },
    };
    assert.deepEqual(newestRevisions([revision], "gpu-operator"), { a: { hash: "h", digest: "d1" } });
    assert.equal(seenPod({ spec }).digest, "d1");
  });

  it("is which pods a disruption budget chooses", () => {
    const budget = seenBudget({
      metadata: { name: "x", namespace: "n" },
      spec: {
        selector: {
          matchLabels: { app: "a" },
          matchExpressions: [
            { key: "tier", operator: "In", values: ["web"] },
            { key: "old", operator: "DoesNotExist" },
          ],
        },
      },
      status: { disruptionsAllowed: 1 } as never,
    });
    assert.equal(budget.selects({ app: "a", tier: "web" }), true);
    assert.equal(budget.selects({ app: "a", tier: "db" }), false);
    assert.equal(budget.selects({ app: "a", tier: "web", old: "" }), false);
    assert.equal(seenBudget({ spec: {} }).selects({ app: "a" }), false);
    assert.equal(seenBudget({ spec: { selector: {} } }).selects({}), true);
  });

  it("is the mark of a rollout before it, and a mark that cannot be read is one all the same", () => {
    const mark: Mark = {
      what: ["driver", "mig"],
      initiallyUnschedulable: true,
      initiallyEnabled: false,
      started: "2026-11-25T08:00:00Z",
      changed: ["driver"],
      touched: true,
      again: true,
      freed: true,
    };
    assert.deepEqual(readMark({ "gpu-zones.dev/rollout": writeMark(mark) }), mark);
    assert.equal(readMark({}), undefined);
    for (const text of ["", "{", "null", '{"what": 1}'])
      assert.deepEqual(readMark({ "gpu-zones.dev/rollout": text })?.what, []);
  });
});

describe("what a plan wants of its nodes", () => {
  it("is read from the objects that it applies", () => {
    const zone = zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"], sharing: { timeSlicing: 4 } } });
    const objects = operandObjects(zone).flatMap(({ name, objects: all }) =>
      all.map((object) => planned(name, object)),
    );
    const table = poolTable(zone);
    const target = targetOf(table, objects);
    assert.deepEqual(target.sharing[table[0]?.devicePluginConfig ?? ""], { "nvidia.com/gpu": 4 });
    assert.deepEqual(target.operands["nvidia-device-plugin-daemonset"], {
      "nvidia.com/gpu.deploy.device-plugin": "true",
    });
  });
});
