import type { V1EnvVar } from "@kubernetes/client-node";
import type { NodePool, Zone } from "../../plan/config/zone.ts";

/** What the container toolkit has to know of a container runtime; paths are the host's. */
export interface ContainerRuntime {
  readonly name: "containerd" | "crio";
  /** The runtime's own configuration. */
  readonly config: string;
  /** Where the toolkit writes its part. */
  readonly dropIn: string;
  /** By which the runtime's process is found; undefined: it is restarted through systemd. */
  readonly socket: string | undefined;
  /** Where the configuration is read before it is extended: RUNTIME_CONFIG_SOURCE. */
  readonly source: string;
}

/** Pools whose nodes have the same runtime. */
export interface RuntimeVariant {
  /** `containerd-1`, `containerd-2` or `crio`. */
  readonly name: string;
  readonly runtime: ContainerRuntime;
  readonly pools: readonly string[];
}

/** CRI-O reads its directory of drop-ins by itself, and prints a configuration that fits them. */
const CRIO: ContainerRuntime = {
  name: "crio",
  config: "/etc/crio/config.toml",
  dropIn: "/etc/crio/crio.conf.d/99-nvidia.conf",
  socket: undefined,
  source: "command,file",
};

/**
 * `containerd config dump` of 2.0 and newer prints a newer version than the file has; a drop-in of that version stops
 * containerd (NVIDIA/aicr#1688). Before, the dump is right, and knows what the file imports.
 */
function containerd(isOld: boolean): ContainerRuntime {
  return {
    name: "containerd",
    config: "/etc/containerd/config.toml",
    dropIn: "/etc/containerd/conf.d/99-nvidia.toml",
    socket: "/run/containerd/containerd.sock",
    source: isOld ? "command,file" : "file",
  };
}

/** K3s and RKE2 write config.toml anew at each start, with an import of the drop-ins; their hosts have no containerd to ask. */
function rancher(distribution: "k3s" | "rke2", isOld: boolean): ContainerRuntime {
  const directory = `/var/lib/rancher/${distribution}/agent/etc/containerd`;
  return {
    name: "containerd",
    config: `${directory}/config.toml`,
    dropIn: `${directory}/config${isOld ? "" : "-v3"}.toml.d/99-nvidia.toml`,
    socket: "/run/k3s/containerd/containerd.sock",
    source: "file",
  };
}

/** Each runtime of the zone's pools once, in the order of the pools. A pool that does not say has a containerd of today. */
export function runtimeVariants(zone: Zone): RuntimeVariant[] {
  const variants = new Map<string, RuntimeVariant>();
  for (const [pool, { runtime }] of Object.entries(zone.nodePools)) {
    const variant = variantOf(zone, runtime);
    variants.set(variant.name, {
      ...variant,
      pools: [...(variants.get(variant.name)?.pools ?? []), pool],
    });
  }
  return variants.size === 0 ? [{ ...variantOf(zone, undefined), pools: [] }] : [...variants.values()];
}

/** Runtimes of one name are configured in the same way. @param runtime such as `containerd@2.1`; default: a containerd of today */
export function variantName(runtime: NodePool["runtime"]): "containerd-1" | "containerd-2" | "crio" {
  if (runtime?.startsWith("crio@") === true) return "crio";
  return runtime?.startsWith("containerd@1.") === true ? "containerd-1" : "containerd-2";
}

function variantOf(zone: Zone, runtime: NodePool["runtime"]): Omit<RuntimeVariant, "pools"> {
  const name = variantName(runtime);
  if (name === "crio") return { name, runtime: CRIO };
  const isOld = name === "containerd-1";
  const { platform } = zone.cluster;
  return {
    name,
    runtime: platform === "k3s" || platform === "rke2" ? rancher(platform, isOld) : containerd(isOld),
  };
}

/** Names by which `gpu.toolkit.env` says another path of the host: it means the host, as in the operator. */
const PATHS = {
  config: { containerd: ["RUNTIME_CONFIG", "CONTAINERD_CONFIG"], crio: ["RUNTIME_CONFIG", "CRIO_CONFIG"] },
  dropIn: { containerd: ["RUNTIME_DROP_IN_CONFIG"], crio: ["RUNTIME_DROP_IN_CONFIG"] },
  socket: { containerd: ["RUNTIME_SOCKET", "CONTAINERD_SOCKET"], crio: ["RUNTIME_SOCKET"] },
  source: { containerd: ["RUNTIME_CONFIG_SOURCE"], crio: ["RUNTIME_CONFIG_SOURCE"] },
} as const;

const PATH_NAMES: ReadonlySet<string> = new Set(
  Object.values(PATHS).flatMap(({ containerd: one, crio: other }) => [...one, ...other]),
);

/** The runtime with what the zone's variables say of it, and the variables that say something else. */
export function withOwnPaths(
  runtime: ContainerRuntime,
  own: readonly V1EnvVar[],
): { readonly runtime: ContainerRuntime; readonly env: readonly V1EnvVar[] } {
  const said = (key: keyof typeof PATHS): string | undefined =>
    PATHS[key][runtime.name].flatMap((name) => own.find((each) => each.name === name)?.value ?? [])[0];
  return {
    runtime: {
      name: runtime.name,
      config: said("config") ?? runtime.config,
      dropIn: said("dropIn") ?? runtime.dropIn,
      socket: said("socket") ?? runtime.socket,
      // A file of the host is seen below /host; upstream wants it written so.
      source: (said("source") ?? runtime.source).replace(/(^|,)file=(?=\/(?!host\/))/g, "$1file=/host"),
    },
    env: own.filter(({ name }) => !PATH_NAMES.has(name)),
  };
}
