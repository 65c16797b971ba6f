import { spawn } from "node:child_process";
import { Interrupted, stopWhenInterrupted } from "./interruption.ts";
import { noteChild } from "./work.ts";

export interface ChildOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
  /** Folder in which the running child is noted, so that the next run can end it should this one be killed. */
  readonly note?: string;
  /** Takes each line of stderr as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Ended {
  /** Exit status, signal, or the reason why it did not start (ENOENT, EACCES). */
  readonly code: number | string;
  /** stdout and stderr, the last 100 000 characters. */
  readonly text: string;
}

/** Milliseconds that a child has to end in order. */
const GRACE = 2000;

/** Runs a program in a process group of its own, which ends with this process. @throws Interrupted when the group has ended */
export async function runChild(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Ended> {
  stopWhenInterrupted(options.signal);
  const ended = await runGroup(command, args, options);
  if (options.signal?.aborted === true) throw new Interrupted();
  return ended;
}

function runGroup(command: string, args: readonly string[], options: ChildOptions): Promise<Ended> {
  const { cwd, env, limit, signal, note, onLine } = options;
  return new Promise((resolve) => {
    // A group of its own: what `go` started ends with it.
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const kill = (name: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // It ended by itself.
      }
    };
    let force: NodeJS.Timeout | undefined;
    const stop = (): void => {
      kill("SIGTERM");
      force ??= setTimeout(kill, GRACE, "SIGKILL");
    };
    const killNow = (): void => {
      kill("SIGKILL");
    };
    // spawn's own time limit would keep the process alive when the command cannot be started.
    const timer = setTimeout(stop, limit);
    process.once("exit", killNow);
    signal?.addEventListener("abort", stop, { once: true });
    const forget = note === undefined || child.pid === undefined ? undefined : noteChild(note, child.pid);
    let text = "";
    let line = "";
    const collect = (chunk: Buffer): void => {
      text = (text + chunk.toString()).slice(-100_000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", (chunk: Buffer) => {
      collect(chunk);
      const lines = (line + chunk.toString()).split("\n");
      line = lines.pop() ?? "";
      for (const whole of lines) onLine?.(whole);
    });
    const end = (code: number | string): void => {
      clearTimeout(timer);
      clearTimeout(force);
      process.off("exit", killNow);
      signal?.removeEventListener("abort", stop);
      forget?.();
      resolve({ code, text });
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      end(error.code ?? error.message);
    });
    child.once("close", (code, name) => {
      end(code ?? name ?? "no status");
    });
  });
}
