import type { V1Container, V1Volume } from "@kubernetes/client-node";
import { DEFAULT_ENTRY } from "./device-plugin-config.ts";

/** ConfigMap whose entries the nodes' label chooses from; the device plugin's and GPU Feature Discovery's alike. */
export const AVAILABLE_CONFIGS = "nvidia-device-plugin-config";

/** Where the chosen entry lies, for the value of `CONFIG_FILE`. */
export const CONFIG_FILE = "/config/config.yaml";

/** The process that is told of another entry. */
export interface ConfiguredProcess {
  /** The device plugin's image: the config manager is in it. */
  readonly image: string;
  /** Its argv[0], to the letter. */
  readonly process: string;
}

/** What a pod needs for its process to follow the node's label `nvidia.com/device-plugin.config`. */
export interface ConfigManager {
  /** Picks the entry before the process starts. */
  readonly init: V1Container;
  /** Puts another entry in its place and signals the process, when the label changes. The pod shares its processes. */
  readonly sidecar: V1Container;
  /** Of the process's container. */
  readonly mount: { readonly name: string; readonly mountPath: string };
  readonly volumes: readonly V1Volume[];
}

/** The config manager of k8s-device-plugin v0.20.0, as gpu-operator v26.7.0 runs it. */
export function configManager({ image, process }: ConfiguredProcess): ConfigManager {
  const mount = { name: "config", mountPath: "/config" };
  return {
    init: container(image, "config-manager-init", null),
    sidecar: container(image, "config-manager", process),
    mount,
    volumes: [
      { name: "available-configs", configMap: { name: AVAILABLE_CONFIGS } },
      { name: mount.name, emptyDir: {} },
    ],
  };
}

/** @param process whom to signal; null: once, and nobody */
function container(image: string, name: string, process: string | null): V1Container {
  return {
    name,
    image,
    command: ["config-manager"],
    env: [
      { name: "ONESHOT", value: String(process === null) },
      { name: "KUBECONFIG", value: "" },
      { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      { name: "NODE_LABEL", value: "nvidia.com/device-plugin.config" },
      { name: "CONFIG_FILE_SRCDIR", value: "/available-configs" },
      { name: "CONFIG_FILE_DST", value: CONFIG_FILE },
      { name: "DEFAULT_CONFIG", value: DEFAULT_ENTRY },
      { name: "FALLBACK_STRATEGIES", value: "empty" },
      { name: "SEND_SIGNAL", value: String(process !== null) },
      { name: "SIGNAL", value: process === null ? "" : "1" },
      { name: "PROCESS_TO_SIGNAL", value: process ?? "" },
    ],
    // As upstream: SELinux keeps other containers from signalling a privileged one.
    ...(process === null ? {} : { securityContext: { privileged: true } }),
    volumeMounts: [
      { name: "available-configs", mountPath: "/available-configs" },
      { name: "config", mountPath: "/config" },
    ],
  };
}
