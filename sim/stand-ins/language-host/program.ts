import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import type { RuntimeOptions } from "./options.ts";

/** Everything that one run of a program needs. */
export interface ProgramRun {
  engine: string;
  monitor: string;
  organization: string;
  project: string;
  stack: string;
  /** Directory of Pulumi.yaml. */
  rootDirectory: string;
  /** Working directory of the program. */
  programDirectory: string;
  /** File below the program directory, or ".": what package.json names. */
  entryPoint: string;
  args: string[];
  /** Stack config by full key. */
  config: Record<string, string>;
  secretKeys: string[];
  dryRun: boolean;
  /** Resource operations at once; 0 means no limit. */
  parallel: number;
  options: RuntimeOptions;
}

/** How a program ended: `bail` means that it has reported its failure itself. */
export type ProgramEnd = { ok: true } | { ok: false; bail: boolean; error: string };

// The SDK leaves with this code after it has shown the failure to the operator.
const reportedExitCode = 32;
// An interrupted program gets this long before it is killed.
const interruptLimitMs = 2000;

/** The command line that the SDK's own runner expects. Throws when the program has no @pulumi/pulumi. */
export function programCommand(run: ProgramRun): string[] {
  const flags: [string, string][] = [
    ["engine", run.engine],
    ["monitor", run.monitor],
    ["organization", run.organization],
    ["project", run.project],
    ["root-directory", run.rootDirectory],
    ["stack", run.stack],
    ["pwd", run.programDirectory],
  ];
  const command = [...run.options.nodeArgs, runner(run.programDirectory)];
  for (const [name, value] of flags) if (value !== "") command.push(`--${name}`, value);
  if (run.dryRun) command.push("--dry-run");
  command.push("--parallel", String(run.parallel), run.entryPoint, ...run.args);
  return command;
}

function runner(programDirectory: string): string {
  try {
    return createRequire(path.join(programDirectory, "index.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(
      `${programDirectory} has no @pulumi/pulumi in reach: run "npm install" there and check that package.json names it`,
    );
  }
}

/** The environment in which a program finds its config. */
export function programEnvironment(run: ProgramRun, base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...base,
    PULUMI_CONFIG: JSON.stringify(run.config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(run.secretKeys),
    PULUMI_NODEJS_TYPESCRIPT: String(run.options.typescript),
  };
}

/** Programs that run now; their host ends them before it leaves. */
export class Programs {
  readonly #running = new Set<ChildProcess>();

  /** Runs a program to its end. Its output goes to our own stdout and stderr, which the engine reads. */
  async run(run: ProgramRun): Promise<ProgramEnd> {
    const child = spawn(process.execPath, programCommand(run), {
      cwd: run.programDirectory,
      env: programEnvironment(run, process.env),
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.#running.add(child);
    try {
      return await ended(child);
    } finally {
      this.#running.delete(child);
    }
  }

  /** Interrupts every program, kills what has not left within 2 s, and resolves when all are gone. */
  async end(): Promise<void> {
    await Promise.all([...this.#running].map(endChild));
  }
}

function ended(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve({ ok: false, bail: false, error: `could not start the program: ${error.message}` });
    });
    child.once("exit", (code, signal) => {
      if (code === 0) resolve({ ok: true });
      else if (code === reportedExitCode) resolve({ ok: false, bail: true, error: "" });
      else if (signal !== null)
        resolve({ ok: false, bail: false, error: `Program was ended by signal ${signal}` });
      else
        resolve({ ok: false, bail: false, error: `Program exited with non-zero exit code: ${code ?? -1}` });
    });
  });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) =>
    child.once("exit", () => {
      resolve();
    }),
  );
  child.kill("SIGINT");
  const kill = setTimeout(() => child.kill("SIGKILL"), interruptLimitMs);
  await gone;
  clearTimeout(kill);
}
