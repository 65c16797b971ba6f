import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One run of something: how long it took and the most memory it held. */
export interface Sample {
  readonly seconds: number;
  /** Largest sum of resident memory over the process and its descendants, in MB; 0 where /proc is missing. */
  readonly megabytes: number;
}

const SAMPLE_MS = 25;

/** Runs a command to its end; a failing command fails the bench. */
export function timed(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Sample> {
  const started = performance.now();
  const child = spawn(command, [...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  let megabytes = 0;
  const sampler = setInterval(() => {
    megabytes = Math.max(megabytes, residentMegabytes(child.pid ?? 0));
  }, SAMPLE_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(sampler);
      if (code === 0) resolve({ seconds: (performance.now() - started) / 1000, megabytes });
      else reject(new Error(`${command} ${args.join(" ")} ended with ${String(code)}:\n${output}`));
    });
  });
}

/** Runs a and b in turn, so that a machine whose speed drifts drifts for both. */
export async function alternate(
  runs: number,
  a: () => Promise<Sample>,
  b: () => Promise<Sample>,
): Promise<[Sample, Sample]> {
  const samples: [Sample[], Sample[]] = [[], []];
  // The first pair warms caches and is not counted.
  await a();
  await b();
  for (let run = 0; run < runs; run += 1) {
    samples[0].push(await a());
    samples[1].push(await b());
  }
  return [median(samples[0]), median(samples[1])];
}

function median(samples: readonly Sample[]): Sample {
  const middle = (values: number[]): number =>
    values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)] ?? 0;
  return {
    seconds: middle(samples.map(({ seconds }) => seconds)),
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
