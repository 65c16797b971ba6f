import { hasHostDriver } from "./driver.ts";
import { removeByCommand, hasFile } from "./host.ts";
import type { NodeDraft, Observed } from "./node-draft.ts";
import type { ContainerSpec, NodePod } from "./node-pod.ts";
import { obstacleTo } from "./obstacles.ts";
import { run, stop } from "./operands.ts";
import type { Outcome } from "./outcome.ts";
import type { ContainerProgress, PodProgress } from "./pod-progress.ts";
import { processOf, programsOf, type Program } from "./programs.ts";

/** The order in which a node needs what runs on it: what goes first in a round is seen by what comes after it. */
const ORDER: readonly Program[] = [
  "driver",
  "toolkit",
  "validator",
  "mps-daemon",
  "device-plugin",
  "feature-discovery",
  "mig-manager",
];

/** Plays the kubelet for the node's pods that kwok leaves to it: one step of each. */
export function runPods(node: NodeDraft, observed: Observed): void {
  for (const pod of inOrder(
    node.pods.filter((each) => each.held),
    observed,
  )) {
    // A runtime that has ended runs nothing.
    if (node.down !== undefined) return;
    if (pod.terminating) terminate(node, pod, observed);
    else node.progress.set(pod, advance(node, pod, observed));
  }
}

export function progressOf(node: NodeDraft, pod: NodePod): PodProgress {
  return node.progress.get(pod) ?? pod.progress;
}

/** The node's pods whose main containers run that program now. */
export function podsRunning(node: NodeDraft, observed: Observed, program: Program): NodePod[] {
  return node.pods.filter(
    (pod) =>
      !pod.terminating &&
      pod.containers.some(
        (container) =>
          progressOf(node, pod).containers[container.name]?.is === "running" &&
          processOf(container, pod, observed.configMaps).program === program,
      ),
  );
}

function inOrder(pods: readonly NodePod[], { configMaps }: Observed): NodePod[] {
  const place = (pod: NodePod): number => {
    const programs = programsOf(pod, configMaps);
    const index = ORDER.findIndex((program) => programs.has(program));
    return index === -1 ? ORDER.length : index;
  };
  return pods
    .map((pod) => ({ pod, place: place(pod) }))
    .toSorted((a, b) => a.place - b.place || (a.pod.name < b.pod.name ? -1 : 1))
    .map(({ pod }) => pod);
}

/** Ends a pod that is on its way out: what its processes leave behind, then the pod itself. */
function terminate(node: NodeDraft, pod: NodePod, observed: Observed): void {
  for (const container of pod.containers) {
    if (pod.progress.containers[container.name]?.is !== "running") continue;
    if (container.preStop) removeByCommand(node, pod, container, container.preStop);
    stop(node, processOf(container, pod, observed.configMaps).program);
  }
  node.actions.push({ do: "remove", pod });
}

function advance(node: NodeDraft, pod: NodePod, observed: Observed): PodProgress {
  const before = progressOf(node, pod);
  if (before.phase === "Succeeded" || before.phase === "Failed") return before;
  const containers: Record<string, ContainerProgress> = {};
  const all = [...pod.initContainers, ...pod.containers];
  const was = (name: string): ContainerProgress =>
    containers[name] ?? before.containers[name] ?? { is: "waiting", restarts: 0 };
  const begun = all.some(({ name }) => was(name).is !== "waiting");
  const obstacle = begun ? undefined : obstacleTo(node, pod, observed);
  for (const { name } of all) {
    const { restarts } = was(name);
    if (was(name).is === "waiting")
      containers[name] = { is: "waiting", restarts, ...(obstacle !== undefined && { why: obstacle }) };
    else containers[name] = was(name);
  }
  if (obstacle !== undefined) {
    node.complaints.push(`pod ${pod.name}: ${obstacle}`);
    return { phase: "Pending", containers };
  }
  for (const container of pod.initContainers) {
    const { name } = container;
    if (was(name).is === "done") continue;
    const outcome = step(node, pod, container, observed);
    containers[name] = after(was(name), outcome, container);
    if (container.sidecar !== true && outcome.is !== "done") return { phase: "Pending", containers };
  }
  for (const container of pod.containers) {
    const outcome = step(node, pod, container, observed);
    if (was(container.name).is === "done") continue;
    const ended = !pod.restarts && outcome.is === "done";
    containers[container.name] = after(was(container.name), ended ? outcome : upOrNot(outcome), container);
  }
  const done = pod.containers.every(({ name }) => was(name).is === "done");
  return { phase: done ? "Succeeded" : "Running", containers };
}

/** One step of a container; a process that waits for files does nothing before they are there. */
function step(node: NodeDraft, pod: NodePod, container: ContainerSpec, observed: Observed): Outcome {
  const { program, called, waitsFor, asksHost } = processOf(container, pod, observed.configMaps);
  const waits = asksHost && hasHostDriver(node) ? [] : waitsFor;
  const missing = waits.find((file) => !hasFile(node, pod, container, file));
  const outcome: Outcome =
    missing === undefined
      ? run({ node, pod, container, observed, called }, program)
      : { is: "waiting", why: `waits for ${missing}` };
  if (outcome.is === "failed" || (outcome.is === "waiting" && outcome.why !== ""))
    node.complaints.push(`${spoken(program, container)}: ${outcome.why}`);
  return outcome;
}

function spoken(program: Program | undefined, container: ContainerSpec): string {
  return program === undefined || program === "validator" ? container.name : program.replace("-", " ");
}

/** A main container that is done goes on running. */
function upOrNot(outcome: Outcome): Outcome {
  return outcome.is === "done" ? { is: "up" } : outcome;
}

function after(was: ContainerProgress, outcome: Outcome, container: ContainerSpec): ContainerProgress {
  const { restarts } = was;
  switch (outcome.is) {
    case "done":
      return container.sidecar === true ? { is: "running", restarts, ready: true } : { is: "done", restarts };
    case "up":
      return { is: "running", restarts, ready: true };
    case "waiting":
      // Without a probe, a process that waits is as ready as any other.
      return { is: "running", restarts, ready: container.startupProbe === undefined };
    case "failed":
      return { is: "failed", restarts: was.is === "failed" ? restarts : restarts + 1, why: outcome.why };
  }
}
