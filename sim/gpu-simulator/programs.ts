import path from "node:path";
import type { ContainerSpec, NodePod, VolumeMount } from "./node-pod.ts";

/** Processes of the stack that the simulator plays; every other one just runs. */
const PROGRAMS = {
  "nvidia-validator": "validator",
  "driver-manager": "driver-manager",
  "nvidia-mig-manager": "mig-manager",
  "nvidia-toolkit": "toolkit",
  "nvidia-ctk-installer": "toolkit",
  "mps-control-daemon": "mps-daemon",
  "config-manager": "config-manager",
  "gpu-feature-discovery": "feature-discovery",
  "nvidia-device-plugin": "device-plugin",
  "nvidia-driver": "driver",
} as const;
export type Program = (typeof PROGRAMS)[keyof typeof PROGRAMS];

/** Where an image's own entrypoint is used, the container's name of the contract tells. */
const BY_NAME: Readonly<Record<string, Program>> = {
  "k8s-driver-manager": "driver-manager",
  "nvidia-driver-ctr": "driver",
  "nvidia-container-toolkit-ctr": "toolkit",
  "nvidia-device-plugin": "device-plugin",
  "gpu-feature-discovery": "feature-discovery",
  "nvidia-mig-manager": "mig-manager",
  "mps-control-daemon-ctr": "mps-daemon",
  "config-manager-init": "config-manager",
  "config-manager": "config-manager",
};

/** The head of a shell's loop that a file ends. */
const WAIT = /\b(?:until|while !|while) \[ (?:! )?-[ef] "?([^\s"\]]+)"? \]/g;

/** What a container's process is, as its command and the scripts that are mounted for it say. */
export interface Process {
  /** Undefined: none that the simulator knows; it just runs. */
  readonly program: Program | undefined;
  /** The program as it is called: what another container finds it by. */
  readonly called: string;
  /** Files, as paths in the container, that have to exist before the process goes on. */
  readonly waitsFor: readonly string[];
  /** It does not wait where the host answers to nvidia-smi. */
  readonly asksHost: boolean;
}

type ConfigMaps = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Parts = Pick<NodePod, "volumes">;

export function processOf(container: ContainerSpec, pod: Parts, configMaps: ConfigMaps): Process {
  const words = container.command ?? [];
  const text = words.map((word) => mountedText(word, container, pod, configMaps) ?? word).join("\n");
  const waits = {
    waitsFor: [...text.matchAll(WAIT)].map(([, file = ""]) => file),
    asksHost: /chroot \/host\b.*nvidia-smi/.test(text),
  };
  if (/\bmps-control-daemon\s+mount-shm\b/.test(text)) return { program: undefined, called: "", ...waits };
  for (const [name, program] of Object.entries(PROGRAMS)) {
    const call = new RegExp(String.raw`(?:^|[\s;&|(])((?:/\S*/)?${name})(?=$|[\s;&|)])`, "m").exec(text);
    if (call !== null) return { program, called: call[1] ?? name, ...waits };
  }
  const program = words.length === 0 ? BY_NAME[container.name] : undefined;
  return { program, called: container.name, ...waits };
}

/** Everything that a pod, or a template of pods, runs. */
export function programsOf(
  parts: Pick<NodePod, "containers" | "initContainers" | "volumes">,
  configMaps: ConfigMaps,
): ReadonlySet<Program> {
  const all = [...parts.initContainers, ...parts.containers];
  return new Set(all.flatMap((each) => processOf(each, parts, configMaps).program ?? []));
}

/** The text of a file that a ConfigMap puts into the container; undefined: there is none at that path. */
export function mountedText(
  file: string,
  container: ContainerSpec,
  pod: Parts,
  configMaps: ConfigMaps,
): string | undefined {
  if (!file.startsWith("/")) return undefined;
  const mount = mountOf(file, container);
  const volume = pod.volumes[mount?.name ?? ""];
  const map = configMaps[volume?.configMap ?? ""];
  if (mount === undefined || map === undefined) return undefined;
  const within = mount.subPath ?? path.posix.relative(mount.mountPath, file);
  return map[volume?.items === undefined ? within : (volume.items[within] ?? "")];
}

/** Where a container's path lies on the host; undefined: it is the container's own. */
export function hostPathOf(file: string, container: ContainerSpec, pod: Parts): string | undefined {
  const mount = mountOf(file, container);
  const root = pod.volumes[mount?.name ?? ""]?.hostPath;
  if (mount === undefined || root === undefined) return undefined;
  return path.posix.join(root, mount.subPath ?? "", path.posix.relative(mount.mountPath, file));
}

function mountOf(file: string, container: ContainerSpec): VolumeMount | undefined {
  const within = (container.volumeMounts ?? []).filter(
    ({ mountPath }) => file === mountPath || file.startsWith(`${mountPath.replace(/\/$/, "")}/`),
  );
  return within.toSorted((a, b) => b.mountPath.length - a.mountPath.length)[0];
}
