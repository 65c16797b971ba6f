import { z } from "zod";

/** The board that the node physically has: what the driver would find, whatever was applied. */
export const BOARD = "sim.gpu-zones.dev/board";
/** How somebody else's GPU stack drives the node; present where `gpu.managed` is false. */
export const FOREIGN_STACK = "sim.gpu-zones.dev/foreign-stack";
/**
 * What goes wrong on the node, with commas between them: `driver-build`, `wrong-kernel`, `toolkit-breaks-runtime`,
 * `mig-busy` (a client that nobody knows), `mig-wedged` (its wait times out), `xid-<code>` on one of its GPUs.
 */
export const FAILURE = "sim.gpu-zones.dev/failure";
export const BREAKS_RUNTIME = "toolkit-breaks-runtime";
/** `off`: the machine has no power. */
export const POWER = "sim.gpu-zones.dev/power";
/** Which boot of the machine it is; another one: it was off meanwhile. */
export const BOOT = "sim.gpu-zones.dev/boot";
/** Digest of the node as it registered itself. */
export const NODE_DIGEST = "sim.gpu-zones.dev/node-digest";
/** What the MIG manager did last on this node. */
export const MIG_STATE = "sim.gpu-zones.dev/mig-state";
/** The configs that running device plugins, GPU Feature Discovery and MPS daemons have read. */
export const LOADED_CONFIGS = "sim.gpu-zones.dev/loaded-configs";
/** What the operands have left on the node's host: status files, the driver's module, the container runtime. */
export const HOST = "sim.gpu-zones.dev/host";
/** The simulator's: why the node is not Ready; kwok lets go of a node that has it. */
export const NOT_READY = "sim.gpu-zones.dev/not-ready";

const board = z.object({ product: z.string(), count: z.int().min(1) });
export type Board = z.infer<typeof board>;

const layout = z.record(z.string(), z.int());

const foreignStack = z.object({
  migStrategy: z.enum(["none", "single", "mixed"]),
  /** A standard layout name, or instances by profile. */
  migConfig: z.union([z.string(), layout]).nullable(),
  /** Pods that share one GPU; null: nobody shares. */
  timeSlicing: z.int().nullable(),
});
export type ForeignStack = z.infer<typeof foreignStack>;

const boardMig = z.object({
  /** The board is in MIG mode. */
  enabled: z.boolean(),
  /** Its instances by profile. */
  layout,
});
export type BoardMig = z.infer<typeof boardMig>;

const migState = z.object({
  /** The layout name that was asked for last, applied or not. */
  config: z.string(),
  /** By index; one that is missing is whole. */
  boards: z.array(boardMig),
  /** UID of the MIG manager's pod that looked at it last; absent: nothing installs a MIG manager. */
  pod: z.string().optional(),
  /** Its wait for the GPUs' users timed out: it left everything as it was. */
  wedged: z.boolean().optional(),
});
export type MigState = z.infer<typeof migState>;

const loadedConfig = z.object({
  /** Name of the entry; null: the process runs without a config file. */
  entry: z.string().nullable(),
  /** The file as it was read: it is not read again until the pod or the entry changes. */
  text: z.string(),
});
export type LoadedConfig = z.infer<typeof loadedConfig>;

/** By UID of the pod that read it. */
const loadedConfigs = z.record(z.string(), loadedConfig);

const host = z.object({
  /** Which boot of the machine this is. */
  boot: z.string(),
  /** What lies below /run, a tmpfs: absolute path to content; a path that ends with a slash is a directory. */
  files: z.record(z.string(), z.string()),
  /** The loaded nvidia module: DRIVER_CONFIG_DIGEST of the driver that it is of, empty where that has none. */
  module: z.object({ digest: z.string() }).nullable(),
  /** The container runtime knows the handler nvidia. */
  runtime: z.boolean(),
  /** GPUs that a device plugin holds for unhealthy, by UID of its pod: it does so until it ends. */
  unhealthy: z.record(z.string(), z.int()).default({}),
  /** UIDs of pods that had a GPU before this boot. */
  rejected: z.array(z.string()).default([]),
});
export type Host = z.infer<typeof host>;

type Annotations = Readonly<Record<string, string>>;

export const readBoard = (annotations: Annotations): Board | undefined => read(board, annotations[BOARD]);
export const readForeignStack = (annotations: Annotations): ForeignStack | undefined =>
  read(foreignStack, annotations[FOREIGN_STACK]);
export const readMigState = (annotations: Annotations): MigState | undefined =>
  read(migState, annotations[MIG_STATE]);
export const readLoadedConfigs = (annotations: Annotations): Readonly<Record<string, LoadedConfig>> =>
  read(loadedConfigs, annotations[LOADED_CONFIGS]) ?? {};
export const readFailures = (annotations: Annotations): ReadonlySet<string> =>
  new Set((annotations[FAILURE] ?? "").split(",").map((each) => each.trim()));
export const readHost = (annotations: Annotations): Host | undefined => read(host, annotations[HOST]);

function read<T>(shape: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
