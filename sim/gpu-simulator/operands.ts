import { driver, driverManager, isDriverReady } from "./driver.ts";
import { hasFile, isProvided, writeFile } from "./host.ts";
import { boardsOf, migStateOf } from "./mig-state.ts";
import type { NodeDraft } from "./node-draft.ts";
import { DONE, UP, type Call, type Outcome } from "./outcome.ts";
import { chooseFile, loadPluginConfig, PluginConfigError, type PluginConfig } from "./plugin-config.ts";
import type { Program } from "./programs.ts";
import { toolkit } from "./toolkit.ts";
import { validator } from "./validator.ts";

/** As the containers of plugin and daemon see it. */
const MPS_READY = "/mps/.ready";

type Play = (call: Call) => Outcome;

const PLAYS: Readonly<Partial<Record<Program, Play>>> = {
  "driver-manager": driverManager,
  driver,
  toolkit,
  validator,
  "config-manager": configManager,
  "device-plugin": devicePlugin,
  "feature-discovery": featureDiscovery,
  "mig-manager": migManager,
  "mps-daemon": mpsDaemon,
};

/** One step of the process; what the simulator does not know just runs. */
export function run(call: Call, program: Program | undefined): Outcome {
  return (program && PLAYS[program]?.(call)) ?? DONE;
}

/** What a process does when it is told to end. */
export function stop(node: NodeDraft, program: Program | undefined): void {
  if (program === "toolkit") node.host.runtime = false;
  if (program === "mps-daemon") Reflect.deleteProperty(node.host.files, `/run/nvidia${MPS_READY}`);
}

/** As an init container it fails where it finds no entry; the one beside the process is looked at by the process. */
function configManager({ node, pod, container, observed }: Call): Outcome {
  if (!pod.initContainers.includes(container) || container.sidecar === true) return UP;
  return reading(() => {
    chooseFile(node, pod, pod.containers[0], observed);
    return DONE;
  });
}

function devicePlugin(call: Call): Outcome {
  return reading(() => {
    const config = load(call);
    if (config.sharing === "mps" && !hasFile(call.node, call.pod, call.container, MPS_READY))
      return { is: "waiting", why: "waits for the MPS control daemon" };
    call.node.registered.add(call.pod.uid);
    return UP;
  });
}

function featureDiscovery(call: Call): Outcome {
  return reading(() => {
    load(call);
    return UP;
  });
}

/** Its work is the node's; here it is only up, where it finds a driver. */
function migManager({ node }: Call): Outcome {
  return isDriverReady(node) ? UP : { is: "failed", why: "NVML: driver not loaded" };
}

function mpsDaemon(call: Call): Outcome {
  return reading(() => {
    const { node, pod, container } = call;
    if (load(call).sharing !== "mps") return { is: "waiting", why: "no resource is shared by MPS" };
    const cut =
      node.board && boardsOf(node.board, migStateOf(node.annotations)).some(({ enabled }) => enabled);
    if (cut === true) return { is: "failed", why: "MPS shares no board in MIG mode" };
    writeFile(node, pod, container, MPS_READY);
    return UP;
  });
}

/** @throws PluginConfigError also where the process would find no driver library */
function load(call: Call): PluginConfig {
  const { node, pod } = call;
  if (!isProvided(node) && pod.runtimeClass?.startsWith("nvidia") !== true)
    throw new PluginConfigError(
      "Incompatible strategy detected auto: the pod has no runtimeClassName nvidia",
    );
  if (!isDriverReady(node)) throw new PluginConfigError("NVML: driver not loaded");
  const config = loadPluginConfig(call);
  call.node.configs.set(call.pod.uid, config);
  return config;
}

function reading(work: () => Outcome): Outcome {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PluginConfigError)) throw error;
    return { is: "failed", why: error.message };
  }
}
