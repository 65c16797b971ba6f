import type { z } from "zod";
import type { app } from "./schema/app.ts";
import type { nodePool } from "./schema/node-pool.ts";
import type { Origins } from "./origins.ts";
import type { ZoneSettings } from "./schema/zone.ts";

/** An app of a zone, with `appDefaults` merged in. */
export type AppSettings = z.infer<typeof app> & { overlay: string; namespace: string };

/** A pool with its hardware class merged in; what every pool must have is not optional here. */
export type NodePool = z.infer<typeof nodePool> & { product: string; gpusPerNode: number };

/** What a zone is: the merged, checked configuration; nothing of it comes from a cluster. */
export interface Zone extends Omit<
  ZoneSettings,
  "apps" | "appDefaults" | "nodePools" | "hardware" | "cluster"
> {
  /** The stack's name, such as zone-1-dev. */
  readonly name: string;
  /** Layers from lowest to highest: fleet first, then those of `extends`. */
  readonly layers: readonly string[];
  readonly cluster: ZoneSettings["cluster"] & { context: string };
  /** Apps that run here (disabled ones are left out), in the order of the files. */
  readonly apps: Readonly<Record<string, AppSettings>>;
  readonly nodePools: Readonly<Record<string, NodePool>>;
  /** Which file and line gave each value. */
  readonly origins: Origins;
}
