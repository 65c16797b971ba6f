import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One run of something: how long it took and the most memory it held. */
export interface Sample {
  readonly seconds: number;
  /** Processor time of the process and its descendants, in seconds: what a busy machine does not stretch. */
  readonly cpuSeconds: number;
  /** Largest sum of resident memory over the process and its descendants, in MB; 0 where /proc is missing. */
  readonly megabytes: number;
}

const SAMPLE_MS = 25;
// The kernel's unit in /proc, the same on every Linux that Node runs on.
const TICKS_PER_SECOND = 100;

// The shell says at the end how much processor time the command and its descendants took.
const withTimes = '"$@"; code=$?; times >&3; exit $code';

/** Reads the second line of the shell's `times`: "1m2.03s 0m0.45s", user and system time of the children. */
export function childSeconds(times: string): number {
  const line = times.trim().split("\n")[1] ?? "";
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((total, [, minutes, seconds]) => total + Number(minutes) * 60 + Number(seconds), 0);
}

/** Runs a command to its end; a failing command fails the bench. */
export function timed(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Sample> {
  const started = performance.now();
  const child = spawn("/bin/sh", ["-c", withTimes, "sh", command, ...args], {
    ...options,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  let times = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  child.stdio[3]?.on("data", (text: Buffer) => {
    times += text.toString();
  });
  let megabytes = 0;
  const sampler = setInterval(() => {
    megabytes = Math.max(megabytes, residentMegabytes(child.pid ?? 0));
  }, SAMPLE_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(sampler);
      const seconds = (performance.now() - started) / 1000;
      if (code === 0) resolve({ seconds, cpuSeconds: childSeconds(times), megabytes });
      else reject(new Error(`${command} ${args.join(" ")} ended with ${String(code)}:\n${output}`));
    });
  });
}

/** Measures work of this process, with the processor time of the processes that it has waited for. */
export async function inProcess(work: () => Promise<void>): Promise<Sample> {
  const started = performance.now();
  const before = ownCpuSeconds();
  await work();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cpuSeconds: ownCpuSeconds() - before, megabytes: 0 };
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + endedChildrenSeconds();
}

/** Processor time of ended children in seconds; 0 where /proc is missing. */
function endedChildrenSeconds(): number {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

/** Runs several things in turn, so that a machine whose speed drifts drifts for all; gives each one's median. */
export async function alternate<Works extends readonly (() => Promise<Sample>)[]>(
  runs: number,
  ...works: Works
): Promise<{ [Index in keyof Works]: Sample }> {
  const samples: Sample[][] = works.map(() => []);
  // The first round warms caches and is not counted.
  for (const work of works) await work();
  for (let run = 0; run < runs; run += 1) {
    for (const [index, work] of works.entries()) samples[index]?.push(await work());
  }
  return samples.map(median) as { [Index in keyof Works]: Sample };
}

function median(samples: readonly Sample[]): Sample {
  const middle = (values: number[]): number =>
    values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
  return {
    seconds: middle(samples.map(({ seconds }) => seconds)),
    cpuSeconds: middle(samples.map(({ cpuSeconds }) => cpuSeconds)),
    megabytes: middle(samples.map(({ megabytes }) => megabytes)),
  };
}

function residentMegabytes(root: number): number {
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  let entries: string[];
  try {
    entries = readdirSync("/proc");
  } catch {
    return 0;
  }
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
      resident.set(Number(entry), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      // The process ended between the listing and the look.
    }
  }
  const sum = (pid: number): number =>
    (resident.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(root) / 1024;
}
