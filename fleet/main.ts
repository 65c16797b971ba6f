import { join } from "node:path";
import { ProblemsError } from "../plan/config/problem.ts";
import { runZones } from "./cli.ts";
import { Interrupted, UserError } from "./surroundings.ts";

/** The only file that touches the process: arguments, streams, signals and the exit code. */
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    interrupted.abort(new Interrupted(signal));
  });
}

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
} catch (error) {
  const reason: unknown = interrupted.signal.aborted ? interrupted.signal.reason : error;
  const known = [UserError, ProblemsError, Interrupted].some((kind) => reason instanceof kind);
  const { message, stack } = reason as Error;
  process.stderr.write(`${known ? message : (stack ?? String(reason))}\n`);
  process.exitCode = error instanceof UserError ? error.exitCode : 1;
}
const reason: unknown = interrupted.signal.reason;
if (reason instanceof Interrupted) process.exitCode = reason.exitCode;

// `eval "$(./zones sim env)" && pulumi up`: eval of an empty answer succeeds, and pulumi would run in the user's own
// environment. What is printed instead makes eval fail.
const line = ` ${process.argv.slice(2).join(" ")} `;
if (process.exitCode !== 0 && line.includes(" sim env ") && !line.includes(" --json "))
  process.stdout.write("false\n");
