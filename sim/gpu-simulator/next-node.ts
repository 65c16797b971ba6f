import { isDeepStrictEqual } from "node:util";
import { enablesMig, standardLayout } from "../../plan/gpu/mig.ts";
import {
  readBoard,
  readHost,
  readForeignStack,
  type Board,
  type BoardMig,
  type ForeignStack,
  type MigState,
} from "../annotations.ts";
import { OPERANDS } from "../kwok-stages.ts";
import { advertise, withoutGpus, withVanished } from "./device-plugin.ts";
import { devicesOf, profileName } from "./devices.ts";
import { capability, featureLabels, isFeatureLabel } from "./feature-discovery.ts";
import { freshHost, saveHost } from "./host.ts";
import { hasPower, isRuntimeBroken, setDown } from "./power.ts";
import { unhealthyGpus } from "./xid.ts";
import { podsRunning, progressOf, runPods } from "./kubelet.ts";
import { GPU, GPU_PRESENT, MIG_CONFIG, MIG_CONFIG_STATE } from "./labels.ts";
import { isRepartitioning, partition } from "./mig-manager.ts";
import { allBoards, migStateOf } from "./mig-state.ts";
import type { GpuNode, NextNode, NodeDraft, Observed, Stack } from "./node-draft.ts";
import type { NodePod } from "./node-pod.ts";
import { forgetConfigs, type PluginConfig } from "./plugin-config.ts";
import { processOf, programsOf, type Program } from "./programs.ts";

/**
 * What the GPU components on a node make of it, one round of each in the order in which they wait for each other.
 * Rounds are repeated until nothing changes; whatever they must remember lies on the node.
 */
export function nextNode(before: GpuNode, observed: Observed): NextNode {
  const board = readBoard(before.annotations);
  const node: NodeDraft = {
    name: before.name,
    board,
    labels: { ...before.labels },
    annotations: { ...before.annotations },
    resources: { ...before.resources },
    runtime: before.runtime,
    capacity: { ...before.capacity },
    unschedulable: before.unschedulable,
    ready: before.ready,
    down: undefined,
    rebooted: false,
    complaints: [],
    host: readHost(before.annotations) ?? freshHost(""),
    stack: stackOf(observed),
    pods: observed.pods.filter((pod) => pod.node === before.name),
    progress: new Map(),
    actions: [],
    configs: new Map(),
    registered: new Set(),
  };
  const goesOn = hasPower(node) && !isRuntimeBroken(node);
  if (goesOn) runPods(node, observed);
  setDown(node);
  if (!goesOn) {
    saveHost(node);
    return { ...node, progress: changedProgress(node) };
  }
  const foreign = readForeignStack(before.annotations);
  if (board !== undefined && foreign !== undefined) runForeignStack(node, board, foreign);
  else if (board !== undefined) runOperands(node, board, observed);
  forgetConfigs(node);
  if (board !== undefined || node.pods.some(({ held }) => held)) saveHost(node);
  return { ...node, progress: changedProgress(node) };
}

/** Every node of a round asks for the same. */
const STACKS = new WeakMap<Observed, Stack>();

/** What DaemonSets install, and what pods of theirs run whose DaemonSet is not seen yet, or no more. */
function stackOf(observed: Observed): Stack {
  const known = STACKS.get(observed);
  if (known !== undefined) return known;
  const { daemonSets, pods, configMaps } = observed;
  const running = pods.filter(
    ({ daemonSet, namespace }) => daemonSet !== undefined && namespace === OPERANDS,
  );
  const stack = new Set([
    ...[...daemonSets.values()].flatMap(({ programs }) => [...programs]),
    ...running.flatMap((pod) => [...programsOf(pod, configMaps)]),
  ]);
  STACKS.set(observed, stack);
  return stack;
}

function changedProgress({ progress }: NodeDraft): NextNode["progress"] {
  return new Map([...progress].filter(([pod, next]) => !isDeepStrictEqual(pod.progress, next)));
}

function runOperands(node: NodeDraft, board: Board, observed: Observed): void {
  const discovery = discoverer(node);
  const [discovering] = podsRunningOrFailing(node, observed, discovery);
  if (discovering !== undefined) Object.assign(node.labels, capability(board));
  partition(node, board, observed);

  // While boards are being cut, nothing may hold them: plugin and feature discovery are paused.
  const active = !isRepartitioning(node);
  const mig = migStateOf(node.annotations);
  const [plugin] = podsRunning(node, observed, "device-plugin").filter(({ uid }) => node.registered.has(uid));
  const offering = active && plugin ? node.configs.get(plugin.uid) : undefined;
  const offered = offering ? offer(node, board, mig, offering) : {};
  node.capacity = withVanished(node.capacity, offered);
  const lost = plugin === undefined ? 0 : unhealthyGpus(node, plugin);
  node.resources = withVanished(node.resources, lost === 0 ? offered : withoutGpus(offered, board, lost));

  const config = active && discovering ? node.configs.get(discovering.uid) : undefined;
  // They go with the DaemonSet, before its pods.
  const installed = [...observed.daemonSets.values()].some(({ programs }) => programs.has(discovery));
  if (!installed) replaceFeatureLabels(node, {});
  else if (config)
    replaceFeatureLabels(node, featureLabels(board, mig, config, devicesOf(board, mig, config.migStrategy)));
}

/** Pods of the program that have got past their init containers. */
function podsRunningOrFailing(node: NodeDraft, { configMaps }: Observed, program: Program): NodePod[] {
  return node.pods.filter(
    (pod) =>
      !pod.terminating &&
      progressOf(node, pod).phase === "Running" &&
      pod.containers.some((container) => processOf(container, pod, configMaps).program === program),
  );
}

function offer(node: NodeDraft, board: Board, mig: MigState, config: PluginConfig): Record<string, string> {
  const set = devicesOf(board, mig, config.migStrategy);
  if (set.kind === "devices") return advertise(set.devices, config);
  node.complaints.push(`device plugin: ${set.reason}`);
  return {};
}

/** A zone that installs no GPU Feature Discovery yet has it played wherever its device plugin is. */
function discoverer({ stack }: NodeDraft): Program {
  return stack.has("feature-discovery") ? "feature-discovery" : "device-plugin";
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
  const layout = mig.boards[0]?.layout ?? {};
  const resources = [GPU, ...Object.keys(layout).map((profile) => `nvidia.com/mig-${profileName(profile)}`)];
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
  node.capacity = withVanished(node.capacity, offered);
  replaceFeatureLabels(node, featureLabels(board, mig, config, devices));
}

function foreignMig(board: Board, { migConfig }: ForeignStack): MigState {
  const whole: MigState = { config: "", boards: [] };
  const cut = (config: string, enabled: boolean, cutInto: BoardMig["layout"]): MigState => ({
    config,
    boards: [...allBoards(board, { enabled, layout: cutInto })],
  });
  if (migConfig === null) return whole;
  if (typeof migConfig !== "string") return cut("custom", true, migConfig);
  const layout = standardLayout(board.product, migConfig);
  return layout === undefined ? whole : cut(migConfig, enablesMig(migConfig), layout);
}
