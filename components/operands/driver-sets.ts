import { driverOf, listOf, moduleSuffix, type PoolDriver } from "../../plan/gpu/driver.ts";
import { nodeOs, type NodeOs } from "../../plan/gpu/node-os.ts";
import { LABEL_MAX } from "../../plan/config/schema/values.ts";
import type { NodePool, Zone } from "../../plan/config/zone.ts";
import { contentHash } from "./content-hash.ts";

/** Nodes that take one driver image: of one driver, one operating system, and one kernel where it is precompiled. */
export interface DriverSet {
  /** Of the DaemonSet, and its pods' label `app`. */
  readonly name: string;
  readonly driver: PoolDriver;
  readonly os: NodeOs;
  /** Of precompiled drivers alone. */
  readonly kernel: string | undefined;
  readonly pools: readonly NodePool[];
}

/** Every driver that the zone installs, in the order of its pools; none for hosts that bring theirs. */
export function driverSets(zone: Zone): DriverSet[] {
  const sets = new Map<string, DriverSet>();
  for (const pool of Object.values(zone.nodePools)) {
    const driver = driverOf(zone, pool);
    if (driver.mode === "preinstalled") continue;
    const kernels = driver.mode === "precompiled" ? listOf(pool.kernel) : [undefined];
    for (const os of listOf(pool.os).map(nodeOs)) {
      for (const kernel of kernels) {
        const name = setName(driver, os, kernel);
        sets.set(name, { name, driver, os, kernel, pools: [...(sets.get(name)?.pools ?? []), pool] });
      }
    }
  }
  return [...sets.values()];
}

/** `nvidia-driver-<version or branch>-<osTag>[-<kernel>][-open|-proprietary]`, at most as long as a label. */
function setName(
  { version, kernelModuleType }: PoolDriver,
  { tag }: NodeOs,
  kernel: string | undefined,
): string {
  const ofKernel = kernel === undefined ? "" : `-${kernel.toLowerCase().replace(/[^-a-z0-9.]+/g, ".")}`;
  const name = `nvidia-driver-${version}-${tag}${ofKernel}${moduleSuffix(kernelModuleType)}`;
  if (name.length <= LABEL_MAX) return name;
  const hash = `-${contentHash(name)}`;
  return `${name.slice(0, LABEL_MAX - hash.length).replace(/[-.]+$/, "")}${hash}`;
}
