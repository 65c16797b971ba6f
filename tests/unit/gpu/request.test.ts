import assert from "node:assert/strict";
import { resolveGpuRequests } from "../../../plan/gpu/request.ts";
import { zoneOf } from "../render/zone-text.ts";
import { A100, POOLS, resolve, T4, type Pool } from "./pools.ts";

const product = (label: string): { nodeSelector: Record<string, string> } => ({
  nodeSelector: { "nvidia.com/gpu.product": label },
});
const GPU = "nvidia.com/gpu";

/** What an app asks for, what the zone has, what the container gets: without a word. */
const SERVED: [title: string, strategy: string, pools: Pool[], gpu: string, target: object][] = [
  [
    "a slice of a layout of the pool's own under mixed",
    "mixed",
    ["a100Custom"],
    "{ mig: 3g.20gb }",
    { resource: "nvidia.com/mig-3g.20gb", count: 1 },
  ],
  [
    "a slice of a layout of equal slices under single",
    "single",
    ["a100CustomEqual"],
    "{ mig: 1g.5gb }",
    { resource: GPU, count: 1, ...product(`${A100}-MIG-1g.5gb`) },
  ],
  [
    "a board that the zone has whole",
    "mixed",
    ["a100", "t4"],
    `{ model: ${A100} }`,
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "several boards for one replica",
    "mixed",
    ["a100"],
    `{ model: ${A100}, count: 4 }`,
    { resource: GPU, count: 4, ...product(A100) },
  ],
  [
    "an unshared board where there is one, beside shared ones",
    "mixed",
    ["a100Shared", "a100"],
    `{ model: ${A100} }`,
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "an unshared board, though the app would share",
    "mixed",
    ["a100Shared", "a100"],
    `{ model: ${A100}, shared: true }`,
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "an unshared board for an app that refuses to share",
    "mixed",
    ["a100Shared", "a100"],
    `{ model: ${A100}, shared: false }`,
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "a shared board for an app that agreed",
    "mixed",
    ["t4Shared"],
    `{ model: ${T4}, shared: true }`,
    { resource: GPU, count: 1, ...product(`${T4}-SHARED`) },
  ],
  [
    "both kinds for an app that takes any",
    "mixed",
    ["a100", "a100Shared"],
    `{ model: ${A100}, shared: any }`,
    { resource: GPU, count: 1, productLabels: [A100, `${A100}-SHARED`] },
  ],
  [
    "the one kind that there is for an app that takes any",
    "mixed",
    ["t4Shared"],
    `{ model: ${T4}, shared: any }`,
    { resource: GPU, count: 1, ...product(`${T4}-SHARED`) },
  ],
  [
    "two pools of one board by one label",
    "mixed",
    ["a100", "a100Slices"],
    `{ model: ${A100} }`,
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "any GPU, where every one will do, by no label",
    "mixed",
    ["a100", "t4"],
    "{ count: 1 }",
    { resource: GPU, count: 1 },
  ],
  [
    "any GPU beside slices, which under mixed go by another resource",
    "mixed",
    ["a100Slices", "t4"],
    "{ count: 1 }",
    { resource: GPU, count: 1 },
  ],
  [
    "any GPU beside slices, which under single go by the same resource",
    "single",
    ["a100Slices", "t4"],
    "{ count: 1 }",
    { resource: GPU, count: 1, ...product(T4) },
  ],
  [
    "any GPU beside boards that strategy none leaves unusable",
    "none",
    ["a100Slices", "t4"],
    "{ count: 1 }",
    { resource: GPU, count: 1, ...product(T4) },
  ],
  [
    "any GPU of its own beside shared ones",
    "mixed",
    ["a100", "t4Shared"],
    "{ count: 1 }",
    { resource: GPU, count: 1, ...product(A100) },
  ],
  ["any GPU at all", "mixed", ["a100", "t4Shared"], "{ shared: any }", { resource: GPU, count: 1 }],
  [
    "a slice under mixed, by its resource",
    "mixed",
    ["a100Slices", "t4"],
    "{ mig: 1g.5gb }",
    { resource: "nvidia.com/mig-1g.5gb", count: 1 },
  ],
  [
    "a slice under single, by the label of its nodes",
    "single",
    ["a100Slices", "t4"],
    "{ mig: 1g.5gb }",
    { resource: GPU, count: 1, ...product(`${A100}-MIG-1g.5gb`) },
  ],
  [
    "a slice of its own under single, beside shared ones",
    "single",
    ["a100SharedSlices", "a100Slices"],
    "{ mig: 1g.5gb }",
    { resource: GPU, count: 1, ...product(`${A100}-MIG-1g.5gb`) },
  ],
  [
    "a slice of a balanced board under mixed",
    "mixed",
    ["a100Balanced"],
    "{ mig: 3g.20gb }",
    { resource: "nvidia.com/mig-3g.20gb", count: 1 },
  ],
  [
    "a slice of a balanced board that nobody knows",
    "mixed",
    ["unknown"],
    "{ mig: 1g.7gb }",
    { resource: "nvidia.com/mig-1g.7gb", count: 1 },
  ],
  [
    "a shared board that there is, rather than one of its own that is to come",
    "mixed",
    ["a100ToCome", "a100Shared"],
    `{ model: ${A100}, shared: true }`,
    { resource: GPU, count: 1, ...product(`${A100}-SHARED`) },
  ],
  [
    "a board that is to come where there is no other",
    "mixed",
    ["a100ToCome", "t4"],
    `{ model: ${A100} }`,
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "a board with the memory that it needs",
    "mixed",
    ["t4", "a100"],
    "{ memory: 20Gi }",
    { resource: GPU, count: 1, ...product(A100) },
  ],
  [
    "an equal part of a shared board that is large enough",
    "mixed",
    ["t4", "a100Shared"],
    "{ memory: 20Gi, shared: true }",
    { resource: GPU, count: 1, ...product(`${A100}-SHARED`) },
  ],
  [
    "any GPU where all are large enough",
    "mixed",
    ["t4", "a100"],
    "{ memory: 15Gi }",
    { resource: GPU, count: 1 },
  ],
  [
    "a label verbatim",
    "mixed",
    ["a100", "a100Shared"],
    `{ productLabel: ${A100}-SHARED }`,
    { resource: GPU, count: 1, ...product(`${A100}-SHARED`) },
  ],
  [
    "a label of slices verbatim",
    "single",
    ["a100Slices"],
    `{ productLabel: ${A100}-MIG-1g.5gb }`,
    { resource: GPU, count: 1, ...product(`${A100}-MIG-1g.5gb`) },
  ],
];

