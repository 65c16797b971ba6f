import { readFile } from "node:fs/promises";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { LabellerPod } from "./labeller-pod.ts";
import { Simulator } from "./simulator.ts";
import { VolumeProvisioner } from "./volume-provisioner.ts";

const CHECK_MS = 10_000;

const ARGUMENT = "--zone-directory=";
const argument = process.argv.at(-1) ?? "";
if (!argument.startsWith(ARGUMENT)) throw new Error(`wanted ${ARGUMENT}<directory of a simulated zone>`);
const directory = argument.slice(ARGUMENT.length);

const log = (line: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
};

const kubeconfig = await readFile(path.join(directory, "kubeconfig"), "utf8");
const config = new KubeConfig();
config.loadFromString(kubeconfig);
config.setCurrentContext(path.basename(directory));

// A directory that somebody removed, or a new cluster under the same name: this simulator has no zone any more.
setInterval(() => void endWithZone(), CHECK_MS);

async function endWithZone(): Promise<void> {
  const now = await readFile(path.join(directory, "kubeconfig"), "utf8").catch(() => undefined);
  if (now === kubeconfig) return;
  log("the zone is gone");
  process.exit(0);
}

const labeller = new LabellerPod({ directory: path.join(directory, "labeller"), kubeconfig, log });
await Promise.all([new Simulator(config, labeller, log).start(), new VolumeProvisioner(config, log).start()]);
