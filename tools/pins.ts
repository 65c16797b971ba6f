import type { Platform } from "./platform.ts";
import { platformParts } from "./platform.ts";
import type { ToolName } from "./tool.ts";

/** Where a vendor says what sha256 its files have. */
export interface PublishedChecksum {
  readonly url: string;
  /** `list`: lines of `<sha256>  <file>`; `bare`: the sha256 alone; `github`: the release in GitHub's API, whose assets carry a digest. */
  readonly form: "list" | "bare" | "github";
}

/** One file of a vendor's release. */
export interface Release {
  readonly url: string;
  /** The sha256 of the file, hexadecimal; undefined where nobody has pinned it yet, then `published` is asked. */
  readonly sha256: string | undefined;
  readonly published: PublishedChecksum;
  /** Path inside the .tar.gz; undefined when the file is the executable itself. */
  readonly member: string | undefined;
}

/** Tools that come from one release or one Go module; they are installed under one lock. */
export interface Source {
  readonly name: "pulumi" | "pulumi-kubernetes" | "kubernetes" | "kwok" | "kustomize" | "prometheus";
  /** Folder below `tools/` with go.mod and go.sum; undefined where no Go module exists. */
  readonly module: string | undefined;
  /** Value of `go build -ldflags`. */
  readonly ldflags: string;
  /** Value of `go build -tags`. Default: none. */
  readonly tags?: string;
  /** Seconds that a cold build of all its tools takes on two cores. */
  readonly usualSeconds: number;
}

/** What is wanted of one tool, and every way to get it. */
export interface Pin {
  readonly name: ToolName;
  /** Installed when nothing that fits is found; without a leading `v`. */
  readonly version: string;
  /** Range (as npm writes it) of versions that fit when found on PATH; undefined: any, plugins are not asked. */
  readonly fits: string | undefined;
  /** Arguments that make it print its version. */
  readonly versionArgs: readonly string[] | undefined;
  readonly source: Source;
  /** The vendor's file for a platform; undefined where the vendor publishes none. */
  readonly release: (platform: Platform) => Release | undefined;
  /** Go package of the executable. */
  readonly goPackage: string | undefined;
  /** Version of its Go module, where that counts otherwise. Default: `version`. */
  readonly goVersion?: string;
  /** Name that `go build` gives it, where it differs from `name`. */
  readonly builtAs?: string;
  /** True when `sim/stand-ins/bin/<name>` can take its place. */
  readonly standIn: boolean;
  readonly homepage: string;
}

const PULUMI = "3.259.0";
const PULUMI_KUBERNETES = "4.34.2";
const KUBERNETES = "1.37.2";
const ETCD = "3.7.3";
const KWOK = "0.8.0";
const KUSTOMIZE = "5.8.1";
const PROMETHEUS = "3.16.0";

/**
 * sha256 of release files, by file name. A file that is not here is compared with the checksum that its vendor publishes
 * beside it, which is weaker (whoever can change one can change both) and is said on stderr. Fill it from the vendor's checksum file.
 */
export const SHA256: Readonly<Record<string, string>> = {
  "kustomize_v5.8.1_darwin_amd64.tar.gz": "ee7cf0c1e3592aa7bb66ba82b359933a95e7f2e0b36e5f53ed0a4535b017f2f8",
  "kustomize_v5.8.1_darwin_arm64.tar.gz": "8886f8a78474e608cc81234f729fda188a9767da23e28925802f00ece2bab288",
  "kustomize_v5.8.1_linux_amd64.tar.gz": "029a7f0f4e1932c52a0476cf02a0fd855c0bb85694b82c338fc648dcb53a819d",
  "kustomize_v5.8.1_linux_arm64.tar.gz": "0953ea3e476f66d6ddfcd911d750f5167b9365aa9491b2326398e289fef2c142",
  // A new version has the same file names, so ours hold the version.
  "kwok-v0.8.0-linux-amd64": "f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46",
  "kwokctl-v0.8.0-linux-amd64": "d5743166c657283d6e827c7c4c20cacfd9009fd94830f06718ca7b2c7099461f",
};

