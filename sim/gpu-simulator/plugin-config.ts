import { parse } from "yaml";
import { z } from "zod";
import { LOADED_CONFIGS, readLoadedConfigs, type LoadedConfig } from "../annotations.ts";
import { PLUGIN_CONFIG } from "./labels.ts";
import type { NodeDraft, Observed } from "./node-draft.ts";
import { environment, type ContainerSpec, type NodePod } from "./node-pod.ts";
import type { Call } from "./outcome.ts";

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
 * The config that a pod's process runs with. A running one keeps the file that it has read, whatever becomes of the
 * ConfigMap, until its pod is a new one or the node's label names another entry that is there: so does the real one
 * (gpu-operator#1144). What was read is kept on the node.
 * @throws PluginConfigError
 */
export function loadPluginConfig(call: Call): PluginConfig {
  const { node, pod, container, observed } = call;
  const all = readLoadedConfigs(node.annotations);
  const loaded = all[pod.uid];
  const chosen = loaded === undefined ? chooseFile(node, pod, container, observed) : reloaded(loaded, call);
  const config = pluginConfig(chosen.text, environment(container)["MIG_STRATEGY"]);
  // A file with which the process does not come up is read again at its next start.
  node.annotations[LOADED_CONFIGS] = JSON.stringify({
    ...all,
    [pod.uid]: { entry: chosen.entry, text: chosen.text },
  });
  return config;
}

/** Forgets what pods have read that are gone. */
export function forgetConfigs(node: NodeDraft): void {
  const uids = new Set(node.pods.map(({ uid }) => uid));
  const kept = Object.entries(readLoadedConfigs(node.annotations)).filter(([uid]) => uids.has(uid));
  if (kept.length > 0) node.annotations[LOADED_CONFIGS] = JSON.stringify(Object.fromEntries(kept));
  else Reflect.deleteProperty(node.annotations, LOADED_CONFIGS);
}

/** What a running process reads: another file only where the label names one that it can have, and where it is told. */
function reloaded(loaded: LoadedConfig, { node, pod, container, observed, called }: Call): LoadedConfig {
  try {
    const chosen = chooseFile(node, pod, container, observed);
    if (chosen.entry === loaded.entry) return loaded;
    if (isSignalled(pod, called)) return chosen;
    node.complaints.push(`config manager: no process ${called} is told of ${chosen.entry ?? "no entry"}`);
  } catch (error) {
    if (!(error instanceof PluginConfigError)) throw error;
    node.complaints.push(`config manager: ${error.message}; ${called} runs on with what it has read`);
  }
  return loaded;
}

/** A config manager beside the process looks for it by the name that it was called by. */
function isSignalled(pod: NodePod, called: string): boolean {
  const beside = [...pod.containers, ...pod.initContainers.filter(({ sidecar }) => sidecar === true)];
  return (
    pod.sharesProcesses &&
    beside.some((container) => {
      const settings = environment(container);
      return settings["SEND_SIGNAL"] === "true" && settings["PROCESS_TO_SIGNAL"] === called;
    })
  );
}

/** What the config manager gives the plugin at its start. */
export function chooseFile(
  node: NodeDraft,
  pod: NodePod,
  plugin: ContainerSpec | undefined,
  observed: Observed,
): LoadedConfig {
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
  pod: NodePod,
  plugin: ContainerSpec | undefined,
  observed: Observed,
): Readonly<Record<string, string>> | undefined {
  const manager = configManager(pod);
  const volume = manager?.volumeMounts?.find((mount) => mount.mountPath === AVAILABLE)?.name;
  if (manager === undefined || volume === undefined) return undefined;
  const name = pod.volumes[volume]?.configMap;
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

function chooseEntry(node: NodeDraft, pod: NodePod, map: Readonly<Record<string, string>>): string | null {
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
function configManager(pod: NodePod): ContainerSpec | undefined {
  return pod.initContainers.find((each) => each.volumeMounts?.some((mount) => mount.mountPath === AVAILABLE));
}

function readFile(text: string): z.infer<typeof file> {
  try {
    return file.parse(parse(text));
  } catch (error) {
    const problem = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new PluginConfigError(`the config file is not valid: ${problem}`);
  }
}
