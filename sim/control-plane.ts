import { execFile } from "node:child_process";
import { mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import writeFileAtomic from "write-file-atomic";
import { parse, stringify } from "yaml";
import type { Binaries } from "./binaries.ts";
import type { ZonePlaces } from "./home.ts";
import type { ClusterAccess } from "./kubeconfig.ts";
import { kwokStages } from "./kwok-stages.ts";
import { zoneProcesses } from "./processes.ts";
import type { ZonePorts } from "./zone-record.ts";

const run = promisify(execFile);
const LOOPBACK = "127.0.0.1";
/** From the range kept for documentation: a loopback address is refused, and without a network there is no other. */
const ADVERTISED = "192.0.2.1";
const KWOKCTL_TIMEOUT_MS = 120_000;
const LOG_LINES = 5;

export const COMPONENTS = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok-controller",
] as const;

/** kwokctl's configuration: binaries of ours, so that it downloads nothing, and nothing beyond loopback. */
export function kwokctlConfig(binaries: Binaries, ports: ZonePorts): string {
  return stringify({
    apiVersion: "config.kwok.x-k8s.io/v1alpha1",
    kind: "KwokctlConfiguration",
    options: {
      runtime: "binary",
      bindAddress: LOOPBACK,
      etcdBinary: binaries.etcd.path,
      kubeApiserverBinary: binaries["kube-apiserver"].path,
      kubeControllerManagerBinary: binaries["kube-controller-manager"].path,
      kubeSchedulerBinary: binaries["kube-scheduler"].path,
      kubectlBinary: binaries.kubectl.path,
      kwokControllerBinary: binaries.kwok.path,
      ...portsOf(ports),
    },
    componentsPatches: [
      // Written through to the disk by the operating system: a killed etcd loses nothing, a power cut may.
      { name: "etcd", extraArgs: [{ key: "unsafe-no-fsync", value: "true" }] },
      { name: "kube-apiserver", extraArgs: [{ key: "advertise-address", value: ADVERTISED }] },
      // There is one of each: an election would only cost two seconds at every start.
      { name: "kube-controller-manager", extraArgs: [{ key: "leader-elect", value: "false" }] },
      { name: "kube-scheduler", extraArgs: [{ key: "leader-elect", value: "false" }] },
      // Else, started again, it would leave every node alone until its predecessor's lease of it has expired.
      { name: "kwok-controller", extraArgs: [{ key: "node-lease-duration-seconds", value: "0" }] },
    ],
  });
}

