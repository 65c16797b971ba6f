import { isDeepStrictEqual } from "node:util";
import { MIG_STATE, readFailures, type Board, type BoardMig, type MigState } from "../annotations.ts";
import { gpuUsers, isClient } from "./gpu-holders.ts";
import { podsRunning } from "./kubelet.ts";
import { DEPLOY, MIG_CAPABLE, MIG_CONFIG, MIG_CONFIG_STATE } from "./labels.ts";
import { cutBoards, MigLayoutError } from "./mig-layouts.ts";
import { boardsOf, migStateOf } from "./mig-state.ts";
import type { NodeDraft, Observed } from "./node-draft.ts";
import { environment, type NodePod } from "./node-pod.ts";
import { mountedText } from "./programs.ts";

const PAUSE = "paused-for-mig-change";
/** Operands that it pauses, by suffix of their deploy label; the client's only where it is there. */
const PAUSED = ["device-plugin", "gpu-feature-discovery", "dcgm-exporter", "dcgm", "nvsm"];
const CLIENT = "client";
/** Pods that it waits for to go, by their label `app`. */
const WAITED = new Set([
  "nvidia-device-plugin-daemonset",
  // Not by name upstream; it goes with the plugin's label, and nobody wants a false alarm.
  "nvidia-device-plugin-mps-control-daemon",
  "gpu-feature-discovery",
  "nvidia-dcgm-exporter",
  "nvidia-dcgm",
]);
const WORKLOADS = new Set(["nvidia-cuda-validator", "nvidia-device-plugin-validator"]);
const VALIDATOR = "nvidia-operator-validator";

/** True while the boards are being cut by a MIG manager that nothing installs: nobody is paused then, nothing is offered. */
export function isRepartitioning(node: NodeDraft): boolean {
  return node.labels[MIG_CONFIG_STATE] === "pending" && !node.stack.has("mig-manager");
}

/**
 * The MIG manager (gpu-stack reference 9): one step of it. It evicts nobody: while somebody holds a GPU of the node
 * it fails, and what failed is not tried again until the label changes or its pod is a new one.
 */
export function partition(node: NodeDraft, board: Board, observed: Observed): void {
  const { labels } = node;
  const installed = node.stack.has("mig-manager");
  const [manager] = installed ? podsRunning(node, observed, "mig-manager") : [];
  if (installed && manager === undefined) return;
  if (labels[`${DEPLOY}mig-manager`] !== "true" || labels[MIG_CAPABLE] !== "true") return;
  const now = migStateOf(node.annotations);
  const wanted = labels[MIG_CONFIG] ?? "";
  if (wanted === "") {
    if (now.config !== "") save(node, { ...now, config: "" });
    return;
  }
  const state = labels[MIG_CONFIG_STATE];
  if (now.config === wanted && now.pod === manager?.uid) {
    if (state === "success") return;
    if (state === "failed" || now.wedged === true) {
      const why = now.wedged === true ? "timed out" : "failed";
      node.complaints.push(`MIG manager: ${wanted} ${why}, nothing is tried until ${MIG_CONFIG} changes`);
      return;
    }
  }
  const next = { config: wanted, ...(manager && { pod: manager.uid }) };
  const before = boardsOf(board, now);
  let boards: readonly BoardMig[];
  try {
    boards = cutBoards(board, before, wanted, manager && customLayouts(manager, observed));
  } catch (error) {
    if (!(error instanceof MigLayoutError)) throw error;
    finish(node, { ...next, boards: [...before] }, error.message);
    return;
  }
  if (isDeepStrictEqual(before, boards)) finish(node, { ...next, boards: [...boards] });
  else if (state !== "pending") begin(node, { ...next, boards: [...before] });
  else proceed(node, { ...next, boards: [...before] }, boards);
}

/** The file of a custom map; undefined: the manager makes its own from the hardware. */
function customLayouts(manager: NodePod, { configMaps }: Observed): string | undefined {
  const container = manager.containers.find((each) => "CONFIG_FILE" in environment(each));
  const file = environment(container)["CONFIG_FILE"];
  if (container === undefined || file === undefined || file === "") return undefined;
  const text = mountedText(file, container, manager, configMaps);
  if (text === undefined) throw new MigLayoutError(`${file}: no such file`);
  return text;
}

function begin(node: NodeDraft, now: MigState): void {
  node.labels[MIG_CONFIG_STATE] = "pending";
  if (now.pod === undefined) return;
  const unknown = node.pods.filter((each) => isClient(node, each) && !WAITED.has(each.app ?? ""));
  if (unknown.length > 0) finish(node, now, inUse(unknown));
  else pause(node.labels);
}

/** The boards, once nobody has them; until then it waits for those whom it has paused. */
function proceed(node: NodeDraft, now: MigState, boards: readonly BoardMig[]): void {
  const failures = readFailures(node.annotations);
  if (now.pod !== undefined) {
    if (failures.has("mig-wedged")) {
      save(node, { ...now, wedged: true });
      return;
    }
    pause(node.labels);
    const workloads = node.pods.filter(({ app, terminating }) => WORKLOADS.has(app ?? "") && !terminating);
    for (const pod of workloads) node.actions.push({ do: "delete", pod });
    const leaving = node.pods.filter(({ app }) => WAITED.has(app ?? ""));
    if (leaving.length + workloads.length > 0) {
      const names = [...leaving, ...workloads].map(({ name }) => name).join(", ");
      node.complaints.push(`MIG manager: waits for ${names} to go`);
      return;
    }
  }
  const holders = gpuUsers(node);
  if (failures.has("mig-busy")) finish(node, now, "the boards are in use by another client");
  else if (holders.length > 0) finish(node, now, inUse(holders));
  else {
    finish(node, { ...now, boards: [...boards] });
    if (now.pod === undefined) return;
    const validators = node.pods.filter(({ app, terminating }) => app === VALIDATOR && !terminating);
    for (const pod of validators) node.actions.push({ do: "delete", pod });
  }
}

function inUse(pods: readonly NodePod[]): string {
  return `the boards are in use by ${pods.map(({ namespace, name }) => `${namespace}/${name}`).join(", ")}`;
}

/** @param why it failed; undefined: it did not */
function finish(node: NodeDraft, next: MigState, why?: string): void {
  node.labels[MIG_CONFIG_STATE] = why === undefined ? "success" : "failed";
  if (why !== undefined) node.complaints.push(`MIG manager: ${why}`);
  for (const operand of [...PAUSED, CLIENT]) {
    if (node.labels[DEPLOY + operand] === PAUSE) node.labels[DEPLOY + operand] = "true";
  }
  save(node, next);
}

function save(node: NodeDraft, next: MigState): void {
  node.annotations[MIG_STATE] = JSON.stringify(next);
}

/** All but "false" become paused, those that were not there too. */
function pause(labels: Record<string, string>): void {
  const present = `${DEPLOY}${CLIENT}` in labels ? [...PAUSED, CLIENT] : PAUSED;
  for (const operand of present) {
    if (labels[DEPLOY + operand] !== "false") labels[DEPLOY + operand] = PAUSE;
  }
}
