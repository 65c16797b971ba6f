import { Origins } from "../../../plan/config/origins.ts";
import { zoneSchema, type ZoneInput } from "../../../plan/config/schema/zone.ts";
import type { NodePool, Zone } from "../../../plan/config/zone.ts";

type PoolInput = Partial<NodePool> & Pick<NodePool, "product">;

/** A resolved zone with these pools; gpusPerNode is 1 where a pool does not say. */
export function zoneOf(
  pools: Record<string, PoolInput>,
  gpu: ZoneInput["gpu"] = {},
  name = "zone-1-dev",
): Zone {
  const { apps: _apps, appDefaults: _defaults, hardware: _hardware, ...settings } = zoneSchema.parse({ gpu });
  return {
    ...settings,
    name,
    layers: ["fleet"],
    cluster: { ...settings.cluster, context: name },
    apps: {},
    nodePools: Object.fromEntries(
      Object.entries(pools).map(([pool, input]) => [pool, { gpusPerNode: 1, ...input }]),
    ),
    origins: new Origins(),
  };
}
