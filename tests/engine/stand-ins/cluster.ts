import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { findBinaries } from "../../../sim/binaries.ts";
import { createControlPlane } from "../../../sim/control-plane.ts";
import { openHome, zonePlaces } from "../../../sim/home.ts";
import { chooseZonePorts } from "../../../sim/ports.ts";
import { endProcesses } from "../../../sim/processes.ts";

/** An object as kubectl prints it. */
export interface LiveObject {
  metadata: Record<string, unknown>;
  [field: string]: Record<string, unknown> | undefined;
}

/** A real API server with controllers; kwok plays the nodes and runs pods. */
export interface TestCluster {
  kubeconfig: string;
  /** URL of the API server. */
  server: string;
  /** Runs kubectl, optionally with a manifest on stdin. Throws with its words when it fails. */
  kubectl(args: readonly string[], manifest?: unknown): Promise<string>;
  /** Reads one object; undefined when it does not exist. */
  get(kind: string, name: string, namespace?: string): Promise<LiveObject | undefined>;
}

const nodes = ["node-1", "node-2"];
let running: Promise<{ cluster: TestCluster; end: () => Promise<void> }> | undefined;

/** One cluster for all files of one test process; it is started by the first that asks. */
export async function sharedCluster(): Promise<TestCluster> {
  running ??= start();
  return (await running).cluster;
}

// Registered while mocha loads the first file that imports this: it runs after the last test of all.
after("end the stand-ins' cluster", async function () {
  this.timeout(60_000);
  const started = await running?.catch(() => undefined);
  await started?.end();
});

async function start(): Promise<{ cluster: TestCluster; end: () => Promise<void> }> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), "gpu-zones-stand-ins-")));
  const places = zonePlaces(await openHome(folder), "stand-ins");
  await mkdir(places.directory, { recursive: true });
  const end = async () => {
    await endProcesses(places);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const binaries = await findBinaries(() => undefined);
    const ports = await chooseZonePorts(new Set());
    await createControlPlane(places, binaries, ports);
    const kubeconfig = path.join(places.kwok, "kubeconfig");
    const kubectl = (args: readonly string[], manifest?: unknown) =>
      run(binaries.kubectl.path, ["--kubeconfig", kubeconfig, ...args], manifest);
    const cluster: TestCluster = {
      kubeconfig,
      server: `https://127.0.0.1:${ports.apiServer}`,
      kubectl,
      get: async (kind, name, namespace = "default") => {
        const found = await kubectl([
          "get",
          kind,
          name,
          "-n",
          namespace,
          "-o",
          "json",
          "--ignore-not-found",
          "--show-managed-fields",
        ]);
        return found === "" ? undefined : (JSON.parse(found) as LiveObject);
      },
    };
    await kubectl(["apply", "-f", "-"], { apiVersion: "v1", kind: "List", items: nodes.map(node) });
    return { cluster, end };
  } catch (error) {
    await end();
    throw error;
  }
}

function node(name: string): object {
  const allocatable = { cpu: "64", memory: "256Gi", pods: "110" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, annotations: { "kwok.x-k8s.io/node": "fake" } },
    status: { allocatable, capacity: allocatable },
  };
}

function run(command: string, args: readonly string[], manifest: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${args.slice(2).join(" ")}: ${stderr || error.message}`));
      else resolve(stdout.trim());
    });
    child.stdin?.end(manifest === undefined ? "" : JSON.stringify(manifest));
  });
}

/** A kubeconfig file that leads to `server`, with no credentials but `token`. */
export async function writeKubeconfig(
  file: string,
  server: string,
  token: string,
  context = "elsewhere",
): Promise<void> {
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    contexts: [{ name: context, context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token } }],
  };
  await writeFile(file, JSON.stringify(kubeconfig));
}
