import { stringify } from "yaml";
import type { NodePool, Zone } from "../../plan/config/zone.ts";
import { migStrategy, profilesOf, sharingReplicas } from "../../plan/gpu/product-label.ts";
import { poolMigStrategy, sharesByMps } from "../../plan/gpu/sharing.ts";
import { contentHash } from "./content-hash.ts";

/** Entry that nodes without the label `nvidia.com/device-plugin.config` use. */
export const DEFAULT_ENTRY = "default";

/** A named entry of the device plugin's ConfigMap. */
export interface ConfigEntry {
  /** `<pool>-<hash of content>`: the label on the node names content, so changed content is a changed label. */
  readonly name: string;
  /** The device plugin's YAML, `version: v1` (k8s-device-plugin v0.20.0). */
  readonly content: string;
}

/** The entry of one pool, or undefined when the default serves it. */
export function poolEntry(zone: Zone, name: string, pool: NodePool): ConfigEntry | undefined {
  const replicas = sharingReplicas(pool);
  if (replicas === 1) return undefined;
  const content = stringify({
    version: "v1",
    flags: { migStrategy: poolMigStrategy(zone.gpu, pool) },
    sharing: {
      [sharesByMps(pool) ? "mps" : "timeSlicing"]: {
        // A second share of a GPU is no larger GPU: refuse it instead of giving what was not asked for.
        failRequestsGreaterThanOne: true,
        resources: sharedResources(zone, pool).map((resource) => ({ name: resource, replicas })),
      },
    },
  });
  return { name: `${name}-${contentHash(content)}`, content };
}

/** What is shared: under strategy mixed the resources of a partitioned board are its MIG profiles. */
function sharedResources(zone: Zone, pool: NodePool): string[] {
  const profiles = migStrategy(zone.gpu) === "mixed" ? (profilesOf(pool) ?? []) : [];
  return profiles.length === 0 ? ["nvidia.com/gpu"] : profiles.map((profile) => `nvidia.com/mig-${profile}`);
}

/** All entries, the default first, then the pools' in order. */
export function configEntries(zone: Zone): ConfigEntry[] {
  const fallback = {
    name: DEFAULT_ENTRY,
    content: stringify({ version: "v1", flags: { migStrategy: migStrategy(zone.gpu) } }),
  };
  const pools = Object.entries(zone.nodePools).flatMap(([name, pool]) => poolEntry(zone, name, pool) ?? []);
  return [fallback, ...pools];
}
