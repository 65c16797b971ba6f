import assert from "node:assert/strict";
import { operandObjects } from "../../../components/operands/operands.ts";
import type { NodePool, Zone } from "../../../plan/config/zone.ts";
import { standardLayoutNames } from "../../../plan/gpu/mig.ts";
import { productLabel, type MigStrategy } from "../../../plan/gpu/product-label.ts";
import { nodesOf } from "../../../sim/node-manifest.ts";
import { TestCluster } from "./test-cluster.ts";
import { zoneOf } from "./zone-builder.ts";

const PRODUCT = "nvidia.com/gpu.product";

function simulate(zone: Zone) {
  const manifest = nodesOf(zone, "1.37.2")[0];
  assert.ok(manifest);
  const { name, labels, annotations } = manifest.metadata;
  const objects = operandObjects(zone).flatMap((operand) => operand.objects);
  return new TestCluster(
    [
      {
        name,
        labels,
        annotations,
        resources: {},
        runtime: "containerd://2.1.0",
        unschedulable: false,
        ready: true,
        capacity: {},
      },
    ],
    objects,
  ).settle().node;
}

describe("a node under the objects that a zone really applies", () => {
  const cases: [NodePool, MigStrategy][] = [];
  for (const strategy of ["none", "single", "mixed"] as const) {
    for (const sharing of [undefined, { timeSlicing: 2 }]) {
      const pool = (product: string, mig?: string): NodePool => ({
        ...{ product, gpusPerNode: 2, os: "ubuntu22.04", nodes: ["n1"] },
        ...(mig !== undefined && { mig }),
        ...(sharing !== undefined && { sharing }),
      });
      cases.push([pool("Tesla-T4"), strategy], [pool("NVIDIA-A100-PCIE-40GB"), strategy]);
      for (const layout of standardLayoutNames("NVIDIA-A100-PCIE-40GB")) {
        // Under strategy single an unequal layout offers nothing that could be shared.
        const unequal = layout === "all-balanced" || layout === "all-enabled";
        if (strategy === "single" && unequal && sharing !== undefined) continue;
        cases.push([pool("NVIDIA-A100-PCIE-40GB", layout), strategy]);
      }
    }
  }

  for (const [pool, strategy] of cases) {
    const shared = pool.sharing === undefined ? "" : ", shared";
    it(`has the product label that is predicted: ${pool.product}, ${JSON.stringify(pool.mig ?? "whole")}, ${strategy}${shared}`, () => {
      const node = simulate(zoneOf({ pool }, { mig: { strategy } }));
      assert.equal(node.labels[PRODUCT], productLabel(pool, strategy));
    });
  }

  it("offers a whole, a shared and a cut GPU as the zone's pools say", () => {
    const gpu = { mig: { strategy: "mixed" as const } };
    const offered = (pool: Partial<NodePool> & Pick<NodePool, "product">) =>
      simulate(zoneOf({ pool: { nodes: ["n1"], os: "ubuntu22.04", ...pool } }, gpu)).resources;
    assert.deepEqual(offered({ product: "Tesla-T4" }), { "nvidia.com/gpu": "1" });
    assert.deepEqual(offered({ product: "Tesla-T4", sharing: { timeSlicing: 4 } }), {
      "nvidia.com/gpu": "4",
    });
    assert.deepEqual(offered({ product: "NVIDIA-A100-PCIE-40GB", mig: "all-1g.5gb" }), {
      "nvidia.com/gpu": "0",
      "nvidia.com/mig-1g.5gb": "7",
    });
  });
});
