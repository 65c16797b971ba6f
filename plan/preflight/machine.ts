import type { V1Node } from "@kubernetes/client-node";
import { isReady } from "../ready.ts";

/** A node as its kubelet and Node Feature Discovery tell of it. */
export interface Machine {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ready: boolean;
  /** Such as `ubuntu22.04`; undefined where neither labels nor the kubelet say it. */
  readonly os: string | undefined;
  /** Such as `5.15.0-118-generic`. */
  readonly kernel: string | undefined;
  /** As pools name it, such as `containerd@2.1.4`. */
  readonly runtime: string | undefined;
  /** Version of the kubelet, such as `1.34.2`. */
  readonly kubelet: string | undefined;
  /** True for a node that kwok plays: nothing runs there. */
  readonly simulated: boolean;
}

const OS = "feature.node.kubernetes.io/system-os_release";

/** Names that distributions give themselves, by what Node Feature Discovery calls them (`ID` of os-release). */
const IMAGES: readonly (readonly [id: string, image: RegExp])[] = [
  ["ubuntu", /^Ubuntu (\d+\.\d+)/],
  ["rhel", /^Red Hat Enterprise Linux.*? (\d+(\.\d+)?)/],
  ["rocky", /^Rocky Linux (\d+(\.\d+)?)/],
  ["ol", /^Oracle Linux Server (\d+(\.\d+)?)/],
  ["debian", /^Debian GNU\/Linux (\d+)/],
  ["sles", /^SUSE Linux Enterprise Server (\d+(\.\d+)?)/],
];

export function machineOf({ metadata, status }: V1Node): Machine {
  const labels = metadata?.labels ?? {};
  const { osImage = "", kernelVersion, containerRuntimeVersion, kubeletVersion } = status?.nodeInfo ?? {};
  return {
    name: metadata?.name ?? "",
    labels,
    ready: isReady(status),
    os: osOfLabels(labels) ?? osOfImage(osImage),
    kernel: text(kernelVersion),
    runtime: runtimeOf(containerRuntimeVersion),
    kubelet: text(kubeletVersion?.replace(/^v/, "")),
    simulated: metadata?.annotations?.["kwok.x-k8s.io/node"] !== undefined,
  };
}

/** True when a node with this operating system is one of the declared: `rhel9` takes `rhel9.4`. */
export function isOs(real: string, declared: readonly string[]): boolean {
  return declared.some((os) => real === os || (/^(rhel|rocky|ol)\d+$/.test(os) && real.startsWith(`${os}.`)));
}

function osOfLabels(labels: Machine["labels"]): string | undefined {
  const id = labels[`${OS}.ID`];
  return id === undefined ? undefined : `${id}${labels[`${OS}.VERSION_ID`] ?? ""}`;
}

function osOfImage(image: string): string | undefined {
  for (const [id, pattern] of IMAGES) {
    const version = pattern.exec(image)?.[1];
    if (version !== undefined) return `${id}${version}`;
  }
  return text(image);
}

/** `containerd://2.1.4` as pools write it: `containerd@2.1.4`; CRI-O calls itself cri-o. */
function runtimeOf(version: string | undefined): string | undefined {
  return text(version?.replace(/^cri-o:/, "crio:").replace("://", "@"));
}

function text(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}
