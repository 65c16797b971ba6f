import { spawn, type ChildProcess } from "node:child_process";
import { delimiter } from "node:path";
import { createInterface } from "node:readline";
import { findTools, toolPath } from "../tools/find.ts";
import type { Tool } from "../tools/tool.ts";
import { Interrupted, toolSearch, UserError, type Surroundings } from "./surroundings.ts";

/** How a run of the engine ended. */
export interface PulumiRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PulumiOptions {
  /** Shows the engine's output on stderr as it comes; it is kept all the same. */
  readonly show?: boolean;
  /** More environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The run writes to a cluster: of a real one it takes the official plugins only. */
  readonly writes?: boolean;
}

/** Milliseconds that the engine has to tell that a signal reached it too. */
const SIGNAL_MS = 500;

/** The only file of `zones` that starts the engine. Ctrl-C reaches it through the process group; it ends in order. */
export async function pulumi(
  surroundings: Surroundings,
  args: readonly string[],
  options: PulumiOptions = {},
): Promise<PulumiRun> {
  const names = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-kubernetes"] as const;
  const tools = await findTools(names, toolSearch(surroundings));
  surroundings.signal.throwIfAborted();
  if (options.writes === true && !isSimulated(surroundings)) requireOfficial(Object.values(tools));
  const path = [...toolPath(Object.values(tools)), surroundings.env["PATH"] ?? ""].join(delimiter);
  return new Promise((resolve, reject) => {
    const child = spawn(tools.pulumi.path, [...args], {
      cwd: surroundings.repository,
      env: {
        ...surroundings.env,
        PATH: path,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_RUN_PROGRAM: "true",
        ...options.env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kept = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      createInterface({ input: child[stream] }).on("line", (line) => {
        kept[stream] += `${line}\n`;
        if (options.show === true) surroundings.err(line);
      });
    }
    const handOn = (): void => {
      setTimeout(() => {
        // The engine counts signals: a second one makes it drop what it does, so only one that missed it is handed on.
        const told = /SIG\w+ received; cancelling/.test(kept.stdout + kept.stderr);
        if (!told) handOnTermination(surroundings.signal, child);
      }, SIGNAL_MS).unref();
    };
    surroundings.signal.addEventListener("abort", handOn);
    child.on("error", reject);
    child.on("close", (code) => {
      surroundings.signal.removeEventListener("abort", handOn);
      resolve({ code: code ?? 1, ...kept });
    });
  });
}

/** Ctrl-C goes to the whole group; what ends a service or a job may know this process alone. */
function handOnTermination({ reason }: AbortSignal, child: ChildProcess): void {
  if (reason instanceof Interrupted && reason.cause === "SIGTERM" && child.exitCode === null)
    child.kill("SIGTERM");
}

/** True in the environment of `zones sim env`, which `--sim` sets too. */
function isSimulated({ env }: Surroundings): boolean {
  return env["GPU_ZONES_SIM_UIDS"] !== undefined;
}

/** @throws UserError naming the stand-ins: they play on simulated zones, and a real one deserves the official plugins */
export function requireOfficial(tools: readonly Tool[]): void {
  const standIns = tools.filter(({ origin }) => origin === "stand-in");
  if (standIns.length === 0) return;
  const wanted = standIns.map(({ name, version }) => `${name} ${version}`).join(" and ");
  throw new UserError(
    `wanted the official ${wanted} for a real zone, got our stand-in, which is for simulated zones only; install it where pulumi finds it, or work on the simulated zone: ./zones --sim …`,
  );
}
