import assert from "node:assert/strict";
import { formatProblem } from "../../../plan/config/problem.ts";
import { resolveGpuRequests } from "../../../plan/gpu/request.ts";
import { zoneOf } from "../render/zone-text.ts";
import { LONG, POOLS, resolve, T4, A100, type Pool } from "./pools.ts";

/** Requests that somebody must be told of; those that are served all the same have a target. */
const TOLD: [
  title: string,
  strategy: string,
  pools: Pool[],
  gpu: string,
  problems: string[],
  served: boolean,
][] = [
  [
    "shares every board of the zone without having asked",
    "mixed",
    ["t4Shared"],
    `{ model: ${T4} }`,
    [
      `warning GZ203 Pulumi.zone-x.yaml:2  apps.pd.gpu
    the app shares its GPU: every Tesla-T4 of the zone is shared
    fix: write shared: true into the app's gpu to agree, shared: false to refuse (docs/problems/GZ203.md)`,
    ],
    true,
  ],
  [
    "shares whatever GPU there is without having asked",
    "mixed",
    ["t4Shared", "a100Shared"],
    "{ count: 1 }",
    [
      `warning GZ203 Pulumi.zone-x.yaml:2  apps.pd.gpu
    the app shares its GPU: every GPU of the zone is shared
    fix: write shared: true into the app's gpu to agree, shared: false to refuse (docs/problems/GZ203.md)`,
    ],
    true,
  ],
  [
    "refuses to share where every board is shared",
    "mixed",
    ["t4Shared"],
    `{ model: ${T4}, shared: false }`,
    [
      `error GZ203 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a GPU of its own, got a zone in which every Tesla-T4 is shared
    fix: give the zone an unshared pool of the board, or agree with shared: true (docs/problems/GZ203.md)`,
    ],
    false,
  ],
  [
    "wants a board that the zone never has",
    "mixed",
    ["a100", "t4Shared"],
    "{ model: NVIDIA-A100-PCIE-80GB }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a board that a pool of the zone has whole, got NVIDIA-A100-PCIE-80GB
    fix: did you mean "NVIDIA-A100-PCIE-40GB"? (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants a whole board that the zone has in slices only",
    "mixed",
    ["a100Slices"],
    `{ model: ${A100} }`,
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a board that a pool of the zone has whole, got NVIDIA-A100-PCIE-40GB
    fix: there is none to choose from (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants any GPU of a zone without a whole one",
    "mixed",
    ["a100Slices"],
    "{ count: 1 }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a whole GPU, got a zone without one
    fix: ask for a MIG profile, or give the zone a pool (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants several shares of a GPU",
    "mixed",
    ["t4Shared"],
    `{ model: ${T4}, shared: true, count: 2 }`,
    [
      `error GZ204 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted count: 1 on a shared GPU, got 2: several shares of a GPU are no larger GPU
    fix: ask for count: 1, or for an unshared board (docs/problems/GZ204.md)`,
    ],
    true,
  ],
  [
    "wants several GPUs, and takes shared ones too",
    "mixed",
    ["a100", "a100Shared"],
    `{ model: ${A100}, shared: any, count: 2 }`,
    [
      `error GZ204 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted count: 1 on a shared GPU, got 2: several shares of a GPU are no larger GPU
    fix: ask for count: 1, or for an unshared board (docs/problems/GZ204.md)`,
    ],
    true,
  ],
  [
    "wants several shares by their label",
    "mixed",
    ["t4Shared"],
    `{ productLabel: ${T4}-SHARED, count: 3 }`,
    [
      `error GZ204 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted count: 1 on a shared GPU, got 3: several shares of a GPU are no larger GPU
    fix: ask for count: 1, or for an unshared board (docs/problems/GZ204.md)`,
    ],
    true,
  ],
  [
    "wants several slices, of which a process uses one",
    "mixed",
    ["a100Slices"],
    "{ mig: 1g.5gb, count: 2 }",
    [
      `warning GZ204 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted one MIG device, got count 2: a process uses one MIG device, more of them are no larger GPU
    fix: ask for a larger profile, or for count: 1 (docs/problems/GZ204.md)`,
    ],
    true,
  ],
  [
    "wants several shares of slices",
    "mixed",
    ["a100SharedSlices"],
    "{ mig: 1g.5gb, count: 2 }",
    [
      `warning GZ203 Pulumi.zone-x.yaml:2  apps.pd.gpu
    the app shares its MIG device: every pool of the zone with 1g.5gb is shared
    fix: take sharing out of the pool, or cut another one into this profile (docs/problems/GZ203.md)`,
      `error GZ204 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted count: 1 on a shared GPU, got 2: several shares of a GPU are no larger GPU
    fix: ask for count: 1, or for an unshared board (docs/problems/GZ204.md)`,
    ],
    true,
  ],
  [
    "gets a slice under single that every pool shares",
    "single",
    ["a100SharedSlices"],
    "{ mig: 1g.5gb }",
    [
      `warning GZ203 Pulumi.zone-x.yaml:2  apps.pd.gpu
    the app shares its MIG device: every pool of the zone with 1g.5gb is shared
    fix: take sharing out of the pool, or cut another one into this profile (docs/problems/GZ203.md)`,
    ],
    true,
  ],
  [
    "may get a shared slice under mixed, where no label tells them apart",
    "mixed",
    ["a100Slices", "a100SharedSlices"],
    "{ mig: 1g.5gb }",
    [
      `warning GZ203 Pulumi.zone-x.yaml:2  apps.pd.gpu
    the app may share its MIG device: a pool of the zone with 1g.5gb is shared
    fix: take sharing out of the pool, or cut another one into this profile (docs/problems/GZ203.md)`,
    ],
    true,
  ],
  [
    "wants a board under none that the zone has whole and partitioned, with one label",
    "none",
    ["a100", "a100Slices"],
    `{ model: ${A100} }`,
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted nodes that a label tells from others, got the pool a100slices with the same nvidia.com/gpu.product (${A100}), which cannot serve the app
    fix: set gpu.mig.strategy to single or mixed, or keep whole and partitioned boards of a kind in different zones (docs/problems/GZ201.md)`,
    ],
    true,
  ],
  [
    "needs more memory than any board has, or its part of it",
    "mixed",
    ["t4", "a100Shared"],
    "{ memory: 24Gi }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted 24Gi of GPU memory for each replica, got Tesla-T4 with 15Gi, ${A100} with 20Gi for each of 2 pods
    fix: ask for less, for another board, or for a pool that fewer pods share (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "needs memory on a board of which nobody knows it",
    "mixed",
    ["plainUnknown"],
    "{ memory: 24Gi }",
    [
      `warning GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted boards whose memory is known, got NVIDIA-X1: 24Gi of GPU memory is not checked
    fix: compare it with nvidia-smi on such a node (docs/problems/GZ201.md)`,
    ],
    true,
  ],
  [
    "needs memory that only some of the boards with one label have",
    "mixed",
    ["t4Shared", "t4SharedLess"],
    `{ model: ${T4}, shared: true, memory: 6Gi }`,
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted nodes that a label tells from others, got the pool t4shared with the same nvidia.com/gpu.product (${T4}-SHARED), which cannot serve the app
    fix: share the boards of a kind among equally many pods, or ask for what every pool of the board has (docs/problems/GZ201.md)`,
    ],
    true,
  ],
  [
    "wants a profile into which no board is cut",
    "mixed",
    ["a100Slices", "t4"],
    "{ mig: 3g.20gb }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a MIG profile that a pool of the zone is cut into, got 3g.20gb
    fix: give a pool mig: all-3g.20gb, or ask for what there is (all-1g.5gb) (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants a slice that a layout of the pool's own has not",
    "mixed",
    ["a100Custom"],
    "{ mig: 2g.10gb }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a MIG profile that a pool of the zone is cut into, got 2g.10gb
    fix: give a pool mig: all-2g.10gb, or ask for what there is ({ 1g.5gb: 2, 3g.20gb: 1 }) (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants a slice of a zone without any",
    "mixed",
    ["t4"],
    "{ mig: 1g.5gb }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a MIG profile that a pool of the zone is cut into, got 1g.5gb
    fix: give a pool mig: all-1g.5gb, or ask for what there is (no pool has a MIG layout) (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants a slice under strategy none, which offers none",
    "none",
    ["a100Slices"],
    "{ mig: 1g.5gb }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a MIG profile that a pool of the zone is cut into, got 1g.5gb under strategy none
    fix: set gpu.mig.strategy to single or mixed (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants a slice of a balanced board under single, which cannot offer unequal ones",
    "single",
    ["a100Balanced"],
    "{ mig: 3g.20gb }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a MIG profile that a pool of the zone is cut into, got 3g.20gb
    fix: give a pool mig: all-3g.20gb, or ask for what there is (all-balanced) (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "wants a slice that a balanced board does not have",
    "mixed",
    ["a100Balanced"],
    "{ mig: 7g.40gb }",
    [
      `error GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a MIG profile that a pool of the zone is cut into, got 7g.40gb
    fix: give a pool mig: all-7g.40gb, or ask for what there is (all-balanced) (docs/problems/GZ201.md)`,
    ],
    false,
  ],
  [
    "names a label that no node will have",
    "mixed",
    ["t4Shared"],
    `{ productLabel: ${T4} }`,
    [
      `warning GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a nvidia.com/gpu.product of nodes that offer nvidia.com/gpu, got Tesla-T4, which none of the zone's pools will have
    fix: there is: Tesla-T4-SHARED (docs/problems/GZ201.md)`,
    ],
    true,
  ],
  [
    "names the label of nodes whose boards are all slices of another resource",
    "mixed",
    ["a100Slices"],
    `{ productLabel: ${A100} }`,
    [
      `warning GZ201 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a nvidia.com/gpu.product of nodes that offer nvidia.com/gpu, got NVIDIA-A100-PCIE-40GB, which none of the zone's pools will have
    fix: there is none to choose from (docs/problems/GZ201.md)`,
    ],
    true,
  ],
  [
    "ends up with a label that is too long for a node",
    "single",
    ["long"],
    "{ mig: 1g.24gb }",
    [
      `error GZ205 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted a label of at most 63 characters, got ${LONG}-MIG-1g.24gb (67), which no node can carry
    fix: use gpu.mig.strategy: mixed, under which the profile is not part of the label (docs/problems/GZ205.md)`,
    ],
    true,
  ],
];

describe("an app is told of when it", () => {
  for (const [title, strategy, pools, gpu, problems, served] of TOLD) {
    it(title, () => {
      const resolved = resolve(strategy, pools, gpu);
      assert.deepEqual(resolved.problems.map(formatProblem), problems);
      assert.equal("pd" in resolved.targets, served);
    });
  }

  it("has its request from a default, at the line of that default", () => {
    const { problems } = resolveGpuRequests(
      zoneOf(
        `apps:\n  pd: {}\nappDefaults:\n  gpu: { model: ${T4} }\nnodePools:\n  t4: { ${POOLS.t4Shared}, gpusPerNode: 1, os: x, nodes: [n] }\n`,
      ),
    );
    assert.deepEqual(
      problems.map(({ path, line }) => `${path} ${line}`),
      ["apps.pd.gpu 4"],
    );
  });
});
