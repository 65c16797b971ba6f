import type { PoolRow } from "../../components/operands/node-label-template.ts";
import {
  DEPLOY,
  DRIVER,
  MIG_STATE,
  OPERANDS,
  PAUSED_FOR_DRIVER,
  PAUSED_FOR_MIG,
  VALIDATOR,
} from "./names.ts";
import { driverPods, replacedDriverPods, type Part } from "./owed.ts";
import type { Revisions, SeenNode, SeenPod } from "./seen.ts";
import type { Target } from "./target.ts";

/** Contract name of the device plugin's DaemonSet and of its pods' label `app`. */
const DEVICE_PLUGIN = "nvidia-device-plugin-daemonset";
const PREINSTALLED = "preinstalled";
const REPLICAS = /^(nvidia\.com\/.+)\.replicas$/;

/** The cluster as far as a node's change can be judged by it. */
interface Around {
  readonly pods: readonly SeenPod[];
  readonly revisions: Revisions;
  readonly target: Target;
}

/** What the node still waits for after a part was changed, in words; undefined when the change has arrived. */
export function awaited(part: Part, node: SeenNode, row: PoolRow, around: Around): string | undefined {
  return ownOf(part, node, row, around) ?? paused(node) ?? operands(node, around);
}

/** The validator's pod, where it has seen only the driver before this one; it must look again. */
export function staleValidator(node: SeenNode, { pods, revisions }: Around): SeenPod | undefined {
  const old = new Set(replacedDriverPods(node.name, pods, revisions));
  const driver = driverPods(node.name, pods).find((pod) => pod.ready && !pod.deleting && !old.has(pod));
  if (driver === undefined || paused(node) !== undefined) return undefined;
  return podsOf(VALIDATOR, node, pods).find(({ created, deleting }) => !deleting && created < driver.created);
}

/** Deploy labels that mig-manager or driver-manager has paused. */
export function pausedLabels(node: Pick<SeenNode, "labels">, by: string): string[] {
  return Object.entries(node.labels).flatMap(([key, value]) =>
    key.startsWith(DEPLOY) && value.endsWith(by) ? [key] : [],
  );
}

/** A MIG change is under way on the node: its GPU clients are away or about to go, and nobody else should touch it. */
export function isPending(node: Pick<SeenNode, "labels">): boolean {
  return node.labels[MIG_STATE] === "pending";
}

function ownOf(part: Part, node: SeenNode, row: PoolRow, around: Around): string | undefined {
  switch (part) {
    case "driver":
      return driver(node, around);
    case "mig": {
      const state = node.labels[MIG_STATE];
      return state === "success"
        ? undefined
        : `the MIG manager (${MIG_STATE} ${state === undefined ? "not there yet" : `is ${state}`})`;
    }
    case "sharing":
      return sharing(node, around.target.sharing[row.devicePluginConfig ?? ""] ?? {}, around.target);
  }
}

function driver(node: SeenNode, { pods, revisions }: Around): string | undefined {
  const value = node.labels[DRIVER] ?? "";
  const own = driverPods(node.name, pods);
  const old = replacedDriverPods(node.name, pods, revisions);
  const other = own.find(
    (pod) => pod.deleting || old.includes(pod) || (pod.nodeSelector[DRIVER] ?? value) !== value,
  );
  if (other !== undefined) return `the old driver's pod ${other.name} to go`;
  if (value === PREINSTALLED) return undefined;
  if (own.some(({ ready }) => ready)) return undefined;
  return own[0] === undefined ? "a driver pod" : `the driver pod ${own[0].name}`;
}

/** GPU Feature Discovery says how many share a device, and the device plugin offers that many. */
function sharing(
  node: SeenNode,
  wanted: Readonly<Record<string, number>>,
  target: Target,
): string | undefined {
  for (const [label, value] of Object.entries(node.labels)) {
    const resource = REPLICAS.exec(label)?.[1];
    const [now, then] = [Number(value), wanted[resource ?? ""] ?? 1];
    if (resource !== undefined && now !== then && Math.max(now, then) > 1)
      return `${label} to become ${then} (it is ${value})`;
  }
  if (target.operands[DEVICE_PLUGIN] === undefined) return undefined;
  for (const [resource, replicas] of Object.entries(wanted)) {
    const offered = Number(node.allocatable[resource] ?? node.allocatable[`${resource}.shared`] ?? 0);
    if (offered === 0 || offered % replicas !== 0)
      return `the device plugin to offer ${resource} ${replicas}-fold (it offers ${offered})`;
  }
  return undefined;
}

function paused(node: SeenNode): string | undefined {
  const label = [PAUSED_FOR_MIG, PAUSED_FOR_DRIVER].flatMap((by) => pausedLabels(node, by))[0];
  return label === undefined ? undefined : `${label} to come back (it is ${node.labels[label] ?? ""})`;
}

/** The validator has looked, the device plugin has registered again, and there are GPUs to be had. */
function operands(node: SeenNode, { pods, target }: Around): string | undefined {
  for (const app of [DEVICE_PLUGIN, VALIDATOR]) {
    const selector = target.operands[app];
    if (selector === undefined || Object.keys(selector).some((key) => node.labels[key] === "false")) continue;
    if (!podsOf(app, node, pods).some(({ ready, deleting }) => ready && !deleting))
      return `the pod of ${app}`;
    if (app === DEVICE_PLUGIN && !offersGpus(node)) return "the device plugin to offer GPUs";
  }
  return undefined;
}

function offersGpus({ allocatable }: SeenNode): boolean {
  return Object.entries(allocatable).some(
    ([resource, count]) => resource.startsWith("nvidia.com/") && Number(count) > 0,
  );
}

function podsOf(app: string, node: SeenNode, pods: readonly SeenPod[]): SeenPod[] {
  return pods.filter(
    (pod) => pod.node === node.name && pod.namespace === OPERANDS && pod.labels["app"] === app,
  );
}
