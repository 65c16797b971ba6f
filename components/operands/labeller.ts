import type { KubernetesObject } from "../../plan/object.ts";
import type { Zone } from "../../plan/config/zone.ts";
import { poolEntry } from "./device-plugin-config.ts";
import { GPU_NAMESPACE, type Operand } from "./operand.ts";

/** One row of the table from which the labeller labels nodes. */
export interface PoolRow {
  readonly pool: string;
  /** Names of the nodes, or null when the selector chooses them. */
  readonly nodes: readonly string[] | null;
  readonly selector: Readonly<Record<string, string>> | null;
  /** Value of `gpu-zones.dev/driver`; null while the zone installs no driver. */
  readonly driver: string | null;
  /** Value of `nvidia.com/mig.config`, set where the label is absent. */
  readonly migConfig: string | null;
  /** Value of `nvidia.com/device-plugin.config`, set where the label is absent. */
  readonly devicePluginConfig: string | null;
}

export const POOL_TABLE = "gpu-zones-node-pools";
const POOL_TABLE_KEY = "pools.json";

/** The zone's pools as the labeller reads them. */
export function poolTable(zone: Zone): PoolRow[] {
  return Object.entries(zone.nodePools).map(([name, pool]) => ({
    pool: name,
    nodes: pool.nodes ?? null,
    selector: pool.selector ?? null,
    driver: null,
    migConfig: pool.mig ?? null,
    devicePluginConfig: poolEntry(zone, name, pool)?.name ?? null,
  }));
}

/** The one writer of node labels in a zone reads this table; nodes are never Pulumi resources. */
export const labeller: Operand = {
  name: "labeller",
  manifests: (zone): KubernetesObject[] => [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: POOL_TABLE, namespace: GPU_NAMESPACE },
      data: { [POOL_TABLE_KEY]: `${JSON.stringify(poolTable(zone), null, 2)}\n` },
    },
  ],
};
