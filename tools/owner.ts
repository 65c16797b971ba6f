import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process that holds something in the cache, as other runs can recognize it. */
export interface Owner {
  /** Host and, on Linux, its set of process numbers: containers may share a cache and a host's name. No `~` in it. */
  readonly host: string;
  readonly pid: number;
  /** When it started, in the system's own words: process numbers are used again. */
  readonly started: string;
}

/** This process. */
export function thisProcess(): Owner {
  return { host: thisHost(), pid: process.pid, started: startOf(process.pid) ?? "" };
}

/** `elsewhere`: it ran on another host, nothing can be said. */
export function stateOf(owner: Owner): "lives" | "dead" | "elsewhere" {
  if (owner.host !== thisHost()) return "elsewhere";
  return startOf(owner.pid) === owner.started ? "lives" : "dead";
}

/** `host~pid~started`: part of a file's name. */
export function ownerText({ host, pid, started }: Owner): string {
  return [host, pid, started].join("~");
}

/** The owner in what `ownerText` wrote, whatever follows after another `~`; undefined for anything else. */
export function parseOwner(text: string): Owner | undefined {
  const [host, pid, started] = text.split("~");
  if (host === undefined || started === undefined || !/^\d+$/.test(String(pid))) return undefined;
  return { host, pid: Number(pid), started };
}

/** When the process `pid` started; undefined when there is none, or only what is left of one. */
export function startOf(pid: number): string | undefined {
  if (process.platform === "linux") {
    try {
      // The name before it may hold spaces and parentheses. Fields after it: state, …, the 20th is the start in ticks.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const asked = execFileSync("/bin/ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      env: { LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [state = "Z", ...start] = asked.trim().split(/\s+/);
    return state.startsWith("Z") ? undefined : start.join("-");
  } catch {
    return undefined;
  }
}

let host: string | undefined;

function thisHost(): string {
  host ??= [hostname(), processSpace()].join("-").replace(/[^A-Za-z0-9.-]/g, "_");
  return host;
}

function processSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    return "";
  }
}
