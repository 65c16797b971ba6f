import type { V1Volume, V1VolumeMount } from "@kubernetes/client-node";
import type { Zone } from "../../plan/config/zone.ts";
import type { PackageFamily } from "../../plan/gpu/node-os.ts";
import type { DriverSet } from "./driver-sets.ts";

/** Where each family of systems looks for package sources and certificates (gpu-operator v26.7.0, driver_volumes.go). */
const DIRECTORIES: Readonly<Record<PackageFamily, { readonly repos: string; readonly certs: string }>> = {
  apt: { repos: "/etc/apt/sources.list.d", certs: "/usr/local/share/ca-certificates" },
  yum: { repos: "/etc/yum.repos.d", certs: "/etc/pki/ca-trust/extracted/pem" },
  zypper: { repos: "/etc/zypp/repos.d", certs: "/etc/pki/trust/anchors" },
};

/** The driver reads `<module>.conf` here. */
const KERNEL_MODULE_CONFIGS = "/drivers";

/** Files of a ConfigMap of the zone that belong into a directory of the driver's image. */
export interface DriverFiles {
  /** Name of the volume. */
  readonly name: string;
  readonly configMap: string;
  /** Directory in the image; it has files of its own, which stay. */
  readonly directory: string;
}

/** What the zone puts into a driver's container. Precompiled drivers install no packages, and take the modules' only. */
export function driverFiles(zone: Zone, { driver, os }: DriverSet): DriverFiles[] {
  const own = zone.gpu.driver;
  const directories = os.family && driver.mode === "container" ? DIRECTORIES[os.family] : undefined;
  const files: [name: string, configMap: string | undefined, directory: string | undefined][] = [
    ["repo-config", own?.repoConfig?.configMapName, directories?.repos],
    ["cert-config", own?.certConfig?.name, directories?.certs],
    ["kernel-module-config", own?.kernelModuleConfig?.name, KERNEL_MODULE_CONFIGS],
  ];
  return files.flatMap(([name, configMap, directory]) =>
    configMap === undefined || directory === undefined ? [] : [{ name, configMap, directory }],
  );
}

/** Where the ConfigMap's files are seen: over the image's directory itself they would hide what is there. */
function mountPath({ name }: DriverFiles): string {
  return `/etc/gpu-zones/${name}`;
}

export function filesMounts(files: readonly DriverFiles[]): V1VolumeMount[] {
  return files.map((each) => ({ name: each.name, mountPath: mountPath(each), readOnly: true }));
}

export function filesVolumes(files: readonly DriverFiles[]): V1Volume[] {
  return files.map(({ name, configMap }) => ({ name, configMap: { name: configMap } }));
}

/** The driver's own command, after the zone's files are where it looks for them. */
export function driverCommand(files: readonly DriverFiles[]): { command: string[]; args: string[] } {
  if (files.length === 0) return { command: ["nvidia-driver"], args: ["init"] };
  const copies = files.map(
    (each) => `mkdir -p ${each.directory} && cp -L ${mountPath(each)}/* ${each.directory}/`,
  );
  return { command: ["sh", "-c"], args: [[...copies, "exec nvidia-driver init"].join(" && ")] };
}

/** The subscription of a RHEL host, by which the build gets kernel headers. Type File and Directory, as upstream. */
const SUBSCRIPTION: readonly [name: string, mountPath: string, path: string, type: "Directory" | "File"][] = [
  ["etc-pki-entitlement", "/run/secrets/etc-pki-entitlement", "/etc/pki/entitlement", "Directory"],
  ["redhat-repo", "/run/secrets/redhat.repo", "/etc/yum.repos.d/redhat.repo", "File"],
  ["rhsm", "/run/secrets/rhsm", "/etc/rhsm", "Directory"],
];

/** Needed where packages come from Red Hat; CRI-O hands it to every container by itself. */
export function subscription(zone: Zone, { driver, os, pools }: DriverSet): [V1VolumeMount, V1Volume][] {
  const isWanted =
    os.id === "rhel" &&
    driver.mode === "container" &&
    zone.gpu.driver?.repoConfig === undefined &&
    pools.some(({ runtime }) => runtime?.startsWith("crio@") !== true);
  return isWanted
    ? SUBSCRIPTION.map(([name, path, host, type]) => [
        { name, mountPath: path, readOnly: true },
        { name, hostPath: { path: host, type } },
      ])
    : [];
}