const sources = {
  pulumi: {
    name: "pulumi",
    module: "pulumi",
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI}`,
    usualSeconds: 200,
  },
  pulumiKubernetes: { name: "pulumi-kubernetes", module: undefined, ldflags: "", usualSeconds: 0 },
  kubernetes: {
    name: "kubernetes",
    module: "kubernetes",
    ldflags: `-s -w ${kubernetesVersionFlags(KUBERNETES)}`,
    usualSeconds: 320,
  },
  kwok: { name: "kwok", module: "kwok", ldflags: "-s -w", usualSeconds: 70 },
  kustomize: {
    name: "kustomize",
    module: "kustomize",
    ldflags: `-s -w -X sigs.k8s.io/kustomize/api/provenance.version=v${KUSTOMIZE}`,
    usualSeconds: 30,
  },
  prometheus: {
    name: "prometheus",
    module: "prometheus",
    ldflags: `-s -w -X github.com/prometheus/common/version.Version=${PROMETHEUS}`,
    // Without the clients of two dozen clouds: rules are tested, nothing is discovered.
    tags: "remove_all_sd",
    usualSeconds: 180,
  },
} satisfies Record<string, Source>;

/** The one table of versions. */
export const PINS: Readonly<Record<ToolName, Pin>> = {
  pulumi: {
    name: "pulumi",
    version: PULUMI,
    fits: ">=3.245.0 <4.0.0",
    versionArgs: ["version"],
    source: sources.pulumi,
    release: (platform) => pulumiRelease(platform, "pulumi"),
    goPackage: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    standIn: false,
    homepage: "https://www.pulumi.com/docs/install/",
  },
  "pulumi-language-nodejs": {
    name: "pulumi-language-nodejs",
    version: PULUMI,
    fits: undefined,
    versionArgs: undefined,
    source: sources.pulumi,
    release: (platform) => pulumiRelease(platform, "pulumi-language-nodejs"),
    goPackage: undefined,
    standIn: true,
    homepage: "https://www.pulumi.com/docs/install/",
  },
  "pulumi-resource-kubernetes": {
    name: "pulumi-resource-kubernetes",
    version: PULUMI_KUBERNETES,
    fits: undefined,
    versionArgs: undefined,
    source: sources.pulumiKubernetes,
    release: (platform) => ({
      ...file(
        "https://get.pulumi.com/releases/plugins",
        `pulumi-resource-kubernetes-v${PULUMI_KUBERNETES}-${platform}.tar.gz`,
      ),
      member: "pulumi-resource-kubernetes",
      published: {
        form: "github",
        url: `https://api.github.com/repos/pulumi/pulumi-kubernetes/releases/tags/v${PULUMI_KUBERNETES}`,
      },
    }),
    goPackage: undefined,
    standIn: true,
    homepage: "https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/",
  },
  kubectl: { ...kubernetes("kubectl", ["version", "--client"]), fits: oneMinorAround(KUBERNETES) },
  kustomize: {
    name: "kustomize",
    version: KUSTOMIZE,
    fits: KUSTOMIZE,
    versionArgs: ["version"],
    source: sources.kustomize,
    release: (platform) => kustomizeRelease(platform),
    goPackage: "sigs.k8s.io/kustomize/kustomize/v5",
    standIn: false,
    homepage: "https://kubectl.docs.kubernetes.io/installation/kustomize/",
  },
  "kube-apiserver": kubernetes("kube-apiserver", ["--version"]),
  "kube-controller-manager": kubernetes("kube-controller-manager", ["--version"]),
  "kube-scheduler": kubernetes("kube-scheduler", ["--version"]),
  etcd: {
    name: "etcd",
    version: ETCD,
    fits: sameMinor(ETCD),
    versionArgs: ["--version"],
    source: sources.kubernetes,
    release: (platform) => etcdRelease(platform),
    goPackage: "go.etcd.io/etcd/server/v3",
    builtAs: "server",
    standIn: false,
    homepage: "https://etcd.io/docs/latest/install/",
  },
  kwok: kwok("kwok"),
  kwokctl: kwok("kwokctl"),
  promtool: {
    name: "promtool",
    version: PROMETHEUS,
    fits: ">=3.0.0 <4.0.0",
    versionArgs: ["--version"],
    source: sources.prometheus,
    release: prometheusRelease,
    goPackage: "github.com/prometheus/prometheus/cmd/promtool",
    // Prometheus 3.16.0 is v0.316.0 as a Go module.
    goVersion: goModuleVersion(PROMETHEUS),
    standIn: false,
    homepage: "https://prometheus.io/download/",
  },
};

function kubernetes(name: ToolName, versionArgs: readonly string[]): Pin {
  return {
    name,
    version: KUBERNETES,
    fits: sameMinor(KUBERNETES),
    versionArgs,
    source: sources.kubernetes,
    release: (platform) => kubernetesRelease(platform, name),
    goPackage: `k8s.io/kubernetes/cmd/${name}`,
    standIn: false,
    homepage: `https://kubernetes.io/releases/download/`,
  };
}

