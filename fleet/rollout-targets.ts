import { parse } from "yaml";
import { driverOf } from "../components/kept.ts";
import { AVAILABLE_CONFIGS } from "../components/operands/config-manager.ts";
import { poolTable } from "../components/operands/labeller.ts";
import { LAYOUTS } from "../components/operands/mig-manager.ts";
import { GPU_NAMESPACE } from "../components/operands/operand.ts";
import type { KubernetesObject } from "../plan/object.ts";
import type { Plan } from "../plan/plan.ts";

type Data = Readonly<Record<string, string>>;

/**
 * What the labels of a rollout would name and the cluster lacks, in words: an update that died halfway has brought the
 * table of pools, and not yet what stands behind it.
 * @param live DaemonSets and ConfigMaps of the operands' namespace
 */
export function lacking(plan: Plan, live: readonly KubernetesObject[]): string[] {
  const planned = plan.objects
    .map(({ object }) => object)
    .filter(({ metadata }) => metadata.namespace === GPU_NAMESPACE);
  const isThere = ({ kind, metadata }: KubernetesObject): boolean =>
    live.some((object) => object.kind === kind && object.metadata.name === metadata.name);
  const drivers = planned.filter((object) => driverOf(object) !== undefined && !isThere(object));
  const entries = (objects: readonly KubernetesObject[]): string[] =>
    Object.keys(dataOf(objects, AVAILABLE_CONFIGS));
  const layouts = (objects: readonly KubernetesObject[]): string[] =>
    Object.values(dataOf(objects, LAYOUTS)).flatMap(layoutsOf);
  const rows = poolTable(plan.zone);
  // Only what the plan itself puts there is missed: standard layouts are the MIG manager's own.
  const missed = (names: readonly (string | null)[], of: typeof entries): string[] =>
    of(planned).filter((name) => names.includes(name) && !of(live).includes(name));
  return [
    ...drivers.map(({ metadata }) => `no DaemonSet ${metadata.name}`),
    ...missed(
      rows.map(({ devicePluginConfig }) => devicePluginConfig),
      entries,
    ).map((name) => `no entry ${name} in the ConfigMap ${AVAILABLE_CONFIGS}`),
    ...missed(
      rows.map(({ migConfig }) => migConfig),
      layouts,
    ).map((name) => `no layout ${name} in the ConfigMap ${LAYOUTS}`),
  ];
}

function dataOf(objects: readonly KubernetesObject[], name: string): Data {
  const map = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name);
  return (map?.["data"] ?? {}) as Data;
}

/** Names of the layouts in a file of mig-parted's. */
function layoutsOf(text: string): string[] {
  const file = parse(text) as { "mig-configs"?: Readonly<Record<string, unknown>> } | null;
  return Object.keys(file?.["mig-configs"] ?? {});
}
