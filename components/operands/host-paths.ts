import type { V1Container, V1EnvVar } from "@kubernetes/client-node";
import type { Zone } from "../../plan/config/zone.ts";
import { DRIVER_ROOT } from "../../plan/gpu/driver.ts";

/** Where things are on the nodes (ClusterPolicy `hostPaths`, gpu-operator v26.7.0). */
export interface HostPaths {
  /** Root of the host's file system. Default: `/`. */
  readonly rootFS: string;
  /** Where the driver's files are. Default: `/run/nvidia/driver`, where every driver container shows them. */
  readonly driverInstallDir: string;
  /** The kubelet's directory. Default: `/var/lib/kubelet`. */
  readonly kubeletRootDir: string;
}

const DEFAULTS: HostPaths = {
  rootFS: "/",
  driverInstallDir: DRIVER_ROOT,
  kubeletRootDir: "/var/lib/kubelet",
};

/** The zone's host paths, upstream's where it says nothing. */
export function hostPaths(zone: Zone): HostPaths {
  const own = zone.gpu.hostPaths;
  return {
    rootFS: own?.rootFS ?? DEFAULTS.rootFS,
    driverInstallDir: own?.driverInstallDir ?? DEFAULTS.driverInstallDir,
    kubeletRootDir: own?.kubeletRootDir ?? DEFAULTS.kubeletRootDir,
  };
}

/** Pods that mount the host's root get `HOST_ROOT` in every container, where it is not `/`: so upstream has it. */
function hostRootEnv(zone: Zone): V1EnvVar[] {
  const { rootFS } = hostPaths(zone);
  return rootFS === DEFAULTS.rootFS ? [] : [{ name: "HOST_ROOT", value: rootFS }];
}

/** The container with `HOST_ROOT`, where the host's root is not `/` and the zone's own variables do not say it. */
export function withHostRoot(zone: Zone, container: V1Container): V1Container {
  const { env = [] } = container;
  const more = hostRootEnv(zone).filter(({ name }) => env.every((each) => each.name !== name));
  return more.length === 0 ? container : Object.assign({}, container, { env: [...env, ...more] });
}
