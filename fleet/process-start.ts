import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Clock ticks in a second as /proc counts them: 100 on every platform that Node runs on. */
const TICKS = 100;
/** Fields of /proc/<pid>/stat behind the command, which may hold spaces: the process' start is the 22nd of all. */
const START_FIELD = 22 - 3;
/** States of a process that has ended. */
const ENDED = /^[ZX]/;

/**
 * When the process started, to the second; `ended`: it has ended, and its parent has not asked for its end yet, which a
 * container's first process may never do; undefined: there is none with this id, or the machine does not say.
 */
export async function processStart(pid: number): Promise<Date | "ended" | undefined> {
  try {
    return process.platform === "linux" ? await startInProc(pid) : await startByPs(pid);
  } catch {
    return undefined;
  }
}

async function startInProc(pid: number): Promise<Date | "ended" | undefined> {
  const [stat, machine] = await Promise.all([
    readFile(`/proc/${pid}/stat`, "utf8"),
    readFile("/proc/stat", "utf8"),
  ]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (ENDED.test(fields[0] ?? "")) return "ended";
  const ticks = Number(fields[START_FIELD]);
  const boot = Number(/^btime (\d+)$/m.exec(machine)?.[1]);
  return dateOf((boot + ticks / TICKS) * 1000);
}

async function startByPs(pid: number): Promise<Date | "ended" | undefined> {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const { stdout } = await promisify(execFile)("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { env });
  const [state = "", ...start] = stdout.trim().split(/\s+/);
  return ENDED.test(state) ? "ended" : dateOf(Date.parse(`${start.join(" ")} UTC`));
}

function dateOf(milliseconds: number): Date | undefined {
  return Number.isFinite(milliseconds) ? new Date(milliseconds) : undefined;
}
