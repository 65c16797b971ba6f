import { readFailures } from "../annotations.ts";
import { hasFile, writeFile } from "./host.ts";
import { isClient, gpuUsers } from "./gpu-holders.ts";
import { DEPLOY, DRIVER, DRIVER_PAUSE, UPGRADE_ENABLED } from "./labels.ts";
import type { NodeDraft } from "./node-draft.ts";
import { environment, type ContainerSpec, type NodePod } from "./node-pod.ts";
import { DONE, UP, type Call, type Outcome } from "./outcome.ts";
import { hostPathOf, mountedText } from "./programs.ts";

/** Operands that driver-manager pauses (gpu-stack reference 11), by suffix of their deploy label. */
const PAUSED = [
  "operator-validator",
  "container-toolkit",
  "device-plugin",
  "gpu-feature-discovery",
  "dcgm",
  "dcgm-exporter",
  "nvsm",
  "mig-manager",
  "client",
];
/** Pods that it waits for to go, by their label `app`: others may hold the module when it unloads it. */
const WAITED = new Set([
  "nvidia-operator-validator",
  "nvidia-container-toolkit-daemonset",
  "nvidia-device-plugin-daemonset",
  // Not by name upstream; it goes with the plugin's label, and nobody wants a false alarm.
  "nvidia-device-plugin-mps-control-daemon",
  "gpu-feature-discovery",
  "nvidia-dcgm",
  "nvidia-dcgm-exporter",
  "nvidia-mig-manager",
]);
const RUN = "/run/nvidia";
const STATE = `${RUN}/nvidia-driver.state`;
const SMI = `${RUN}/driver/usr/bin/nvidia-smi`;
const DAEMONS = `${RUN}/validations/.driver-daemons-status`;
const READY = `${RUN}/validations/.driver-ctr-ready`;

/** The machine comes with a driver: nothing installs one, or not on this node. */
export function hasHostDriver({ stack, labels }: NodeDraft): boolean {
  return !stack.has("driver") || labels[DRIVER] === "preinstalled";
}

/** A driver answers on the node, whoever installed it. */
export function isDriverReady(node: NodeDraft): boolean {
  return hasHostDriver(node) || node.host.module !== null;
}

/** True where nvidia-smi of the container driver can be run from inside the container. */
export function seesDriverRoot(node: NodeDraft, pod: NodePod, container: ContainerSpec): boolean {
  const mount = container.volumeMounts?.find(({ mountPath }) =>
    SMI.startsWith(`${mountPath.replace(/\/$/, "")}/`),
  );
  // What is mounted on the host later is seen only where the host's mounts are passed on.
  return (
    (mount?.mountPropagation ?? "None") !== "None" &&
    node.host.module !== null &&
    hasFile(node, pod, container, SMI)
  );
}

/** k8s-driver-manager `uninstall_driver`: makes way for the driver of its pod. */
export function driverManager({ node, pod, container }: Call): Outcome {
  const settings = environment(container);
  if (hasHostDriver(node)) {
    node.labels[`${DEPLOY}driver`] = "pre-installed";
    return { is: "failed", why: "a driver is pre-installed on the host" };
  }
  if (node.host.module === null) return resume(node);
  const digest = settings["DRIVER_CONFIG_DIGEST"] ?? "";
  const installed = node.host.files[hostPathOf(STATE, container, pod) ?? ""];
  const same = digest !== "" && installed === digest && settings["FORCE_REINSTALL"] !== "true";
  const evicts =
    settings["ENABLE_GPU_POD_EVICTION"] === "true" && node.annotations[UPGRADE_ENABLED] !== "true";
  const users = gpuUsers(node);
  if (!same) {
    const staying = users.filter(({ daemonSet }) => !evicts || daemonSet !== undefined);
    const unknown = node.pods.filter((each) => isClient(node, each) && !WAITED.has(each.app ?? ""));
    const holding = [...staying, ...unknown];
    if (holding.length > 0) {
      resume(node);
      const names = holding.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
      return { is: "failed", why: `could not unload the driver: module nvidia is in use by ${names}` };
    }
  }
  pause(node.labels);
  const leaving = node.pods.filter(({ app }) => WAITED.has(app ?? ""));
  if (leaving.length > 0)
    return { is: "waiting", why: `waits for ${leaving.map(({ name }) => name).join(", ")} to go` };
  if (same) return resume(node);
  if (users.length > 0) {
    node.unschedulable = true;
    for (const user of users.filter(({ terminating }) => !terminating))
      node.actions.push({ do: "evict", pod: user });
    return { is: "waiting", why: `evicts ${users.map(({ name }) => name).join(", ")}` };
  }
  node.host.module = null;
  for (const file of [STATE, SMI]) Reflect.deleteProperty(node.host.files, file);
  return resume(node);
}

