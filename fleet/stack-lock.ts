import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { FileBackend } from "./file-backend.ts";
import { processStart } from "./process-start.ts";
import type { Surroundings } from "./surroundings.ts";

/** Who holds a stack's lock, as the engine writes it. */
const content = z.object({
  pid: z.int(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

/** A holder's process may seem to start this much after its lock: clocks are set while machines run. */
const CLOCK_MS = 5000;

export interface StackLock {
  /** In words: `user@host (pid 12) since …`, or that the file cannot be read. */
  readonly holder: string;
  /** True while the run that holds it is alive on this machine. */
  readonly alive: boolean;
}

/** The locks of a stack in a file backend; other backends are asked by the engine itself. */
export async function stackLocks(
  surroundings: Pick<Surroundings, "env">,
  stack: string,
): Promise<StackLock[]> {
  const folder = FileBackend.of(surroundings)?.locks(stack);
  const files = folder === undefined ? [] : await readdir(folder).catch(() => []);
  // Beside each lock may lie its attributes, as the engine's file store keeps them.
  const locks = files.filter((file) => file.endsWith(".json"));
  return Promise.all(locks.map((file) => readLock(join(folder ?? "", file))));
}

async function readLock(file: string): Promise<StackLock> {
  const lock = parsed(await readFile(file, "utf8").catch(() => ""));
  if (lock === undefined) {
    return { holder: `a lock that cannot be read, as after a power cut (${file})`, alive: false };
  }
  const holder = `${lock.username}@${lock.hostname} (pid ${lock.pid}) since ${lock.timestamp}`;
  return { holder, alive: lock.hostname === hostname() && (await isHolder(lock.pid, lock.timestamp)) };
}

function parsed(text: string): z.infer<typeof content> | undefined {
  try {
    return content.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** False also for a process that has the id now and started after the lock was written: it is another one. */
async function isHolder(pid: number, timestamp: string): Promise<boolean> {
  if (!exists(pid)) return false;
  const [start, locked] = [await processStart(pid), Date.parse(timestamp)];
  if (start === "ended") return false;
  if (start === undefined || Number.isNaN(locked)) return exists(pid);
  return start.getTime() <= locked + CLOCK_MS;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
