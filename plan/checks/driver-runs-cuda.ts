import type { Problem } from "../config/problem.ts";
import type { AppSettings, NodePool, Zone } from "../config/zone.ts";
import { cudaBranches } from "../gpu/cuda.ts";
import { migStrategy, offersGpu, productLabel, profilesOf } from "../gpu/product-label.ts";
import { resolveGpuRequests } from "../gpu/request.ts";
import type { GpuTarget } from "../render/gpu-target.ts";
import { configPlace, type Check } from "./check.ts";
import type { DriverOf } from "./driver-check.ts";

const MIG_RESOURCE = "nvidia.com/mig-";

/** A driver knows CUDA up to its own version; an app of a newer one fails at its first call. */
export function driverRunsCuda(driverOf: DriverOf): Check {
  return ({ zone }) => {
    if (!zone.gpu.managed) return [];
    const { targets } = resolveGpuRequests(zone);
    return Object.entries(zone.apps).flatMap(([name, app]) =>
      app.cudaMin === undefined ? [] : find(zone, name, app, app.cudaMin, targets[name], driverOf),
    );
  };
}

function find(
  zone: Zone,
  name: string,
  app: AppSettings,
  cuda: string,
  target: GpuTarget | undefined,
  driverOf: DriverOf,
): Problem[] {
  // A request that the zone cannot serve is told of already.
  if (app.gpu !== undefined && target === undefined) return [];
  const at = { ...configPlace(zone, `apps.${name}.cudaMin`), code: "GZ216" as const };
  const { least, full } = cudaBranches(cuda);
  if (least === undefined) {
    return [
      {
        ...{ ...at, severity: "warning" as const },
        message: `wanted a CUDA version whose drivers are known, got ${cuda}: the driver is not checked`,
        fix: "compare it with the driver table in the release notes of that CUDA version",
      },
    ];
  }
  const pools = Object.entries(zone.nodePools)
    .filter(([, pool]) => mayRunOn(zone, pool, target))
    .map(([pool, settings]) => ({ pool, branch: driverOf(zone, settings).branch }))
    .filter(({ branch }) => branch > 0);
  const below = (bound: number): string =>
    pools
      .filter(({ branch }) => branch < bound)
      .map(({ pool, branch }) => `pool ${pool} with branch ${branch}`)
      .join(", ");
  const tooOld = below(least);
  if (tooOld !== "") {
    return [
      {
        // Which nodes the app's own files mean is not known.
        ...{ ...at, severity: target === undefined ? ("warning" as const) : ("error" as const) },
        message: `wanted a driver of branch ${least} or newer for CUDA ${cuda}, got ${tooOld}`,
        fix: `set the driver's version to branch ${full ?? least} or newer, or lower cudaMin where the image brings its own cuda-compat`,
      },
    ];
  }
  const limited = full === undefined ? "" : below(full);
  if (limited === "" || full === undefined) return [];
  return [
    {
      ...{ ...at, severity: "warning" as const },
      message: `wanted a driver of branch ${full} or newer for all of CUDA ${cuda}, got ${limited}: apps that compile PTX at their start, or use what is new in ${cuda}, fail there`,
      fix: `set the driver's version to branch ${full} or newer, or lower cudaMin to what the app needs`,
    },
  ];
}

/** Whether the app's replicas can land on the pool's nodes. */
function mayRunOn(zone: Zone, pool: NodePool, target: GpuTarget | undefined): boolean {
  if (target === undefined) return true;
  const strategy = migStrategy(zone.gpu);
  const { resource, nodeSelector, productLabels } = target;
  const labels = productLabels ?? Object.values(nodeSelector ?? {});
  const offered = resource.startsWith(MIG_RESOURCE)
    ? (profilesOf(pool)?.includes(resource.slice(MIG_RESOURCE.length)) ?? true)
    : offersGpu(pool, strategy);
  return offered && (labels.length === 0 || labels.includes(productLabel(pool, strategy)));
}