/** True when the directory holds a cluster that can be started: one whose creation got to its end. */
export async function hasClusterData(places: ZonePlaces): Promise<boolean> {
  const parts = ["kwok.yaml", "kubeconfig.yaml", "pki/admin.crt", "etcd/member"];
  const found = await Promise.all(
    parts.map((part) =>
      stat(path.join(places.cluster, part)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}

/** Creates and starts the control plane; returns when its API server answers. */
export async function createControlPlane(
  places: ZonePlaces,
  binaries: Binaries,
  ports: ZonePorts,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(places.kwok, { recursive: true, mode: 0o700 });
  await writeFileAtomic(places.kwokctlConfig, kwokctlConfig(binaries, ports), { mode: 0o600 });
  await writeFileAtomic(places.kwokStages, kwokStages(), { mode: 0o600 });
  const kubeconfig = path.join(places.kwok, "kubeconfig");
  await kwokctl(
    places,
    binaries,
    [`--config=${places.kwokStages}`, "create", "cluster", "--kubeconfig", kubeconfig],
    signal,
  );
}

/** Starts what does not run of a control plane that was created before. */
export async function startControlPlane(
  places: ZonePlaces,
  binaries: Binaries,
  signal?: AbortSignal,
): Promise<void> {
  await removeStalePids(places);
  await kwokctl(places, binaries, ["start", "cluster"], signal);
}

/**
 * Gives a control plane that does not run these ports; its data stay. Does nothing where it has them, and goes on
 * where a killed run stopped: kwokctl's configuration, which says what the ports were, is written last.
 */
export async function movePorts(places: ZonePlaces, ports: ZonePorts): Promise<void> {
  const before = portOptions(await readFile(places.kwokctlConfig, "utf8"));
  const wanted = portOptions(stringify({ options: portsOf(ports) }));
  const moves = new Map([...before].map(([name, port]) => [port, wanted.get(name) ?? port]));
  if ([...moves].every(([from, to]) => from === to)) return;
  const old = new RegExp(String.raw`\b(${[...moves.keys()].join("|")})\b`, "g");
  const files = [
    path.join(places.cluster, "kwok.yaml"),
    path.join(places.cluster, "kubeconfig.yaml"),
    path.join(places.kwok, "kubeconfig"),
  ];
  for (const file of [...files, places.kwokctlConfig]) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    await writeFileAtomic(
      file,
      text.replace(old, (port) => moves.get(port) ?? port),
      { mode: 0o600 },
    );
  }
}

/** kwokctl's names of the ports. */
function portsOf(ports: ZonePorts): Record<string, number> {
  return {
    etcdPort: ports.etcd,
    etcdPeerPort: ports.etcdPeer,
    kubeApiserverPort: ports.apiServer,
    kubeControllerManagerPort: ports.controllerManager,
    kubeSchedulerPort: ports.scheduler,
    kwokControllerPort: ports.kwok,
  };
}

/** Ports in kwokctl's configuration, by its names of them. */
function portOptions(config: string): Map<string, string> {
  const { options = {} } = (parse(config) ?? {}) as { options?: Record<string, unknown> };
  return new Map(
    Object.entries(options).flatMap(([name, value]) =>
      name.endsWith("Port") && typeof value === "number" ? [[name, String(value)] as const] : [],
    ),
  );
}

/** How a client reaches the zone. */
export async function controlPlaneAccess(places: ZonePlaces, ports: ZonePorts): Promise<ClusterAccess> {
  const pki = (file: string) => readFile(path.join(places.cluster, "pki", file), "utf8");
  const [ca, cert, key] = await Promise.all([pki("ca.crt"), pki("admin.crt"), pki("admin.key")]);
  return { server: `https://${LOOPBACK}:${ports.apiServer}`, ca, cert, key };
}

/** The last words of the components' logs, for an error message. */
export async function lastLogLines(places: ZonePlaces): Promise<string> {
  const texts = await Promise.all(
    COMPONENTS.map(async (component) => {
      const file = path.join(places.cluster, "logs", `${component}.log`);
      const text = await readFile(file, "utf8").catch(() => "");
      const lines = text.trimEnd().split("\n").slice(-LOG_LINES);
      return text === ""
        ? ""
        : `${component}:\n${lines.map((line) => `    ${line.slice(0, 300)}`).join("\n")}`;
    }),
  );
  return texts.filter((text) => text !== "").join("\n");
}

/** kwokctl takes any process with the id in its file for its component: after a reboot that is somebody else. */
async function removeStalePids(places: ZonePlaces): Promise<void> {
  const directory = path.join(places.cluster, "pids");
  const running = new Set((await zoneProcesses(places)).map((each) => each.pid));
  const files = await readdir(directory).catch(() => []);
  await Promise.all(
    files.map(async (file) => {
      const pid = Number(await readFile(path.join(directory, file), "utf8").catch(() => ""));
      if (!running.has(pid)) await rm(path.join(directory, file), { force: true });
    }),
  );
}

async function kwokctl(
  places: ZonePlaces,
  binaries: Binaries,
  command: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const args = [`--config=${places.kwokctlConfig}`, "--name", places.name, ...command];
  try {
    await run(binaries.kwokctl.path, args, {
      timeout: KWOKCTL_TIMEOUT_MS,
      ...(signal && { signal }),
      killSignal: "SIGKILL",
      cwd: places.directory,
      // Nothing of the user's: no proxy (all is on loopback), no kubeconfig, no ~/.kwok, no other kubectl.
      env: { PATH: path.dirname(binaries.kubectl.path), HOME: places.directory },
    });
  } catch (error) {
    signal?.throwIfAborted();
    const said = (error as { stderr?: string }).stderr ?? "";
    const words = said.trimEnd().split("\n").slice(-LOG_LINES).map(message).join("\n    ");
    throw new Error(
      `kwokctl ${command.join(" ")} failed:\n    ${words || String(error)}\n${await lastLogLines(places)}`,
      {
        cause: error,
      },
    );
  }
}

/** kwokctl logs JSON lines: what a person reads of one. */
function message(line: string): string {
  try {
    const entry = JSON.parse(line) as { msg?: string; err?: string };
    return [entry.msg, entry.err].filter((part) => part !== undefined).join(": ");
  } catch {
    return line;
  }
}
