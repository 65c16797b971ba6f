import type { Problem } from "../config/problem.ts";
import type { NodePool, Zone } from "../config/zone.ts";
import { isPartitioned } from "../gpu/product-label.ts";
import { resolveGpuRequests } from "../gpu/request.ts";
import { sharesByMps } from "../gpu/sharing.ts";
import { configPlace, type Check } from "./check.ts";

/** Operands that pools and apps lean on, by their keys, as people call them. */
const NAMES = {
  devicePlugin: "the device plugin",
  gfd: "GPU Feature Discovery",
  migManager: "the MIG manager",
} as const;
type OperandKey = keyof typeof NAMES;

/** What of a pool or an app needs an operand. */
interface Need {
  readonly operand: OperandKey;
  readonly path: string;
  /** What needs it, as `wanted … beside …` goes on. */
  readonly beside: string;
  /** What happens without it. */
  readonly without: string;
  /** Default: error. A warning where somebody else may do the operand's work. */
  readonly severity?: Problem["severity"];
}

/** An operand that is switched off beside what needs it: GPUs are not offered, not cut, not shared, or not found. */
export const operandIsThere: Check = ({ zone }) =>
  zone.gpu.managed
    ? [...poolNeeds(zone), ...appNeeds(zone)]
        .filter(({ operand }) => zone.gpu[operand]?.enabled === false)
        .map((need) => finding(zone, need))
    : [];

function finding(zone: Zone, { operand, path, beside, without, severity = "error" }: Need): Problem {
  return {
    ...configPlace(zone, path),
    code: "GZ222",
    severity,
    message: `wanted ${NAMES[operand]} beside ${beside}, got gpu.${operand}.enabled: false: ${without}`,
    fix: `take gpu.${operand}.enabled: false out, or ${path.slice(path.lastIndexOf(".") + 1)} of ${path.slice(0, path.lastIndexOf("."))}`,
  };
}

function poolNeeds(zone: Zone): Need[] {
  return Object.entries(zone.nodePools).flatMap(([name, pool]) => [
    ...sharingNeeds(name, pool),
    ...migNeeds(name, pool),
  ]);
}

function sharingNeeds(name: string, pool: NodePool): Need[] {
  if (pool.sharing === undefined) return [];
  const path = `nodePools.${name}.sharing`;
  const plugin: Need = {
    ...{ operand: "devicePlugin", path, beside: `sharing of pool ${name}`, severity: "warning" },
    without: "nobody of ours offers a GPU to several pods",
  };
  const discovery: Need = {
    ...{ operand: "gfd", path, beside: `sharing of pool ${name} by MPS` },
    without: "no node gets the label by which the MPS control daemon runs there, and none offers a GPU",
  };
  return sharesByMps(pool) ? [plugin, discovery] : [plugin];
}

function migNeeds(name: string, pool: NodePool): Need[] {
  if (pool.mig === undefined) return [];
  const path = `nodePools.${name}.mig`;
  const manager: Need = {
    ...{ operand: "migManager", path, beside: `mig of pool ${name}`, severity: "warning" },
    without: "nobody of ours cuts its boards",
  };
  const discovery: Need = {
    ...{ operand: "gfd", path, beside: `mig of pool ${name}` },
    without: "no node gets the label by which the MIG manager runs there, and none is cut",
  };
  return isPartitioned(pool) ? [manager, discovery] : [manager];
}

function appNeeds(zone: Zone): Need[] {
  return Object.entries(resolveGpuRequests(zone).targets).flatMap(([app, target]): Need[] => {
    const path = `apps.${app}.gpu`;
    const choosesNodes = target.nodeSelector !== undefined || target.productLabels !== undefined;
    return [
      {
        ...{ operand: "devicePlugin", path, beside: `gpu of app ${app}`, severity: "warning" },
        without: `nobody of ours offers ${target.resource}`,
      },
      ...(choosesNodes
        ? [
            {
              ...{ operand: "gfd" as const, path, beside: `gpu of app ${app}` },
              without: "no node gets the label by which the app's pods choose its boards",
            },
          ]
        : []),
    ];
  });
}
