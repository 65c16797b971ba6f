import { configPlace } from "../plan/checks/check.ts";
import type { Problem } from "../plan/config/problem.ts";
import type { NodePool, Zone } from "../plan/config/zone.ts";
import type { LiveNode } from "./live-nodes.ts";
import { configEntries, poolEntry } from "./operands/device-plugin-config.ts";

const LABEL = "nvidia.com/device-plugin.config";

/**
 * Nodes whose label names an entry that the device plugin's ConfigMap will not have: sharing was changed, and labels
 * of nodes are only ever set where they are absent. Their plugins run on until they restart.
 */
export function owingNodes(zone: Zone, live: readonly LiveNode[]): Problem[] {
  if (!zone.gpu.managed || zone.gpu.devicePlugin?.enabled === false) return [];
  const entries = new Set(configEntries(zone).map(({ name }) => name));
  return live.flatMap(({ name, labels }) => {
    const now = labels[LABEL] ?? "";
    const [pool, settings] =
      Object.entries(zone.nodePools).find(([, each]) => isOf(each, name, labels)) ?? [];
    if (now === "" || entries.has(now) || pool === undefined || settings === undefined) return [];
    const wanted = poolEntry(zone, pool, settings)?.name;
    const change = wanted === undefined ? `${LABEL}-` : `${LABEL}=${wanted} --overwrite`;
    return [
      {
        ...configPlace(zone, `nodePools.${pool}.sharing`),
        code: "GZ310" as const,
        severity: "warning" as const,
        message: `wanted node ${name} ${wanted === undefined ? `without the label ${LABEL}` : `with the label ${LABEL}=${wanted}`}, got ${now}: the device plugin runs there as before, and at its next restart it will not find its entry and offer no GPU`,
        fix: `when the node's GPU pods are gone: kubectl --context ${zone.cluster.context} label node ${name} ${change}`,
      },
    ];
  });
}

function isOf({ nodes, selector }: NodePool, name: string, labels: LiveNode["labels"]): boolean {
  if (nodes !== undefined) return nodes.includes(name);
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
