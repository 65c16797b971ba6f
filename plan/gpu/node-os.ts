const NFD = "feature.node.kubernetes.io/system-os_release";

/** Systems whose driver images know the major version alone (gpu-operator v26.7.0). */
const BY_MAJOR: readonly string[] = ["rhel", "rocky", "ol"];

/** Which tool installs packages in a driver image of the system. */
export type PackageFamily = "apt" | "yum" | "zypper";

const FAMILIES: Readonly<Record<string, PackageFamily>> = {
  ubuntu: "apt",
  debian: "apt",
  rhel: "yum",
  rocky: "yum",
  ol: "yum",
  centos: "yum",
  sles: "zypper",
  "sl-micro": "zypper",
};

/** An operating system of nodes. */
export interface NodeOs {
  /** `ID` of os-release, such as `ubuntu`. */
  readonly id: string;
  /** End of a driver image's tag: `ubuntu22.04`, `rhel9`. */
  readonly tag: string;
  /** Labels by which Node Feature Discovery tells the nodes that run it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: no driver image of such a system is known. */
  readonly family: PackageFamily | undefined;
}

/** @param text as pools name it: `ubuntu22.04`, `rhel9.4` */
export function nodeOs(text: string): NodeOs {
  const [, id = text, version = ""] = /^([a-z][a-z_-]*?)[-_]?(\d+(?:\.\d+)*)$/.exec(text) ?? [];
  const [major = ""] = version.split(".");
  const isByMajor = BY_MAJOR.includes(id);
  const ofVersion = isByMajor
    ? { [`${NFD}.VERSION_ID.major`]: major }
    : version === ""
      ? {}
      : { [`${NFD}.VERSION_ID`]: version };
  return {
    id,
    tag: `${id}${isByMajor ? major : version}`,
    labels: { [`${NFD}.ID`]: id, ...ofVersion },
    family: FAMILIES[id],
  };
}
