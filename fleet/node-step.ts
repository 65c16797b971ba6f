import type { V1ContainerStatus, V1Node, V1Pod } from "@kubernetes/client-node";
import { GPU_NAMESPACE } from "../components/operands/operand.ts";
import { hasBoard } from "../plan/preflight/pool-of.ts";
import { isReady } from "../plan/ready.ts";
import { DEPLOY } from "../plan/rollout/names.ts";

/** One operand on the way of a node to its GPUs. */
interface Operand {
  /** As a person calls it. */
  readonly name: string;
  /** Suffix of its deploy label. */
  readonly deploy: string;
  readonly isPod: (labels: Readonly<Record<string, string>>) => boolean;
  /** Init container that must be done; the others follow later. Default: the whole pod must be ready. */
  readonly until?: string;
}

const app =
  (name: string): Operand["isPod"] =>
  (labels) =>
    labels["app"] === name;

/** The operands in the order in which a node needs them (gpu-stack reference 2); the validator's last steps are the end. */
const CHAIN: readonly Operand[] = [
  {
    name: "driver",
    deploy: "driver",
    isPod: (labels) => labels["app.kubernetes.io/component"] === "nvidia-driver",
  },
  {
    name: "container toolkit",
    deploy: "container-toolkit",
    isPod: app("nvidia-container-toolkit-daemonset"),
  },
  {
    name: "validator",
    deploy: "operator-validator",
    isPod: app("nvidia-operator-validator"),
    until: "toolkit-validation",
  },
  { name: "device plugin", deploy: "device-plugin", isPod: app("nvidia-device-plugin-daemonset") },
  { name: "validator", deploy: "operator-validator", isPod: app("nvidia-operator-validator") },
];

/** Values of a deploy label by which somebody says that the operand is not to run there, or need not. */
const SWITCHED_OFF: readonly string[] = ["false", "pre-installed"];

/**
 * The first thing that keeps a ready node of a pool from offering its GPUs, in words: `driver: nvidia-driver-ctr waits
 * (CrashLoopBackOff)`. Null: nothing is missing.
 * @param pods of all nodes
 * @param templates labels of the pods of the zone's DaemonSets: an operand that the zone does not have is not missed
 */
export function nodeStep(
  node: V1Node,
  pods: readonly V1Pod[],
  templates: readonly Readonly<Record<string, string>>[],
): string | null {
  const labels = node.metadata?.labels ?? {};
  if (!hasBoard(labels)) return "Node Feature Discovery: no label tells of a board of NVIDIA's";
  if (labels[`${DEPLOY}operands`] === "false") return `${DEPLOY}operands=false: no operand runs there`;
  const own = pods.filter(
    ({ metadata, spec }) =>
      spec?.nodeName === node.metadata?.name &&
      metadata?.namespace === GPU_NAMESPACE &&
      metadata.deletionTimestamp === undefined,
  );
  const chain = CHAIN.filter(
    ({ name, deploy, isPod }) =>
      templates.some(isPod) &&
      !SWITCHED_OFF.includes(labels[DEPLOY + deploy] ?? "") &&
      !(name === "driver" && labels["gpu-zones.dev/driver"] === "preinstalled"),
  );
  // The labels come at once: one that is missing is the labeller's.
  const unlabelled = chain.find(({ deploy }) => (labels[DEPLOY + deploy] ?? "") === "");
  if (unlabelled !== undefined)
    return `deploy labels: the labeller has not set ${DEPLOY}${unlabelled.deploy} yet`;
  for (const operand of chain) {
    const why = missing(operand, labels[DEPLOY + operand.deploy] ?? "", own);
    if (why !== undefined) return `${operand.name}: ${why}`;
  }
  return null;
}

function missing({ isPod, until }: Operand, label: string, pods: readonly V1Pod[]): string | undefined {
  const pod = pods.find(({ metadata }) => isPod(metadata?.labels ?? {}));
  if (pod === undefined) return label === "true" ? "no pod on the node yet" : label;
  const inits = pod.status?.initContainerStatuses ?? [];
  if (until !== undefined) {
    const last = inits.findIndex(({ name }) => name === until);
    const first = inits.slice(0, last + 1).find((status) => !isDone(status));
    return last < 0 ? undefined : first && inWords(first);
  }
  if (isReady(pod.status)) return undefined;
  const behind =
    inits.find((status) => !isDone(status)) ?? pod.status?.containerStatuses?.find(({ ready }) => !ready);
  return behind === undefined ? (pod.status?.reason ?? "its pod is not ready") : inWords(behind);
}

/** A container of the first row that has ended well, or that runs beside the others (restartPolicy Always). */
function isDone({ state, started }: V1ContainerStatus): boolean {
  return state?.terminated?.exitCode === 0 || (state?.running !== undefined && started === true);
}

/** `toolkit-validation runs`, or why it does not. */
function inWords({ name, state, lastState }: V1ContainerStatus): string {
  if (state?.running !== undefined) return `${name} runs and is not done`;
  const ended = state?.terminated ?? lastState?.terminated;
  const words = [
    state?.waiting?.reason ?? ended?.reason,
    ended?.message ?? state?.waiting?.message ?? (ended && `exit status ${ended.exitCode}`),
  ].filter((word) => word !== undefined && word !== "");
  return `${name} waits${words.length === 0 ? "" : ` (${words.join(": ")})`}`;
}