function kwok(name: "kwok" | "kwokctl"): Pin {
  return {
    name,
    version: KWOK,
    fits: sameMinor(KWOK),
    versionArgs: ["--version"],
    source: sources.kwok,
    release: (platform) => ({
      url: `https://github.com/kubernetes-sigs/kwok/releases/download/v${KWOK}/${name}-${platform}`,
      sha256: SHA256[`${name}-v${KWOK}-${platform}`],
      member: undefined,
      // The release holds binaries only; GitHub itself publishes a digest of each.
      published: {
        form: "github",
        url: `https://api.github.com/repos/kubernetes-sigs/kwok/releases/tags/v${KWOK}`,
      },
    }),
    goPackage: `sigs.k8s.io/kwok/cmd/${name}`,
    standIn: false,
    homepage: "https://kwok.sigs.k8s.io/docs/user/installation/",
  };
}

function pulumiRelease(platform: Platform, name: string): Release {
  const [os, arch] = platformParts(platform);
  const folder = "https://get.pulumi.com/releases/sdk";
  return {
    ...file(folder, `pulumi-v${PULUMI}-${os}-${arch === "amd64" ? "x64" : arch}.tar.gz`),
    member: `pulumi/${name}`,
    published: { form: "list", url: `${folder}/pulumi-${PULUMI}-checksums.txt` },
  };
}

function kubernetesRelease(platform: Platform, name: ToolName): Release | undefined {
  const [os, arch] = platformParts(platform);
  // Kubernetes publishes its servers for Linux only.
  if (os !== "linux" && name !== "kubectl") return undefined;
  const url = `https://dl.k8s.io/release/v${KUBERNETES}/bin/${os}/${arch}/${name}`;
  return {
    url,
    sha256: SHA256[`${name}-v${KUBERNETES}-${platform}`],
    member: undefined,
    published: { form: "bare", url: `${url}.sha256` },
  };
}

function etcdRelease(platform: Platform): Release | undefined {
  // For macOS etcd is published as .zip; the API server has to be built there anyway, from the same Go module.
  if (!platform.startsWith("linux")) return undefined;
  const folder = `https://github.com/etcd-io/etcd/releases/download/v${ETCD}`;
  return {
    ...file(folder, `etcd-v${ETCD}-${platform}.tar.gz`),
    member: `etcd-v${ETCD}-${platform}/etcd`,
    published: { form: "list", url: `${folder}/SHA256SUMS` },
  };
}

function kustomizeRelease(platform: Platform): Release {
  const [os, arch] = platformParts(platform);
  const folder = `https://github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv${KUSTOMIZE}`;
  return {
    ...file(folder, `kustomize_v${KUSTOMIZE}_${os}_${arch}.tar.gz`),
    member: "kustomize",
    published: { form: "list", url: `${folder}/checksums.txt` },
  };
}

function prometheusRelease(platform: Platform): Release {
  const folder = `https://github.com/prometheus/prometheus/releases/download/v${PROMETHEUS}`;
  const name = `prometheus-${PROMETHEUS}.${platform}`;
  return {
    ...file(folder, `${name}.tar.gz`),
    member: `${name}/promtool`,
    published: { form: "list", url: `${folder}/sha256sums.txt` },
  };
}

/** `3.16.0` → `0.316.0`: Prometheus' Go module never left version 0. */
function goModuleVersion(version: string): string {
  const [major, minor, patch] = version.split(".");
  return `0.${String(major)}${String(minor).padStart(2, "0")}.${String(patch)}`;
}

function file(folder: string, name: string): Pick<Release, "url" | "sha256"> {
  return { url: `${folder}/${name}`, sha256: SHA256[name] };
}

function kubernetesVersionFlags(version: string): string {
  const [major, minor] = version.split(".");
  const name = "k8s.io/component-base/version";
  return `-X ${name}.gitVersion=v${version} -X ${name}.gitMajor=${String(major)} -X ${name}.gitMinor=${String(minor)}`;
}

/** `1.37.2` → any `1.37`: simulated zones are tested with it. */
function sameMinor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

/** `1.37.2` → from `1.36` to `1.38`: kubectl is supported one minor version around its API server. */
function oneMinorAround(version: string): string {
  const [major, minor] = version.split(".").map(Number);
  return `>=${Number(major)}.${Number(minor) - 1}.0 <${Number(major)}.${Number(minor) + 2}.0`;
}
