import { resolveGpuRequests, type ResolvedRequests } from "../../../plan/gpu/request.ts";
import { zoneOf } from "../render/zone-text.ts";

export const A100 = "NVIDIA-A100-PCIE-40GB";
export const T4 = "Tesla-T4";
export const LONG = "NVIDIA-RTX-PRO-6000-Blackwell-Max-Q-Workstation-Edition";

/** Pools to build zones of, each with a node of its own name. */
export const POOLS = {
  a100: `product: ${A100}`,
  a100Shared: `product: ${A100}, sharing: { timeSlicing: 2 }`,
  a100Slices: `product: ${A100}, mig: all-1g.5gb`,
  a100SharedSlices: `product: ${A100}, mig: all-1g.5gb, sharing: { timeSlicing: 2 }`,
  a100Balanced: `product: ${A100}, mig: all-balanced`,
  a100Custom: `product: ${A100}, mig: { 1g.5gb: 2, 3g.20gb: 1 }`,
  a100CustomEqual: `product: ${A100}, mig: { 1g.5gb: 5 }`,
  t4: `product: ${T4}`,
  t4Shared: `product: ${T4}, sharing: { timeSlicing: 4 }`,
  t4SharedLess: `product: ${T4}, sharing: { timeSlicing: 2 }`,
  a100ToCome: `product: ${A100}, count: 0`,
  plainUnknown: "product: NVIDIA-X1",
  long: `product: ${LONG}, mig: all-1g.24gb`,
  unknown: "product: NVIDIA-X1, mig: all-balanced",
} as const;

export type Pool = keyof typeof POOLS;

/** The zone has these pools under this strategy, and one app, `pd`, that asks so. */
export function resolve(strategy: string, pools: readonly Pool[], gpu: string): ResolvedRequests {
  const lines = pools.map((pool) => {
    const nodes = POOLS[pool].includes("count:")
      ? `selector: { pool: ${pool} }`
      : `nodes: [${pool.toLowerCase()}]`;
    return `  ${pool.toLowerCase()}: { ${POOLS[pool]}, gpusPerNode: 8, os: ubuntu22.04, ${nodes} }`;
  });
  return resolveGpuRequests(
    zoneOf(
      `apps:\n  pd: { gpu: ${gpu} }\ngpu: { mig: { strategy: ${strategy} } }\nnodePools:\n${lines.join("\n")}\n`,
    ),
  );
}
