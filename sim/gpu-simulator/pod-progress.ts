import type { V1ContainerState, V1ContainerStatus, V1Pod, V1PodStatus } from "@kubernetes/client-node";

/** How far a container is. */
export type ContainerProgress =
  /** Not started; why, where that is not just its turn. */
  | { readonly is: "waiting"; readonly restarts: number; readonly why?: string }
  | { readonly is: "running"; readonly restarts: number; readonly ready: boolean }
  /** Ended with success. */
  | { readonly is: "done"; readonly restarts: number }
  /** Ends with an error whenever it is started. */
  | { readonly is: "failed"; readonly restarts: number; readonly why: string };

export interface PodProgress {
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed";
  /** By name of the container, those of init containers too. */
  readonly containers: Readonly<Record<string, ContainerProgress>>;
  readonly reason?: string;
  readonly message?: string;
}

const CRASHING = "CrashLoopBackOff";

/** The progress that a pod's status tells. */
export function podProgress(status: V1PodStatus | undefined): PodProgress {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const phase = status?.phase;
  return {
    phase: phase === "Running" || phase === "Succeeded" || phase === "Failed" ? phase : "Pending",
    containers: Object.fromEntries(all.map((each) => [each.name, containerProgress(each)])),
    ...(status?.reason !== undefined && { reason: status.reason }),
    ...(status?.message !== undefined && { message: status.message }),
  };
}

function containerProgress({ state, lastState, ready, restartCount }: V1ContainerStatus): ContainerProgress {
  const restarts = restartCount;
  if (state?.running) return { is: "running", restarts, ready };
  if (state?.terminated?.exitCode === 0) return { is: "done", restarts };
  if (state?.waiting?.reason === CRASHING)
    return { is: "failed", restarts, why: lastState?.terminated?.message ?? "" };
  const why = state?.waiting?.message;
  return { is: "waiting", restarts, ...(why !== undefined && { why }) };
}

/** The status that shows the progress to everybody else; what the pod's status has kept is kept. */
export function podStatus(pod: V1Pod, progress: PodProgress, now: Date): V1PodStatus {
  const before = pod.status ?? {};
  const statuses = (
    containers: readonly { readonly name: string; readonly image?: string }[],
    old: readonly V1ContainerStatus[] = [],
  ) =>
    containers.map(({ name, image }) =>
      containerStatus(
        name,
        image ?? "",
        progress.containers[name] ?? { is: "waiting", restarts: 0 },
        old.find((each) => each.name === name),
        now,
      ),
    );
  const inits = pod.spec?.initContainers ?? [];
  const mains = pod.spec?.containers ?? [];
  const at = (name: string) => progress.containers[name];
  const initialized = inits.every(({ name }) => at(name)?.is === "done" || at(name)?.is === "running");
  const past = initialized && mains.some(({ name }) => (at(name)?.is ?? "waiting") !== "waiting");
  const ready = mains.every(({ name }) => {
    const container = at(name);
    return container?.is === "running" && container.ready;
  });
  const condition = (type: string, is: boolean) => {
    const old = before.conditions?.find((each) => each.type === type);
    const status = is ? "True" : "False";
    return {
      type,
      status,
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? now) : now,
    };
  };
  const ip = before.podIP ?? address(pod.metadata?.uid ?? "");
  return {
    phase: progress.phase,
    ...(progress.reason !== undefined && { reason: progress.reason }),
    ...(progress.message !== undefined && { message: progress.message }),
    conditions: [
      condition("Initialized", past || inits.length === 0),
      condition("Ready", ready),
      condition("ContainersReady", ready),
    ],
    initContainerStatuses: statuses(inits, before.initContainerStatuses),
    containerStatuses: statuses(mains, before.containerStatuses),
    startTime: before.startTime ?? now,
    podIP: ip,
    podIPs: [{ ip }],
  };
}

function containerStatus(
  name: string,
  image: string,
  progress: ContainerProgress,
  old: V1ContainerStatus | undefined,
  now: Date,
): V1ContainerStatus {
  const running = progress.is === "running";
  const last = progress.is === "failed" ? { lastState: lastFailure(progress.why, old, now) } : {};
  return {
    name,
    image,
    imageID: "",
    ready: (running && progress.ready) || progress.is === "done",
    started: running && progress.ready,
    restartCount: progress.restarts,
    state: containerState(progress, old, now),
    ...last,
  };
}

function containerState(
  progress: ContainerProgress,
  old: V1ContainerStatus | undefined,
  now: Date,
): V1ContainerState {
  switch (progress.is) {
    case "running":
      return { running: { startedAt: old?.state?.running?.startedAt ?? now } };
    case "done": {
      const ended = { exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now };
      return { terminated: old?.state?.terminated ?? ended };
    }
    case "failed":
      return { waiting: { reason: CRASHING, message: progress.why } };
    case "waiting":
      return progress.why === undefined
        ? { waiting: { reason: "PodInitializing" } }
        : { waiting: { reason: "ContainerCreating", message: progress.why } };
  }
}

function lastFailure(message: string, old: V1ContainerStatus | undefined, now: Date): V1ContainerState {
  const before = old?.lastState?.terminated;
  if (before?.message === message) return { terminated: before };
  return { terminated: { exitCode: 1, reason: "Error", message, startedAt: now, finishedAt: now } };
}

/** An address of the pod's own, near enough: no two of a small zone have the same. */
function address(uid: string): string {
  const sum = Number.parseInt(uid.replaceAll(/[^0-9a-f]/g, "").slice(-6) || "1", 16);
  return `10.${128 + ((sum >> 16) & 127)}.${(sum >> 8) & 255}.${1 + (sum & 127)}`;
}
