import assert from "node:assert/strict";
import { poolTable } from "../../../components/operands/labeller.ts";
import { operandObjects } from "../../../components/operands/operands.ts";
import { lacking } from "../../../fleet/rollout-targets.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import type { Plan } from "../../../plan/plan.ts";
import { planned } from "../../../plan/planned-object.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const ZONE = zoneOf(
  {
    a100: {
      product: "NVIDIA-A100-SXM4-40GB",
      os: "ubuntu22.04",
      nodes: ["n1"],
      mig: { "3g.20gb": 2 },
    },
    t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n2"], sharing: { timeSlicing: 2 } },
  },
  { mig: { strategy: "mixed" } },
);
const OBJECTS = operandObjects(ZONE).flatMap(({ name, objects }) =>
  objects.map((object) => planned(name, object)),
);
const PLAN: Plan = { zone: ZONE, objects: OBJECTS, findings: [], digest: "sha256:0" };
const LIVE = OBJECTS.map(({ object }) => object);

describe("what the labels of a rollout would name", () => {
  it("is all there after an update that came to its end", () => {
    assert.deepEqual(lacking(PLAN, LIVE), []);
  });

  it("is missed by its name after an update that died halfway", () => {
    const emptied = (object: KubernetesObject): KubernetesObject[] => {
      if (object.kind === "DaemonSet") return [];
      return /device-plugin-config|mig-parted/.test(object.metadata.name)
        ? [{ ...object, data: {} }]
        : [object];
    };
    const [a100, t4] = poolTable(ZONE);
    const missed = lacking(PLAN, LIVE.flatMap(emptied));
    assert.equal(missed.length, 3, missed.join());
    assert.match(missed[0] ?? "", /^no DaemonSet nvidia-driver-.*-ubuntu22.04$/);
    assert.equal(
      missed[1],
      `no entry ${t4?.devicePluginConfig ?? ""} in the ConfigMap nvidia-device-plugin-config`,
    );
    assert.equal(missed[2], `no layout ${a100?.migConfig ?? ""} in the ConfigMap custom-mig-parted-config`);
  });

  it("is no standard layout: those are the MIG manager's own", () => {
    const standard = zoneOf({
      a100: { product: "NVIDIA-A100-SXM4-40GB", os: "ubuntu22.04", nodes: ["n1"], mig: "all-1g.5gb" },
    });
    const objects = operandObjects(standard).flatMap(({ name, objects: all }) =>
      all.map((object) => planned(name, object)),
    );
    const live = objects.map(({ object }) => object);
    assert.deepEqual(lacking({ ...PLAN, zone: standard, objects }, live), []);
  });
});
