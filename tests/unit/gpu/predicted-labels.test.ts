import assert from "node:assert/strict";
import fc from "fast-check";
import { configEntries, poolEntry } from "../../../components/operands/device-plugin-config.ts";
import type { NodePool } from "../../../plan/config/zone.ts";
import { standardLayout, standardLayoutNames, migBoard } from "../../../plan/gpu/mig.ts";
import { places } from "../../../plan/gpu/places.ts";
import { predictedLabels } from "../../../plan/gpu/predicted-labels.ts";
import { productLabel, type MigStrategy } from "../../../plan/gpu/product-label.ts";
import { zoneOf } from "../sim/zone-builder.ts";
import { discover, type NvmlBoard } from "./feature-discovery-model.ts";

/** What nvidia-smi calls the board, and what the pools call it. */
const BOARDS: readonly [name: string, product: string][] = [
  ["Tesla T4", "Tesla-T4"],
  ["NVIDIA A100-PCIE-40GB", "NVIDIA-A100-PCIE-40GB"],
  ["NVIDIA A30", "NVIDIA-A30"],
  ["NVIDIA H100 80GB HBM3", "NVIDIA-H100-80GB-HBM3"],
  ["NVIDIA B300 SXM6 AC", "NVIDIA-B300-SXM6-AC"],
  ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"],
];

const ZONES = {
  none: zoneOf({}, { mig: { strategy: "none" } }),
  single: zoneOf({}, { mig: { strategy: "single" } }),
  mixed: zoneOf({}, { mig: { strategy: "mixed" } }),
} as const satisfies Record<MigStrategy, unknown>;

const sharing = fc.oneof(
  fc.constant(undefined),
  fc.record({ timeSlicing: fc.integer({ min: 2, max: 64 }) }),
  fc.record({ mps: fc.integer({ min: 2, max: 48 }) }),
);

/** Whole, by any standard name of the board, or by a layout that it holds. */
function layouts(product: string): fc.Arbitrary<NodePool["mig"]> {
  const board = migBoard(product);
  if (board === undefined) return fc.constant(undefined);
  const custom = fc
    .dictionary(
      fc.constantFrom(...board.profiles.map(({ profile }) => profile)),
      fc.integer({ min: 1, max: 7 }),
      { minKeys: 1, maxKeys: 3 },
    )
    .filter((layout) => places(board, layout) === "fits");
  return fc.oneof(fc.constant(undefined), fc.constantFrom(...standardLayoutNames(product)), custom);
}

const anyPool = fc.constantFrom(...BOARDS).chain(([name, product]) =>
  fc.record({
    name: fc.constant(name),
    strategy: fc.constantFrom<MigStrategy>("none", "single", "mixed"),
    pool: fc
      .record({
        gpusPerNode: fc.integer({ min: 1, max: 16 }),
        mig: layouts(product),
        sharing,
      })
      .map((more): NodePool => ({ product, ...more })),
  }),
);

/** The pool's boards as they are once the MIG manager has done what the pool says. */
function boardsOf(name: string, { product, mig, gpusPerNode }: NodePool): NvmlBoard[] {
  const layout = typeof mig === "string" ? (standardLayout(product, mig) ?? {}) : (mig ?? {});
  const migDevices = Object.entries(layout).flatMap(([profile, count]) => Array<string>(count).fill(profile));
  const migEnabled = mig !== undefined && mig !== "all-disabled";
  return Array.from({ length: gpusPerNode }, () => ({ name, migEnabled, migDevices }));
}

describe("the labels that are predicted for a pool's nodes", () => {
  it("are those that GPU Feature Discovery makes of its boards and the plan's own configuration", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyPool, ({ name, pool, strategy }) => {
        // MPS and MIG exclude each other: a pool of both is an error of its own.
        fc.pre(!(pool.sharing !== undefined && "mps" in pool.sharing && pool.mig !== undefined));
        const zone = { ...ZONES[strategy], nodePools: { pool } };
        const file = (poolEntry(zone, "pool", pool) ?? configEntries(zone)[0])?.content ?? "";
        const found = discover(boardsOf(name, pool), file);
        assert.deepEqual(predictedLabels(zone, pool), found);
        assert.equal(productLabel(pool, strategy), found["nvidia.com/gpu.product"]);
        seen.add(found["nvidia.com/gpu.product"]?.replace(/.*(-MIG.*?)?(-SHARED)?$/, "$1$2") ?? "");
        for (const key of Object.keys(found)) if (key.startsWith("nvidia.com/mig-")) seen.add("mixed");
        if (found["nvidia.com/mps.capable"] === "true") seen.add("mps");
      }),
      { numRuns: 500, seed: 26 },
    );
    assert.ok(seen.has("mixed") && seen.has("mps"), "the pools are of all kinds");
  });

  it("say MPS where a pool shares by it, and that its nodes can have the control daemon", () => {
    const pool: NodePool = { product: "Tesla-T4", gpusPerNode: 2, sharing: { mps: 8 } };
    assert.deepEqual(predictedLabels(ZONES.single, pool), {
      "nvidia.com/mig.strategy": "single",
      "nvidia.com/mps.capable": "true",
      "nvidia.com/gpu.product": "Tesla-T4-SHARED",
      "nvidia.com/gpu.count": "2",
      "nvidia.com/gpu.replicas": "8",
      "nvidia.com/gpu.sharing-strategy": "mps",
    });
  });

  it("are not known where the layout is not", () => {
    assert.equal(
      predictedLabels(ZONES.mixed, { product: "NVIDIA-X1", gpusPerNode: 1, mig: "all-balanced" }),
      undefined,
    );
  });
});
