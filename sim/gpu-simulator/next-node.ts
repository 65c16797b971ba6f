import { enablesMig, standardLayout } from "../../plan/gpu/mig.ts";
import {
  LOADED_CONFIG,
  readBoard,
  readForeignStack,
  type Board,
  type ForeignStack,
  type MigState,
} from "../annotations.ts";
import { advertise, withVanished } from "./device-plugin.ts";
import { devicesOf, profileName, type DeviceSet } from "./devices.ts";
import { capability, featureLabels, isFeatureLabel } from "./feature-discovery.ts";
import {
  DEVICE_PLUGIN,
  FEATURE_DISCOVERY,
  GPU,
  GPU_PRESENT,
  MIG_CONFIG,
  MIG_CONFIG_STATE,
} from "./labels.ts";
import { isRepartitioning, migState, partition } from "./mig-manager.ts";
import { podOn, type GpuNode, type NextNode, type NodeDraft, type Observed } from "./node-draft.ts";
import { loadPluginConfig, PluginConfigError, type PluginConfig } from "./plugin-config.ts";

/**
 * What the GPU components on a node make of it, one round of each in the order in which they wait for each other.
 * Rounds are repeated until nothing changes; whatever they must remember lies on the node.
 */
export function nextNode(before: GpuNode, observed: Observed): NextNode {
  const node: NodeDraft = {
    name: before.name,
    labels: { ...before.labels },
    annotations: { ...before.annotations },
    resources: { ...before.resources },
    complaints: [],
  };
  const board = readBoard(before.annotations);
  const foreign = readForeignStack(before.annotations);
  if (board !== undefined && foreign !== undefined) runForeignStack(node, board, foreign);
  else runOperands(node, board, observed);
  return node;
}

function runOperands(node: NodeDraft, board: Board | undefined, observed: Observed): void {
  const config = board === undefined ? undefined : pluginConfigOf(node, observed);
  const discovers = board !== undefined && discoveryRuns(node, observed);
  if (discovers) Object.assign(node.labels, capability(board));
  if (board === undefined) return;
  partition(node, board, observed);

  // While boards are being cut, nothing may hold them: plugin and feature discovery are paused.
  const active = isRepartitioning(node) ? undefined : config;
  const mig = migState(node);
  const set = active && devicesOf(board, mig, active.migStrategy);
  node.resources = withVanished(node.resources, active && set ? offer(node, set, active) : {});
  if (!discoveryInstalled(observed)) replaceFeatureLabels(node, {});
  else if (discovers && active && set) replaceFeatureLabels(node, featureLabels(board, mig, active, set));
}

/** Undefined where no device plugin runs, or where it does not come up. */
function pluginConfigOf(node: NodeDraft, observed: Observed): PluginConfig | undefined {
  const pod = podOn(observed, node.name, DEVICE_PLUGIN);
  if (pod === undefined) {
    Reflect.deleteProperty(node.annotations, LOADED_CONFIG);
    return undefined;
  }
  try {
    return loadPluginConfig(node, pod, observed);
  } catch (error) {
    if (!(error instanceof PluginConfigError)) throw error;
    node.complaints.push(`device plugin: ${error.message}`);
    return undefined;
  }
}

function offer(node: NodeDraft, set: DeviceSet, config: PluginConfig): Record<string, string> {
  if (set.kind === "devices" && config.sharing !== "mps") return advertise(set.devices, config);
  const reason =
    set.kind === "invalid" ? set.reason : "waits for the MPS control daemon, which is not simulated";
  node.complaints.push(`device plugin: ${reason}`);
  return {};
}

/** A zone that installs no GPU Feature Discovery yet has it played wherever its device plugin is. */
function discoverer(observed: Observed): string {
  return observed.daemonSets.has(FEATURE_DISCOVERY) ? FEATURE_DISCOVERY : DEVICE_PLUGIN;
}

function discoveryInstalled(observed: Observed): boolean {
  return observed.daemonSets.has(discoverer(observed));
}

function discoveryRuns(node: NodeDraft, observed: Observed): boolean {
  return podOn(observed, node.name, discoverer(observed)) !== undefined;
}

function replaceFeatureLabels(node: NodeDraft, features: Readonly<Record<string, string>>): void {
  for (const key of Object.keys(node.labels)) {
    if (isFeatureLabel(key) && !(key in features)) Reflect.deleteProperty(node.labels, key);
  }
  Object.assign(node.labels, features);
}

/** Somebody else's GPU Operator: nothing of it is applied by us, the node says how it is driven. */
function runForeignStack(node: NodeDraft, board: Board, stack: ForeignStack): void {
  const mig = foreignMig(board, stack);
  const devices = devicesOf(board, mig, stack.migStrategy);
  const resources = [
    GPU,
    ...Object.keys(mig.layout).map((profile) => `nvidia.com/mig-${profileName(profile)}`),
  ];
  const { timeSlicing } = stack;
  const config: PluginConfig = {
    migStrategy: stack.migStrategy,
    sharing: timeSlicing === null ? "none" : "time-slicing",
    replicas: timeSlicing === null ? {} : Object.fromEntries(resources.map((each) => [each, timeSlicing])),
    rename: false,
  };
  node.labels[GPU_PRESENT] = "true";
  if (typeof stack.migConfig === "string") {
    node.labels[MIG_CONFIG] = stack.migConfig;
    node.labels[MIG_CONFIG_STATE] = mig.config === stack.migConfig ? "success" : "failed";
  }
  const offered = devices.kind === "devices" ? advertise(devices.devices, config) : {};
  node.resources = withVanished(node.resources, offered);
  replaceFeatureLabels(node, featureLabels(board, mig, config, devices));
}

function foreignMig(board: Board, { migConfig }: ForeignStack): MigState {
  const whole = { config: "", enabled: false, layout: {} };
  if (migConfig === null) return whole;
  if (typeof migConfig !== "string") return { config: "custom", enabled: true, layout: migConfig };
  const layout = standardLayout(board.product, migConfig);
  return layout === undefined ? whole : { config: migConfig, enabled: enablesMig(migConfig), layout };
}
