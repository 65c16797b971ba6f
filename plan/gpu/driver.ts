import { RELEASES } from "../../components/releases/releases.ts";
import type { ZoneSettings } from "../config/schema/zone.ts";
import type { NodePool } from "../config/zone.ts";

export type DriverMode = "container" | "precompiled" | "preinstalled";
export type KernelModuleType = "auto" | "open" | "proprietary";

/** How the boards of a pool are driven. */
export interface PoolDriver {
  readonly mode: DriverMode;
  /** `580.178.04`; the branch alone (`580`) of a precompiled driver; empty: what the hosts have is not known. */
  readonly version: string;
  /** `580`; 0: not known. */
  readonly branch: number;
  readonly kernelModuleType: KernelModuleType;
  /** Value of the node label `gpu-zones.dev/driver`; it holds no operating system. */
  readonly label: string;
}

/** Value of `gpu-zones.dev/driver` on nodes whose hosts bring the driver. */
export const PREINSTALLED = "preinstalled";

/** Where a driver container shows its files: its script mounts them there, and points the kernel to its firmware there. */
export const DRIVER_ROOT = "/run/nvidia/driver";

/** What of a zone decides about drivers. */
export interface DriverZone {
  readonly gpu: Pick<ZoneSettings["gpu"], "release" | "driver">;
  readonly cluster: Pick<ZoneSettings["cluster"], "platform">;
}

/** The driver of a pool: the pool's own word, then the zone's, then the release's. */
export function driverOf(zone: DriverZone, pool: Pick<NodePool, "driver">): PoolDriver {
  const [ofPool, ofZone] = [pool.driver, zone.gpu.driver];
  const zoneMode = modeOfZone(zone);
  const mode = zone.cluster.platform === PREINSTALLED ? PREINSTALLED : (ofPool?.mode ?? zoneMode);
  const kernelModuleType = ofPool?.kernelModuleType ?? ofZone?.kernelModuleType ?? "auto";
  if (mode === PREINSTALLED) {
    // The zone's version is what we install, unless its hosts have the drivers: then it says which.
    const version = ofPool?.version ?? (zoneMode === PREINSTALLED ? ofZone?.version : undefined) ?? "";
    return { mode, version, branch: branchOf(version), kernelModuleType, label: PREINSTALLED };
  }
  const written = ofPool?.version ?? ofZone?.version ?? RELEASES[zone.gpu.release].driver.tag;
  const branch = branchOf(written);
  const version = mode === "precompiled" ? String(branch) : written;
  const modules = moduleSuffix(kernelModuleType);
  const label = `${version}${mode === "precompiled" ? "-precompiled" : ""}${modules}`;
  return { mode, version, branch, kernelModuleType, label };
}

/** `-open` or `-proprietary`; nothing where the driver chooses. */
export function moduleSuffix(kernelModuleType: KernelModuleType): string {
  return kernelModuleType === "auto" ? "" : `-${kernelModuleType}`;
}

function modeOfZone({ cluster, gpu }: DriverZone): DriverMode {
  const isOnHosts = cluster.platform === PREINSTALLED || gpu.driver?.enabled === false;
  return isOnHosts ? PREINSTALLED : (gpu.driver?.mode ?? "container");
}

function branchOf(version: string): number {
  return version === "" ? 0 : Number.parseInt(version, 10);
}

/** One or a list, as pools write operating systems and kernels. */
export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}
