import type { Problem } from "../config/problem.ts";
import type { Zone } from "../config/zone.ts";
import { configPlace, type Check } from "./check.ts";

/** The first containerd that takes devices by the Container Device Interface (gpu-stack reference 12). */
const FIRST_WITH_CDI = { major: 1, minor: 7 };

/**
 * How GPUs reach containers is one setting of the zone: without CDI CRI-O has no runtime handler `nvidia`, under
 * containerd all hangs on it, and the operands' DaemonSets serve both; with CDI a runtime must know it.
 */
export const cdiFitsRuntime: Check = ({ zone }) => {
  if (!zone.gpu.managed) return [];
  return zone.gpu.cdi?.enabled === false ? withoutCdi(zone) : withCdi(zone);
};

function withoutCdi(zone: Zone): Problem[] {
  // The host's toolkit gives the handlers that its owner wants.
  if (zone.gpu.toolkit?.enabled === false) return [];
  const pools = Object.entries(zone.nodePools);
  const isCrio = (runtime: string | undefined): boolean => runtime?.startsWith("crio@") === true;
  const crio = pools.filter(([, { runtime }]) => isCrio(runtime)).map(([name]) => name);
  const others = pools.filter(([, { runtime }]) => !isCrio(runtime)).map(([name]) => name);
  if (crio.length === 0 || others.length === 0) return [];
  return [
    {
      ...configPlace(zone, "gpu.cdi.enabled"),
      code: "GZ223",
      severity: "error",
      message: `wanted pools of one container runtime with gpu.cdi.enabled: false, got CRI-O in ${crio.join(", ")} and containerd in ${others.join(", ")}: without CDI the operands need the RuntimeClass nvidia under containerd, and CRI-O has no handler of that name`,
      fix: "take gpu.cdi.enabled: false out, or give the runtimes zones of their own",
    },
  ];
}

function withCdi(zone: Zone): Problem[] {
  return Object.entries(zone.nodePools).flatMap(([name, { runtime }]): Problem[] => {
    const [, major, minor] = /^containerd@(\d+)\.(\d+)/.exec(runtime ?? "") ?? [];
    if (runtime === undefined || major === undefined) return [];
    const isOld =
      Number(major) < FIRST_WITH_CDI.major ||
      (Number(major) === FIRST_WITH_CDI.major && Number(minor) < FIRST_WITH_CDI.minor);
    if (!isOld) return [];
    return [
      {
        ...configPlace(zone, `nodePools.${name}.runtime`),
        code: "GZ223",
        severity: "error",
        message: `wanted containerd 1.7 or newer in pool ${name}, got ${runtime}: it does not know the Container Device Interface, by which GPUs reach containers`,
        fix: "set gpu.cdi.enabled: false, or upgrade containerd on the nodes",
      },
    ];
  });
}
