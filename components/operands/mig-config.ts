import { stringify } from "yaml";
import type { NodePool, Zone } from "../../plan/config/zone.ts";
import { enablesMig, layoutNamed, layoutNames, migBoardOf } from "../../plan/gpu/mig.ts";
import type { MigBoard, MigLayout } from "../../plan/gpu/mig-boards.ts";
import { contentHash } from "./content-hash.ts";

/** How the boards of an entry are cut (mig-parted v0.15.0, api/spec/v1). */
interface BoardConfig {
  readonly "device-filter"?: readonly string[];
  readonly devices: "all";
  readonly "mig-enabled": boolean;
  readonly "mig-devices"?: MigLayout;
}

/**
 * The value of `nvidia.com/mig.config` on the pool's nodes: a standard name, or `<pool>-<hash of content>` where the
 * pool has a layout of its own, since the label is what the node reacts to; null where the pool says nothing.
 */
export function migConfigName(name: string, pool: Pick<NodePool, "mig">): string | null {
  const { mig } = pool;
  if (mig === undefined || typeof mig === "string") return mig ?? null;
  return `${name}-${contentHash(JSON.stringify(Object.entries(mig).toSorted()))}`;
}

/** True for `<pool>-<hash of content>`: the MIG manager generates no layout of that name from the hardware. */
export function isCustomLayout(name: string): boolean {
  return /-[0-9a-f]{10}$/.test(name);
}

/**
 * The MIG manager's own file for a zone with custom layouts, in YAML; null where every layout is a standard one: then
 * the manager generates its file from the hardware. With a file it generates nothing, so that the standard layouts of
 * the zone's boards are in it too.
 * @param kept custom layouts, by name, that nodes still have and no pool does any more
 */
export function migConfigEntries(zone: Zone, kept: Readonly<Record<string, unknown>> = {}): string | null {
  const pools = Object.entries(zone.nodePools);
  const ofPools = pools.flatMap(([name, pool]): [string, BoardConfig[]][] => {
    const label = migConfigName(name, pool);
    return label === null || typeof pool.mig !== "object" ? [] : [[label, [boardConfig(pool.mig)]]];
  });
  const custom = [...ofPools, ...Object.entries(kept)];
  if (custom.length === 0) return null;
  const boards = [...new Set(pools.flatMap(([, pool]) => migBoardOf(pool) ?? []))];
  const standard = [...new Set(boards.flatMap(layoutNames))]
    .map((name): [string, BoardConfig[]] => [name, standardConfig(name, boards)])
    .filter(([, configs]) => configs.length > 0);
  return stringify({ version: "v1", "mig-configs": Object.fromEntries([...standard, ...custom]) });
}

/**
 * The same name is another layout on other boards (`all-balanced`, `all-1g.35gb`): those are told by their devices. A
 * board whose devices nobody knows is left out then, since no filter means every board.
 */
function standardConfig(name: string, boards: readonly MigBoard[]): BoardConfig[] {
  if (!enablesMig(name)) return [{ devices: "all", "mig-enabled": false }];
  const layouts = boards.flatMap((board) => {
    const layout = layoutNamed(board, name);
    return layout === undefined ? [] : [{ board, config: boardConfig(layout) }];
  });
  const [first, ...others] = layouts;
  const text = (config: BoardConfig): string => JSON.stringify(config);
  if (first !== undefined && others.every(({ config }) => text(config) === text(first.config)))
    return [first.config];
  return layouts
    .filter(({ board }) => board.devices.length > 0)
    .map(({ board, config }) => ({ "device-filter": board.devices, ...config }));
}

function boardConfig(layout: MigLayout): BoardConfig {
  return { devices: "all", "mig-enabled": true, "mig-devices": layout };
}
