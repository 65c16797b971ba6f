import {
  BOOT,
  BREAKS_RUNTIME,
  LOADED_CONFIGS,
  MIG_STATE,
  NOT_READY,
  POWER,
  readFailures,
  readHost,
} from "../annotations.ts";
import { withVanished } from "./device-plugin.ts";
import { freshHost } from "./host.ts";
import { migStateOf } from "./mig-state.ts";
import type { NodeDraft } from "./node-draft.ts";
import type { NodePod } from "./node-pod.ts";
import type { ContainerProgress, PodProgress } from "./pod-progress.ts";

/** What a host remembers while it is off: nothing, and no boot is called so. */
const OFF = "off";

/** False while the machine is off, and in its first round with power, in which it only boots. */
export function hasPower(node: NodeDraft): boolean {
  const { annotations } = node;
  if (annotations[POWER] === "off") {
    Object.assign(node.host, freshHost(OFF));
    node.down = { status: "Unknown", message: "Kubelet stopped posting node status." };
    return false;
  }
  const boot = annotations[BOOT] ?? "";
  const known = readHost(annotations);
  if (known?.boot === boot) return true;
  restart(node, boot, known !== undefined);
  return false;
}

/** True while the container runtime that the toolkit broke has not been mended. */
export function isRuntimeBroken(node: NodeDraft): boolean {
  const { annotations } = node;
  const message = annotations[NOT_READY];
  if (message === undefined || !readFailures(annotations).has(BREAKS_RUNTIME)) return false;
  node.down = { status: "False", message };
  return true;
}

/** Takes kwok's hand off the node while it is down, and gives the node back after that. */
export function setDown({ annotations, down }: NodeDraft): void {
  if (down === undefined) Reflect.deleteProperty(annotations, NOT_READY);
  else annotations[NOT_READY] = down.message;
}

/** @param ran the node has run before; else it is a new machine, or one that took another's name */
function restart(node: NodeDraft, boot: string, ran: boolean): void {
  Object.assign(node.host, freshHost(boot));
  Reflect.deleteProperty(node.annotations, LOADED_CONFIGS);
  // Boards keep their mode; instances never survive. Whoever made them looks again.
  const mig = migStateOf(node.annotations);
  if (mig.boards.some(({ enabled }) => enabled)) {
    const boards = mig.boards.map(({ enabled }) => ({ enabled, layout: {} }));
    node.annotations[MIG_STATE] = JSON.stringify({ ...mig, config: "", boards });
  }
  node.rebooted = true;
  // No plugin has told the kubelet of a device yet.
  node.resources = withVanished(node.resources, {});
  for (const pod of node.pods) {
    const { phase } = pod.progress;
    if (pod.terminating || phase === "Succeeded" || phase === "Failed") continue;
    if (pod.hasGpu) {
      node.progress.set(pod, rejected(pod));
      node.host.rejected.push(pod.uid);
    } else if (pod.held) node.progress.set(pod, startedAnew(pod));
    else if (ran && phase === "Running") node.progress.set(pod, startedAnew(pod));
  }
}

/** The kubelet admits pods anew, and nobody offers what this one was given. */
function rejected(pod: NodePod): PodProgress {
  const message =
    "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices, which is unexpected";
  return {
    phase: "Failed",
    reason: "UnexpectedAdmissionError",
    message,
    containers: startedAnew(pod).containers,
  };
}

function startedAnew({ progress }: NodePod): PodProgress {
  const containers = Object.entries(progress.containers).map(([name, { is, restarts }]) => {
    const anew: ContainerProgress = { is: "waiting", restarts: is === "waiting" ? restarts : restarts + 1 };
    return [name, anew] as const;
  });
  return { phase: "Pending", containers: Object.fromEntries(containers) };
}
