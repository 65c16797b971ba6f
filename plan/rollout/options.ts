import type { ZoneSettings } from "../config/schema/zone.ts";
import { PARTS, type Part } from "./owed.ts";

/** A number of nodes, or a part of the pools' nodes such as `25%`. */
export type NodeLimit = number | string;

export interface Options {
  readonly only: readonly Part[];
  /** Whether pods that hold GPUs may be evicted. */
  readonly drain: boolean;
  /** Whether pods may be evicted that nobody starts again. */
  readonly force: boolean;
  /** Nodes of the pools that may be out at once, whoever has them out. */
  readonly maxUnavailable: NodeLimit;
  /** Nodes that are worked on at once; Infinity: all. */
  readonly maxParallel: number;
  /** Seconds that one node may take, from its cordon on. */
  readonly timeout: number;
  /** Seconds that pods may take to leave a node. */
  readonly evicting: number;
  /** Seconds after which a MIG change in `pending` hangs: mig-manager waits 300 s for a pod, then gives up silently. */
  readonly hangs: number;
  /** Seconds that a node may be NotReady while it is worked on: a restart of its container runtime takes some. */
  readonly flap: number;
  /** Seconds that `failed` must last: mig-manager may still be telling of the label before this one. */
  readonly settles: number;
  /** Seconds after which the MIG manager's file is what the cluster says: the kubelet follows a ConfigMap 60 to 90 s late. */
  readonly mounts: number;
  /** Seconds after which mig-manager has not heard of its label: it is told again. */
  readonly unheard: number;
  /** RFC 3339, written on the node for people. */
  readonly now: string;
}

/** What the command line says; undefined: nothing. */
export interface Asked {
  readonly only?: Part | undefined;
  readonly drain?: boolean | undefined;
  readonly maxUnavailable?: NodeLimit | undefined;
  /** Seconds. */
  readonly timeout: number;
}

/** `gpu.driver.upgradePolicy` of a zone. */
type Policy = NonNullable<NonNullable<ZoneSettings["gpu"]["driver"]>["upgradePolicy"]>;

/** Upstream's defaults (gpu-operator v26.7.0, chart values `driver.upgradePolicy`). */
const MAX_UNAVAILABLE = "25%";
const MAX_PARALLEL = 1;

const SECONDS = {
  // mig-manager waits 300 s for each kind of pod before it gives up.
  hangs: 360,
  flap: 90,
  settles: 15,
  mounts: 120,
  unheard: 60,
};

/** The options of a run: what the command line says, then the zone, then upstream's defaults. */
export function optionsFor(asked: Asked, policy: Policy | undefined, now: Date): Options {
  const { maxUnavailable, maxParallelUpgrades, podDeletion } = policy ?? {};
  // Who asks for several nodes and has said nothing of one after the other means several at once.
  const parallel = maxParallelUpgrades ?? (asked.maxUnavailable === undefined ? MAX_PARALLEL : 0);
  const evicting = podDeletion?.timeoutSeconds ?? 0;
  return {
    ...SECONDS,
    only: asked.only === undefined ? PARTS : [asked.only],
    drain: asked.drain === true,
    force: podDeletion?.force === true,
    maxUnavailable: asked.maxUnavailable ?? maxUnavailable ?? MAX_UNAVAILABLE,
    maxParallel: parallel === 0 ? Infinity : parallel,
    timeout: asked.timeout,
    evicting: evicting === 0 ? Infinity : evicting,
    now: now.toISOString(),
  };
}

/** A limit in nodes; a part of them is rounded up, as for a DaemonSet's `maxUnavailable` in Kubernetes. */
export function inNodes(limit: NodeLimit, all: number): number {
  return typeof limit === "number" ? limit : Math.ceil((Number.parseInt(limit, 10) * all) / 100);
}
