import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { ZonePlaces } from "./home.ts";

const run = promisify(execFile);
const END_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

/** A process of a simulated zone. */
export interface ZoneProcess {
  readonly pid: number;
  /** `etcd`, `kube-apiserver`…, `simulator`, or `kwokctl` while it works. */
  readonly component: string;
}

/** Last argument of the simulator of a zone: what it is told apart by. */
export function simulatorArgument(places: ZonePlaces): string {
  return `--zone-directory=${places.directory}`;
}

/**
 * The zone's running processes, found by the paths in their command lines: process ids in files go stale
 * and may by now belong to somebody else.
 */
export async function zoneProcesses(places: ZonePlaces): Promise<ZoneProcess[]> {
  const commands = await commandLines();
  return commands.flatMap(({ pid, command }) => {
    const component = componentOf(places, command);
    return component === undefined ? [] : [{ pid, component }];
  });
}

/** Which component of the zone that command line is; undefined: none, whatever files of the zone it names. */
export function componentOf(places: ZonePlaces, command: string): string | undefined {
  // kwokctl links the binaries into the zone's directory and starts them by that path.
  const own = places.directory + path.sep;
  if (command.startsWith(own)) return path.basename(command.slice(own.length).split(" ", 1)[0] ?? "");
  if (
    command.endsWith(`/gpu-simulator/main.ts ${simulatorArgument(places)}`) &&
    isProgram(command, " --import ", /^node(js)?$/)
  ) {
    return "simulator";
  }
  // The simulator runs the labeller's script by the path at which it laid it out.
  if (command.startsWith(`/bin/sh ${own}labeller/`)) return "labeller";
  // kwokctl is started with this as its first argument.
  return isProgram(command, ` --config=${places.kwokctlConfig} `, /^kwokctl$/) ? "kwokctl" : undefined;
}

/** True when what stands before its first argument is the path of that program: `pgrep -f …` names it too. */
function isProgram(command: string, firstArgument: string, name: RegExp): boolean {
  const end = command.indexOf(firstArgument);
  const program = command.slice(0, Math.max(end, 0));
  return path.isAbsolute(program) && name.test(path.basename(program));
}

/**
 * Ends the zone's processes and waits until they are gone. What they hold is thrown away, so they are not asked.
 * @throws when one of them does not end within 10 s
 */
export async function endProcesses(places: ZonePlaces, components?: ReadonlySet<string>): Promise<void> {
  const end = Date.now() + END_TIMEOUT_MS;
  for (;;) {
    const all = await zoneProcesses(places);
    const left = components === undefined ? all : all.filter((each) => components.has(each.component));
    if (left.length === 0) return;
    // kwokctl first: it would start the others again. Each round looks anew, since it may have started one meanwhile.
    const order = left.toSorted(
      (a, b) => Number(b.component === "kwokctl") - Number(a.component === "kwokctl"),
    );
    for (const { pid } of order) kill(pid);
    if (Date.now() > end) {
      const names = left.map((each) => `${each.component} (${each.pid})`).join(", ");
      throw new Error(
        `${places.name}: could not end ${names} within ${END_TIMEOUT_MS / 1000} s; end them by hand`,
      );
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

interface CommandLine {
  readonly pid: number;
  readonly command: string;
}

async function commandLines(): Promise<CommandLine[]> {
  if (process.platform === "linux") {
    const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
    return Promise.all(
      pids.map(async (pid) => {
        // Gone meanwhile, or a zombie: an empty line.
        const raw = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        return { pid: Number(pid), command: raw.replace(/\0+$/, "").replaceAll("\0", " ") };
      }),
    );
  }
  const { stdout } = await run("ps", ["-axww", "-o", "pid=,args="], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+) (.*)$/.exec(line);
    return match?.[1] === undefined || match[2] === undefined
      ? []
      : [{ pid: Number(match[1]), command: match[2] }];
  });
}
