import { z } from "zod";

/** The board that the node physically has: what the driver would find, whatever was applied. */
export const BOARD = "sim.gpu-zones.dev/board";
/** How somebody else's GPU stack drives the node; present where `gpu.managed` is false. */
export const FOREIGN_STACK = "sim.gpu-zones.dev/foreign-stack";
/** Digest of the node as it registered itself. */
export const NODE_DIGEST = "sim.gpu-zones.dev/node-digest";
/** What the MIG manager did last on this node. */
export const MIG_STATE = "sim.gpu-zones.dev/mig-state";
/** The config that the running device plugin has read. */
export const LOADED_CONFIG = "sim.gpu-zones.dev/device-plugin-config";

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

const migState = z.object({
  /** The layout name that was asked for last, applied or not. */
  config: z.string(),
  /** Whether the boards are in MIG mode. */
  enabled: z.boolean(),
  /** Instances of each profile on every board. */
  layout,
});
export type MigState = z.infer<typeof migState>;

const loadedConfig = z.object({
  /** UID of the pod that read it. */
  pod: z.string(),
  /** Name of the entry; null: the plugin runs without a config file. */
  entry: z.string().nullable(),
  /** The file as it was read: it is not read again until the pod or the entry changes. */
  text: z.string(),
});
export type LoadedConfig = z.infer<typeof loadedConfig>;

type Annotations = Readonly<Record<string, string>>;

export const readBoard = (annotations: Annotations): Board | undefined => read(board, annotations[BOARD]);
export const readForeignStack = (annotations: Annotations): ForeignStack | undefined =>
  read(foreignStack, annotations[FOREIGN_STACK]);
export const readMigState = (annotations: Annotations): MigState | undefined =>
  read(migState, annotations[MIG_STATE]);
export const readLoadedConfig = (annotations: Annotations): LoadedConfig | undefined =>
  read(loadedConfig, annotations[LOADED_CONFIG]);

function read<T>(shape: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return shape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