describe("a GPU request that the zone serves", () => {
  for (const [title, strategy, pools, gpu, target] of SERVED) {
    it(`gets ${title}`, () => {
      assert.deepEqual(resolve(strategy, pools, gpu), { targets: { pd: target }, problems: [] });
    });
  }

  it("under mixed needs no label of the product, however long that would be", () => {
    const { targets, problems } = resolve("mixed", ["long"], "{ mig: 1g.24gb }");
    assert.deepEqual([targets, problems], [{ pd: { resource: "nvidia.com/mig-1g.24gb", count: 1 } }, []]);
  });

  it("may name slices with media engines in NVIDIA's spelling or in that of resources", () => {
    const zone = (profile: string): ReturnType<typeof zoneOf> =>
      zoneOf(
        `gpu: { mig: { strategy: mixed } }\napps: { pd: { gpu: { mig: ${profile} } } }\nnodePools: { a: { product: ${A100}, gpusPerNode: 1, os: x, nodes: [n], mig: all-1g.5gb.me } }\n`,
      );
    const target = { pd: { resource: "nvidia.com/mig-1g.5gb.me", count: 1 } };
    for (const profile of ["1g.5gb+me", "1g.5gb.me"])
      assert.deepEqual(resolveGpuRequests(zone(profile)), { targets: target, problems: [] });
  });

  it("fits the memory that a hardware class says its board has, where the table does not know the board", () => {
    const ask = (memory: string): string[] =>
      resolveGpuRequests(
        zoneOf(
          `apps: { a: { gpu: { memory: ${memory} } } }\nhardware: { x: { product: NVIDIA-X1, gpusPerNode: 1, os: x, board: { memory: 64Gi } } }\nnodePools: { x: { hardware: x, nodes: [n] } }\n`,
        ),
      ).problems.map(({ severity, message }) => `${severity} ${message}`);
    assert.deepEqual(ask("64Gi"), []);
    assert.deepEqual(ask("65Gi"), [
      "error wanted 65Gi of GPU memory for each replica, got NVIDIA-X1 with 64Gi",
    ]);
  });

  it("is that of each app alone; an app without one keeps what its files ask for", () => {
    const { targets } = resolveGpuRequests(
      zoneOf(
        `apps: { a: { gpu: { model: ${T4} } }, b: {}, c: { gpu: { count: 1 } } }\nnodePools: { t4: { ${POOLS.t4}, gpusPerNode: 1, os: x, nodes: [n] } }\n`,
      ),
    );
    assert.deepEqual(Object.keys(targets), ["a", "c"]);
  });
});
