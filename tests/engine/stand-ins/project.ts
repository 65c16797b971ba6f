import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { findTool } from "../../../tools/find.ts";
import { ended, type Ended } from "../checkout.ts";
import type { TestCluster } from "./cluster.ts";

const repository = path.join(import.meta.dirname, "..", "..", "..");
const standIns = path.join(repository, "sim", "stand-ins", "bin");
const settings = {
  name: "stand-ins-test",
  runtime: { name: "nodejs", options: { typescript: false, nodeargs: "--import tsx/esm" } },
};

/** One resource in an exported state. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  inputs: Record<string, never>;
  outputs: Record<string, never>;
  initErrors?: string[];
}

/** A program that throws. Its error has a stack of one line: the SDK takes half a minute to colour a long one. */
export function failing(message: string): string {
  return `const error = new Error("${message}"); error.stack = "Error: ${message}"; throw error;`;
}

/** A tiny Pulumi project with one stack on a file backend, run by the real engine with the stand-ins. */
export class Project {
  readonly folder: string;
  readonly #pulumi: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, pulumi: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#pulumi = pulumi;
    this.#env = env;
  }

  /** Makes a project whose programs find `cluster` as KUBECONFIG. */
  static async create(cluster: TestCluster, env: NodeJS.ProcessEnv = {}): Promise<Project> {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), "gpu-zones-project-")));
    const pulumi = (await findTool("pulumi", { log: () => undefined })).path;
    const own = Object.entries(process.env).filter(([name]) => !/^(PULUMI|KUBE)/.test(name));
    const project = new Project(folder, pulumi, {
      ...Object.fromEntries(own),
      PATH: [standIns, path.dirname(pulumi), process.env["PATH"]].join(path.delimiter),
      PULUMI_HOME: path.join(folder, ".pulumi-home"),
      PULUMI_BACKEND_URL: `file://${path.join(folder, ".state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      KUBECONFIG: cluster.kubeconfig,
      GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS: "2",
      NO_COLOR: "1",
      ...env,
    });
    await mkdir(path.join(folder, ".state"));
    await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
    await writeFile(path.join(folder, "Pulumi.yaml"), JSON.stringify(settings));
    await writeFile(path.join(folder, "package.json"), JSON.stringify({ type: "module", main: "index.ts" }));
    const made = await project.pulumi(["stack", "init", "test"]);
    if (made.code !== 0) throw new Error(made.all);
    return project;
  }

  /** Writes the program; `k8s`, `pulumi` and a provider `options` are there already. */
  async program(body: string, provider = "{}"): Promise<void> {
    const lines = [
      `import * as pulumi from "@pulumi/pulumi";`,
      `import * as k8s from "@pulumi/kubernetes";`,
      `const provider = new k8s.Provider("zone", ${provider});`,
      `const options = { provider };`,
      body,
    ];
    await this.raw(lines.join("\n"));
  }

  /** Writes the whole program. */
  async raw(text: string): Promise<void> {
    await writeFile(path.join(this.folder, "index.ts"), text);
  }

  up(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.pulumi(["up", "--yes", "--skip-preview", ...args], env);
  }

  preview(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.pulumi(["preview", "--diff", ...args], env);
  }

  pulumi(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return ended(this.start(args, env));
  }

  /** Starts pulumi; `detached` gives it a process group of its own, as a terminal does. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}, detached = false): ChildProcess {
    const command = [...args, "--non-interactive"];
    return spawn(this.#pulumi, command, {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached,
    });
  }

  /** The state's Kubernetes objects. */
  async resources(): Promise<StateResource[]> {
    const exported = await this.pulumi(["stack", "export"]);
    if (exported.code !== 0) throw new Error(exported.all);
    const state = JSON.parse(exported.stdout) as { deployment: { resources?: StateResource[] } };
    return (state.deployment.resources ?? []).filter(({ type }) => type.startsWith("kubernetes:"));
  }

  /** The backend's files, as one text. */
  async stateText(): Promise<string> {
    return readFile(path.join(this.folder, ".state/.pulumi/stacks/stand-ins-test/test.json"), "utf8");
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
