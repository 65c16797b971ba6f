import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const COPIED = [
  "Pulumi.yaml",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "index.ts",
  "zones",
  "apps",
  "components",
  "fleet",
  "layers",
  "plan",
  "sim",
  "tools",
];
const ZONES = ["zone-1-dev", "zone-1-prod", "zone-2-prod", "zone-3-prod"];

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for messages. */
  readonly all: string;
}

/** A copy of the repository whose files a test may edit, with simulated zones of its own. */
export class Checkout {
  readonly folder: string;
  #env: NodeJS.ProcessEnv;
  readonly #started: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.#env = { ...withoutOwn(process.env), GPU_ZONES_SIM_HOME: join(folder, ".sim"), NO_COLOR: "1" };
  }

  static async create(): Promise<Checkout> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "gpu-zones-test-")));
    for (const name of [...COPIED, ...ZONES.map((zone) => `Pulumi.${zone}.yaml`)]) {
      await cp(join(REPOSITORY, name), join(folder, name), { recursive: true, preserveTimestamps: true });
    }
    await symlink(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
    // Older than what is installed: the launcher would install anew, into the repository itself through the link.
    await utimes(join(folder, "package-lock.json"), 0, 0);
    return new Checkout(folder);
  }

  /** Ends what still runs of this copy, its simulated zones too, and removes it. */
  async remove(): Promise<void> {
    for (const child of this.#started) endGroup(child);
    const down = await this.zones("sim", "down", "--all");
    assert.equal(down.code, 0, down.all);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Takes over the environment of `zones sim env`, as a person does with eval. */
  async enterSim(): Promise<void> {
    const env = await this.zones("sim", "env", "--json");
    if (env.code !== 0) throw new Error(env.all);
    this.#env = { ...this.#env, ...(JSON.parse(env.stdout) as Record<string, string>) };
  }

  setEnv(changes: NodeJS.ProcessEnv): void {
    this.#env = { ...this.#env, ...changes };
  }

  env(name: string): string {
    return this.#env[name] ?? "";
  }

  zones(...args: string[]): Promise<Ended> {
    return this.run(join(this.folder, "zones"), args);
  }

  pulumi(...args: string[]): Promise<Ended> {
    return this.run("pulumi", [...args, "--non-interactive"]);
  }

  up(zone: string, ...args: string[]): Promise<Ended> {
    return this.pulumi("up", "--yes", "--skip-preview", "--suppress-progress", "--stack", zone, ...args);
  }

  async kubectl(zone: string, ...args: string[]): Promise<Ended> {
    return this.run("kubectl", ["--context", zone, ...args]);
  }

  /** Live objects of a kind, as JSON. */
  async get<Kind>(zone: string, ...args: string[]): Promise<Kind> {
    const answer = await this.kubectl(zone, "get", ...args, "-o", "json");
    if (answer.code !== 0) throw new Error(answer.all);
    return JSON.parse(answer.stdout) as Kind;
  }

  /** Every object that the label selector chooses: `Kind/namespace/name`, with its UID and version. */
  async objectsOf(context: string, selector: string): Promise<Map<string, string>> {
    interface Live {
      readonly kind: string;
      readonly metadata: { name: string; namespace?: string; uid: string; resourceVersion: string };
    }
    const kinds =
      "namespaces,deployments,daemonsets,statefulsets,services,configmaps,serviceaccounts,persistentvolumeclaims,roles,rolebindings,clusterroles,clusterrolebindings,runtimeclasses,horizontalpodautoscalers,poddisruptionbudgets";
    const { items } = await this.get<{ items: Live[] }>(context, kinds, "-A", "-l", selector);
    return new Map(
      items.map(({ kind, metadata: { namespace = "", name, uid, resourceVersion } }) => [
        `${kind}/${namespace}/${name}`,
        `${uid} ${resourceVersion}`,
      ]),
    );
  }

  async edit(file: string, change: (text: string) => string): Promise<void> {
    const path = join(this.folder, file);
    const before = await readFile(path, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`the edit of ${file} changed nothing`);
    await writeFile(path, after);
  }

  read(file: string): Promise<string> {
    return readFile(join(this.folder, file), "utf8");
  }

  /** The stack's state, as the engine exports it. */
  async state(zone: string): Promise<unknown> {
    const answer = await this.pulumi("stack", "export", "--stack", zone);
    if (answer.code !== 0) throw new Error(answer.all);
    return JSON.parse(answer.stdout) as unknown;
  }

  /** Starts a command in a process group of its own, as a shell does. */
  start(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, [...args], {
      cwd: this.folder,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#started.push(child);
    return child;
  }

  run(command: string, args: readonly string[]): Promise<Ended> {
    return ended(this.start(command, args));
  }
}

/** What a developer has set for clusters and stacks of their own must not reach a test. */
function withoutOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = /^(KUBECONFIG$|PULUMI_|GPU_ZONES_(SIM|OVERRIDE))/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !own.test(name)));
}

/** A command that came to its own end has nobody left; one that was killed leaves its children. */
function endGroup({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits for a started command and keeps what it printed. */
export function ended(child: ChildProcess): Promise<Ended> {
  const kept = { stdout: "", stderr: "", all: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream]?.setEncoding("utf8").on("data", (text: string) => {
      kept[stream] += text;
      kept.all += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, ...kept });
    });
  });
}

/** Asks until the answer is there; fails with what was asked for. */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined>,
  seconds = 30,
): Promise<Answer> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > until) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
