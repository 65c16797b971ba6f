import assert from "node:assert/strict";
import type { NodePool } from "../../../plan/config/zone.ts";
import {
  isPartitioned,
  migStrategy,
  offersGpu,
  productLabel,
  profileName,
  profilesOf,
  sharingReplicas,
  uniformProfile,
  type MigStrategy,
} from "../../../plan/gpu/product-label.ts";

const A100 = "NVIDIA-A100-PCIE-40GB";

function pool(more: Partial<NodePool> = {}): NodePool {
  return { product: A100, gpusPerNode: 8, ...more };
}

const SHARED = { sharing: { timeSlicing: 4 } };

/** Layout and sharing of a pool, strategy, and the label that GPU Feature Discovery gives its nodes. */
const LABELS: [title: string, pool: NodePool, strategy: MigStrategy, label: string][] = [
  ["a whole board", pool(), "mixed", A100],
  ["a whole board under single", pool(), "single", A100],
  ["a shared board", pool(SHARED), "mixed", `${A100}-SHARED`],
  ["a shared board under none", pool(SHARED), "none", `${A100}-SHARED`],
  ["a board shared by MPS", pool({ sharing: { mps: 4 } }), "mixed", `${A100}-SHARED`],
  ["a board out of MIG mode", pool({ mig: "all-disabled" }), "single", A100],
  ["a shared board out of MIG mode", pool({ mig: "all-disabled", ...SHARED }), "single", `${A100}-SHARED`],
  ["equal slices under single", pool({ mig: "all-1g.5gb" }), "single", `${A100}-MIG-1g.5gb`],
  [
    "equal shared slices under single",
    pool({ mig: "all-1g.5gb", ...SHARED }),
    "single",
    `${A100}-MIG-1g.5gb-SHARED`,
  ],
  [
    "slices with media engines under single",
    pool({ mig: "all-1g.5gb.me" }),
    "single",
    `${A100}-MIG-1g.5gb.me`,
  ],
  ["unequal slices under single", pool({ mig: "all-balanced" }), "single", `${A100}-MIG-INVALID`],
  ["MIG mode without slices under single", pool({ mig: "all-enabled" }), "single", `${A100}-MIG-INVALID`],
  [
    "equal slices of a custom layout under single",
    pool({ mig: { "1g.5gb": 3 } }),
    "single",
    `${A100}-MIG-1g.5gb`,
  ],
  [
    "a custom layout of media slices under single",
    pool({ mig: { "1g.5gb+me": 1 } }),
    "single",
    `${A100}-MIG-1g.5gb.me`,
  ],
  [
    "unequal slices of a custom layout under single",
    pool({ mig: { "1g.5gb": 6, "1g.5gb+me": 1 } }),
    "single",
    `${A100}-MIG-INVALID`,
  ],
  ["a custom layout under mixed", pool({ mig: { "1g.5gb": 3 } }), "mixed", A100],
  ["slices under mixed", pool({ mig: "all-1g.5gb" }), "mixed", A100],
  ["shared slices under mixed", pool({ mig: "all-1g.5gb", ...SHARED }), "mixed", A100],
  ["slices under none", pool({ mig: "all-1g.5gb" }), "none", A100],
  ["another product", pool({ product: "Tesla-T4" }), "mixed", "Tesla-T4"],
];

describe("the product label that a pool's nodes will have", () => {
  for (const [title, each, strategy, label] of LABELS) {
    it(`is ${label} for ${title}`, () => {
      assert.equal(productLabel(each, strategy), label);
    });
  }
});

describe("a pool's boards", () => {
  it("are partitioned under every layout that turns MIG on", () => {
    assert.deepEqual(
      [undefined, "all-disabled", "all-enabled", "all-balanced", "all-1g.5gb"].map((mig) =>
        isPartitioned(mig === undefined ? {} : { mig }),
      ),
      [false, false, true, true, true],
    );
  });

  it("have one profile where all slices are equal", () => {
    assert.deepEqual(
      ["all-disabled", "all-enabled", "all-balanced", "all-1g.5gb", "all-1g.5gb.me"].map((mig) =>
        uniformProfile({ mig }),
      ),
      [undefined, undefined, undefined, "1g.5gb", "1g.5gb.me"],
    );
    assert.equal(uniformProfile({ mig: { "1g.5gb": 3 } }), "1g.5gb");
    assert.equal(uniformProfile({ mig: { "1g.5gb": 3, "2g.10gb": 1 } }), undefined);
    assert.equal(uniformProfile({}), undefined);
  });

  it("have the profiles of their layout, which for all-balanced depend on the board", () => {
    assert.deepEqual(profilesOf(pool()), []);
    assert.deepEqual(profilesOf(pool({ mig: "all-enabled" })), []);
    assert.deepEqual(profilesOf(pool({ mig: "all-3g.20gb" })), ["3g.20gb"]);
    assert.deepEqual(profilesOf(pool({ mig: "all-balanced" })), ["1g.5gb", "2g.10gb", "3g.20gb"]);
    assert.deepEqual(profilesOf(pool({ mig: "all-balanced", product: "NVIDIA-A30" })), ["1g.6gb", "2g.12gb"]);
    assert.equal(profilesOf(pool({ mig: "all-balanced", product: "NVIDIA-X1" })), undefined, "nobody knows");
    assert.deepEqual(profilesOf(pool({ mig: { "3g.20gb": 1, "1g.5gb+me": 1 } })), ["3g.20gb", "1g.5gb.me"]);
  });

  it("offer nvidia.com/gpu as wholes, or as equal slices under single", () => {
    const offers = (mig: string | undefined, strategy: MigStrategy): boolean =>
      offersGpu(mig === undefined ? {} : { mig }, strategy);
    assert.deepEqual(
      (["none", "single", "mixed"] as const).map((strategy) => [
        offers(undefined, strategy),
        offers("all-1g.5gb", strategy),
        offers("all-balanced", strategy),
      ]),
      [
        [true, false, false],
        [true, true, false],
        [true, false, false],
      ],
    );
  });

  it("serve one pod each unless the pool shares them", () => {
    assert.equal(sharingReplicas({}), 1);
    assert.equal(sharingReplicas({ sharing: { timeSlicing: 4 } }), 4);
    assert.equal(sharingReplicas({ sharing: { mps: 8 } }), 8);
  });
});

describe("names of MIG", () => {
  it("lose the plus sign, which no label takes", () => {
    assert.deepEqual(["1g.5gb", "1g.5gb+me", "1g.24gb+me.all", "1g.24gb-me"].map(profileName), [
      "1g.5gb",
      "1g.5gb.me",
      "1g.24gb.me.all",
      "1g.24gb-me",
    ]);
  });

  it("go by strategy single where nobody says otherwise, as upstream does", () => {
    assert.equal(migStrategy({}), "single");
    assert.equal(migStrategy({ mig: {} }), "single");
    assert.equal(migStrategy({ mig: { strategy: "none" } }), "none");
  });
});
