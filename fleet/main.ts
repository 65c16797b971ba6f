import { join } from "node:path";
import { ProblemsError } from "../plan/config/problem.ts";
import { runZones } from "./cli.ts";
import { UserError } from "./surroundings.ts";

/** The only file that touches the process: arguments, streams, signals and the exit code. */
const interrupted = new AbortController();
process.on("SIGINT", () => {
  interrupted.abort();
});

/** 130 is what a shell gives a program that Ctrl-C ended. */
const INTERRUPTED = 130;

// `zones list | head` closes the pipe early; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

try {
  process.exitCode = await runZones(process.argv.slice(2), {
    repository: join(import.meta.dirname, ".."),
    env: process.env,
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    signal: interrupted.signal,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
  });
  if (interrupted.signal.aborted) process.exitCode = INTERRUPTED;
} catch (error) {
  const known = error instanceof UserError || error instanceof ProblemsError;
  process.stderr.write(`${known ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = interrupted.signal.aborted
    ? INTERRUPTED
    : error instanceof UserError
      ? error.exitCode
      : 1;
}