/** The driver container: builds and loads the module, then says so through its startup probe. */
export function driver({ node, pod, container, observed }: Call): Outcome {
  const digest = environment(container)["DRIVER_CONFIG_DIGEST"] ?? "";
  const wrong =
    imageObstacle(node, container) ?? (node.host.module === null ? buildFailure(node) : undefined);
  if (wrong !== undefined) return { is: "failed", why: wrong };
  if (node.host.module !== null && node.host.module.digest !== digest)
    return { is: "failed", why: "another driver's module nvidia is loaded" };
  if (node.host.module === null || !hasFile(node, pod, container, DAEMONS)) {
    node.host.module = { digest };
    writeFile(node, pod, container, DAEMONS, "NotReady");
    const propagation = container.volumeMounts?.find(({ mountPath }) => mountPath === RUN)?.mountPropagation;
    // The driver's root is mounted there from inside the container.
    if (propagation === "Bidirectional") writeFile(node, pod, container, SMI);
    return { is: "waiting", why: "starts its daemons" };
  }
  writeFile(node, pod, container, DAEMONS, "Ready");
  writeFile(node, pod, container, STATE, digest);
  const was = pod.progress.containers[container.name];
  if (container.startupProbe === undefined || (was?.is === "running" && was.ready)) return UP;
  const scripts = container.startupProbe.map(
    (word) => mountedText(word, container, pod, observed.configMaps) ?? word,
  );
  if (!scripts.some((script) => script.includes(".driver-ctr-ready")))
    return { is: "waiting", why: "its startup probe writes no .driver-ctr-ready" };
  const flags = ["GDRCOPY_ENABLED", "GDS_ENABLED", "GPU_DIRECT_RDMA_ENABLED"];
  const settings = environment(container);
  writeFile(
    node,
    pod,
    container,
    READY,
    flags.map((flag) => `${flag}: ${settings[flag] ?? "false"}\n`).join(""),
  );
  return UP;
}

function buildFailure({ annotations }: NodeDraft): string | undefined {
  const failures = readFailures(annotations);
  if (failures.has("driver-build")) return "Could not resolve Linux kernel version";
  return failures.has("wrong-kernel")
    ? "the modules are for another kernel than the one that runs"
    : undefined;
}

/** `<driver>-<osTag>`, or `<branch>-<kernel>-<osTag>` where modules are precompiled: the node's own, or nothing is built. */
function imageObstacle({ labels }: NodeDraft, { image = "" }: ContainerSpec): string | undefined {
  const nfd = "feature.node.kubernetes.io/";
  const id = labels[`${nfd}system-os_release.ID`];
  const version = labels[`${nfd}system-os_release.VERSION_ID`];
  const tag = /:([^@/]+)/.exec(image)?.[1] ?? "";
  const [, branch = "", osTag = ""] = /^(.+)-([a-z]+[0-9.]+)$/.exec(tag) ?? [];
  if (id === undefined || version === undefined || osTag === "") return undefined;
  const major = ["rhel", "rocky", "ol"].includes(id);
  const own = `${id}${major ? (version.split(".")[0] ?? "") : version}`;
  if (osTag !== own)
    return `Could not resolve Linux kernel version: the image is for ${osTag}, the node runs ${own}`;
  const kernel = /^\d+-(.+)$/.exec(branch)?.[1];
  const running = labels[`${nfd}kernel-version.full`];
  return kernel !== undefined && running !== undefined && kernel !== running
    ? `no modules for kernel ${running}: the image has those of ${kernel}`
    : undefined;
}

/** "true" becomes paused, another value is kept with it, "false" and absent ones stay. */
function pause(labels: Record<string, string>): void {
  for (const operand of PAUSED) {
    const key = DEPLOY + operand;
    const value = labels[key] ?? "";
    if (value === "" || value === "false" || value.endsWith(DRIVER_PAUSE)) continue;
    labels[key] = value === "true" ? DRIVER_PAUSE : `${value}_${DRIVER_PAUSE}`;
  }
}

/** Gives the labels back, and the node to the scheduler unless somebody else drives the upgrade. */
function resume(node: NodeDraft): Outcome {
  for (const operand of PAUSED) {
    const key = DEPLOY + operand;
    const value = node.labels[key];
    if (value === DRIVER_PAUSE) node.labels[key] = "true";
    else if (value?.endsWith(`_${DRIVER_PAUSE}`) === true)
      node.labels[key] = value.slice(0, -DRIVER_PAUSE.length - 1);
  }
  if (node.annotations[UPGRADE_ENABLED] !== "true") node.unschedulable = false;
  return DONE;
}
