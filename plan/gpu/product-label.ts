import type { NodePool } from "../config/zone.ts";
import { layoutNamed, migBoardOf } from "./mig.ts";
import type { MigLayout } from "./mig-boards.ts";

export type MigStrategy = "none" | "single" | "mixed";

type MigPool = Pick<NodePool, "mig" | "product" | "board">;

/** The MIG strategy that holds for a zone; upstream's default is single (ClusterPolicy `mig.strategy`). */
export function migStrategy(gpu: {
  readonly mig?: { readonly strategy?: MigStrategy | undefined } | undefined;
}): MigStrategy {
  return gpu.mig?.strategy ?? "single";
}

/** Replicas of each GPU (or MIG device) of the pool: 1 when nobody shares. */
export function sharingReplicas(pool: Pick<NodePool, "sharing">): number {
  const sharing = pool.sharing;
  if (sharing === undefined) return 1;
  return "timeSlicing" in sharing ? sharing.timeSlicing : sharing.mps;
}

/** True when the pool's boards are cut into MIG devices. */
export function isPartitioned(pool: Pick<NodePool, "mig">): boolean {
  return pool.mig !== undefined && pool.mig !== "all-disabled";
}

/**
 * The profile that every MIG device of the pool has, as resource and label names spell it (`1g.5gb`, `1g.5gb.me`);
 * undefined when the boards are whole or their devices are unequal.
 */
export function uniformProfile(pool: Pick<NodePool, "mig">): string | undefined {
  const { mig } = pool;
  if (mig === undefined || !isPartitioned(pool)) return undefined;
  if (typeof mig !== "string") {
    const [only, ...more] = Object.keys(mig);
    return only === undefined || more.length > 0 ? undefined : profileName(only);
  }
  const profile = mig.slice("all-".length);
  return profile === "balanced" || profile === "enabled" ? undefined : profile;
}

/** What each of the pool's boards holds; undefined when its standard layout is not known for the board. */
export function layoutOf(pool: MigPool): MigLayout | undefined {
  const { mig } = pool;
  if (typeof mig !== "string") return mig ?? {};
  const board = migBoardOf(pool);
  return board && layoutNamed(board, mig);
}

/** True when the pool's nodes offer `nvidia.com/gpu` that a process can use: whole boards, or equal slices under single. */
export function offersGpu(pool: Pick<NodePool, "mig">, strategy: MigStrategy): boolean {
  return !isPartitioned(pool) || (strategy === "single" && uniformProfile(pool) !== undefined);
}

/** MIG profiles on the pool's boards, as resource names spell them; undefined when its layout is not known. */
export function profilesOf(pool: MigPool): readonly string[] | undefined {
  if (!isPartitioned(pool)) return [];
  const uniform = uniformProfile(pool);
  if (uniform !== undefined) return [uniform];
  const layout = layoutOf(pool);
  return layout && Object.keys(layout).map(profileName);
}

/**
 * The exact `nvidia.com/gpu.product` that GPU Feature Discovery gives the pool's nodes: `-MIG-<profile>` under
 * strategy single, `-SHARED` when a GPU serves several pods (k8s-device-plugin v0.20.0, internal/lm).
 */
export function productLabel(pool: NodePool, strategy: MigStrategy): string {
  const shared = sharingReplicas(pool) > 1 ? "-SHARED" : "";
  if (!isPartitioned(pool)) return `${pool.product}${shared}`;
  if (strategy !== "single") return pool.product;
  const profile = uniformProfile(pool);
  return profile === undefined ? `${pool.product}-MIG-INVALID` : `${pool.product}-MIG-${profile}${shared}`;
}

/** Resource and label spelling of a MIG profile: `1g.5gb+me` is `1g.5gb.me` there. */
export function profileName(profile: string): string {
  return profile.replace("+", ".");
}
