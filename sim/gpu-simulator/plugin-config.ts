import { parse } from "yaml";
import { z } from "zod";
import { LOADED_CONFIG, readLoadedConfig, type LoadedConfig } from "../annotations.ts";
import { PLUGIN_CONFIG } from "./labels.ts";
import type { ContainerSpec, NodeDraft, Observed, OperandPod } from "./node-draft.ts";

const strategy = z.enum(["none", "single", "mixed"]);
export type MigStrategy = z.infer<typeof strategy>;

const sharing = z.object({
  renameByDefault: z.boolean().default(false),
  resources: z.array(z.object({ name: z.string(), replicas: z.int().min(2) })).min(1),
});

// Unknown keys are ignored silently, as the device plugin does.
const file = z.object({
  version: z.literal("v1"),
  flags: z.object({ migStrategy: strategy.optional() }).optional(),
  sharing: z.object({ timeSlicing: sharing.optional(), mps: sharing.optional() }).optional(),
});

/** How the device plugin offers the node's GPUs. */
export interface PluginConfig {
  readonly migStrategy: MigStrategy;
  readonly sharing: "none" | "time-slicing" | "mps";
  /** Replicas by resource; a resource that is not in it is not shared. */
  readonly replicas: Readonly<Record<string, number>>;
  /** Shared resources are called `<resource>.shared`. */
  readonly rename: boolean;
}

/** Why the plugin, or one of the containers beside it, would not start. */
export class PluginConfigError extends Error {
  override readonly name = "PluginConfigError";
}

const AVAILABLE = "/available-configs";

/**
 * The config that the plugin's pod runs with. A running plugin keeps the file that it has read, whatever becomes of
 * the ConfigMap, until its pod is a new one or the node's label names another entry that is there: so does the real
 * one (gpu-operator#1144). What was read is kept on the node.
 * @throws PluginConfigError
 */
export function loadPluginConfig(node: NodeDraft, pod: OperandPod, observed: Observed): PluginConfig {
  const plugin = pod.containers.find(({ name }) => name === "nvidia-device-plugin") ?? pod.containers[0];
  const loaded = readLoadedConfig(node.annotations);
  const { entry, text } =
    loaded?.pod === pod.uid
      ? reloaded(loaded, node, pod, plugin, observed)
      : chooseFile(node, pod, plugin, observed);
  const config = pluginConfig(text, environment(plugin)["MIG_STRATEGY"]);
  // A file with which the plugin does not come up is read again at its next start.
  node.annotations[LOADED_CONFIG] = JSON.stringify({ pod: pod.uid, entry, text });
  return config;
}

type ConfigFile = Pick<LoadedConfig, "entry" | "text">;

/** What a running plugin reads: another file only where the label names one that it can have. */
function reloaded(
  loaded: ConfigFile,
  node: NodeDraft,
  pod: OperandPod,
  plugin: ContainerSpec | undefined,
  observed: Observed,
): ConfigFile {
  try {
    const chosen = chooseFile(node, pod, plugin, observed);
    return chosen.entry === loaded.entry ? loaded : chosen;
  } catch (error) {
    if (!(error instanceof PluginConfigError)) throw error;
    node.complaints.push(`config manager: ${error.message}; the device plugin runs on with what it has read`);
    return loaded;
  }
}

/** What the config manager gives the plugin at its start. */
function chooseFile(
  node: NodeDraft,
  pod: OperandPod,
  plugin: ContainerSpec | undefined,
  observed: Observed,
): ConfigFile {
  const map = availableConfigs(pod, plugin, observed);
  const entry = map === undefined ? null : chooseEntry(node, pod, map);
  return { entry, text: (entry !== null && map?.[entry]) || "" };
}

/** @param text the config file; empty: the plugin runs with none */
export function pluginConfig(text: string, migStrategy: string | undefined): PluginConfig {
  const config = text === "" ? undefined : readFile(text);
  // What is set in the environment wins over the same key in the file.
  const wanted = strategy.safeParse(migStrategy ?? config?.flags?.migStrategy ?? "none");
  if (!wanted.success) {
    throw new PluginConfigError(`wanted MIG strategy none, single or mixed, got ${migStrategy ?? ""}`);
  }
  const { timeSlicing, mps } = config?.sharing ?? {};
  const shared = mps ?? timeSlicing;
  return {
    migStrategy: wanted.data,
    sharing: mps !== undefined ? "mps" : timeSlicing !== undefined ? "time-slicing" : "none",
    replicas: Object.fromEntries((shared?.resources ?? []).map(({ name, replicas }) => [name, replicas])),
    rename: shared?.renameByDefault ?? false,
  };
}

/** Data of the ConfigMap that the config manager chooses from; undefined: the plugin runs without a file. */
function availableConfigs(
  pod: OperandPod,
  plugin: ContainerSpec | undefined,
  observed: Observed,
): Readonly<Record<string, string>> | undefined {
  const manager = configManager(pod);
  const volume = manager?.volumeMounts?.find((mount) => mount.mountPath === AVAILABLE)?.name;
  if (manager === undefined || volume === undefined) return undefined;
  const name = pod.configMaps[volume];
  if (name === undefined) throw new PluginConfigError(`volume ${volume} at ${AVAILABLE} is no ConfigMap`);
  const map = observed.configMaps[name];
  if (map === undefined)
    throw new PluginConfigError(`ConfigMap ${name}, which the pod mounts, does not exist`);
  const written = environment(manager)["CONFIG_FILE_DST"];
  const read = environment(plugin)["CONFIG_FILE"];
  if (written === undefined || written !== read) {
    throw new PluginConfigError(
      `the config manager writes CONFIG_FILE_DST (${written ?? "unset"}), the plugin reads CONFIG_FILE (${read ?? "unset"})`,
    );
  }
  return map;
}

function chooseEntry(node: NodeDraft, pod: OperandPod, map: Readonly<Record<string, string>>): string | null {
  const settings = environment(configManager(pod));
  const key = settings["NODE_LABEL"] ?? PLUGIN_CONFIG;
  const labelled = node.labels[key] ?? "";
  const names = Object.keys(map).toSorted();
  const known = names.join(", ") || "none";
  const wanted = labelled !== "" ? labelled : (settings["DEFAULT_CONFIG"] ?? "");
  if (wanted !== "") {
    if (wanted in map) return wanted;
    const source = labelled !== "" ? `label ${key}` : "DEFAULT_CONFIG";
    throw new PluginConfigError(`${source} names the config ${wanted}, the ConfigMap has ${known}`);
  }
  const fallbacks = (settings["FALLBACK_STRATEGIES"] ?? "").split(",").map((each) => each.trim());
  for (const fallback of fallbacks) {
    if (fallback === "named" && "default" in map) return "default";
    if (fallback === "single" && names.length === 1) return names[0] ?? null;
    if (fallback === "empty") return null;
  }
  throw new PluginConfigError(
    `no label ${key}, no DEFAULT_CONFIG and no fallback; the ConfigMap has ${known}`,
  );
}

/** The init container that picks a file before the plugin starts. */
function configManager(pod: OperandPod): ContainerSpec | undefined {
  return pod.initContainers.find((each) => each.volumeMounts?.some((mount) => mount.mountPath === AVAILABLE));
}

function environment(container: ContainerSpec | undefined): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value ?? ""]));
}

function readFile(text: string): z.infer<typeof file> {
  try {
    return file.parse(parse(text));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new PluginConfigError(`the config file is not valid: ${problem}`);
  }
}
