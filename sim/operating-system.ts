const NFD = "feature.node.kubernetes.io/system-os_release";

/** What a node shows of its operating system. */
export interface OperatingSystem {
  /** `nodeInfo.osImage`. */
  readonly image: string;
  /** `nodeInfo.kernelVersion` where the pool does not say. */
  readonly kernel: string;
  /** Node Feature Discovery's labels. */
  readonly labels: Readonly<Record<string, string>>;
}

const NAMES: Readonly<Record<string, string>> = {
  ubuntu: "Ubuntu",
  rhel: "Red Hat Enterprise Linux",
  rocky: "Rocky Linux",
  debian: "Debian GNU/Linux",
  sles: "SUSE Linux Enterprise Server",
};

const KERNELS: Readonly<Record<string, string>> = {
  "ubuntu22.04": "5.15.0-118-generic",
  "ubuntu24.04": "6.8.0-45-generic",
};

/** @param os as pools name it: `ubuntu22.04`, `rhel9.4` */
export function describeOs(os: string): OperatingSystem {
  const match = /^([a-z_-]+?)-?(\d+(?:\.\d+)*)$/.exec(os);
  const id = match?.[1] ?? os;
  const version = match?.[2] ?? "";
  const [major = "", minor] = version.split(".");
  return {
    image: `${NAMES[id] ?? id} ${version}`.trim(),
    kernel: KERNELS[os] ?? "6.1.0-simulated",
    labels: {
      [`${NFD}.ID`]: id,
      ...(version !== "" && { [`${NFD}.VERSION_ID`]: version, [`${NFD}.VERSION_ID.major`]: major }),
      ...(minor !== undefined && { [`${NFD}.VERSION_ID.minor`]: minor }),
    },
  };
}
