import type { NodeDraft, Observed } from "./node-draft.ts";
import type { ContainerSpec, NodePod } from "./node-pod.ts";
import { chooseFile, loadPluginConfig, PluginConfigError, type PluginConfig } from "./plugin-config.ts";
import type { Program } from "./programs.ts";

/** A process of the stack in its container, on its node. */
export interface Call {
  readonly node: NodeDraft;
  readonly pod: NodePod;
  readonly container: ContainerSpec;
  readonly observed: Observed;
  /** The program as it was called. */
  readonly called: string;
}

/** What comes of one step of a process. */
export type Outcome =
  /** It has ended with success. */
  | { readonly is: "done" }
  /** It works, and goes on. */
  | { readonly is: "up" }
  /** It waits, running. */
  | { readonly is: "waiting"; readonly why: string }
  /** It has ended with an error. */
  | { readonly is: "failed"; readonly why: string };

const DONE: Outcome = { is: "done" };
const UP: Outcome = { is: "up" };

type Play = (call: Call) => Outcome;

const PLAYS: Readonly<Partial<Record<Program, Play>>> = {
  "config-manager": configManager,
  "device-plugin": devicePlugin,
  "feature-discovery": featureDiscovery,
};

/** One step of the process; what the simulator does not know just runs. */
export function run(call: Call, program: Program | undefined): Outcome {
  return (program && PLAYS[program]?.(call)) ?? DONE;
}

/** What a process does when it is told to end. */
export function stop(node: NodeDraft, program: Program | undefined): void {
  if (program === "toolkit") node.host.runtime = false;
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
    if (config.sharing === "mps")
      return { is: "waiting", why: "waits for the MPS control daemon, which is not simulated" };
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

function load(call: Call): PluginConfig {
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
