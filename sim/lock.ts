import { mkdir } from "node:fs/promises";
import path from "node:path";
import lockfile from "proper-lockfile";

/** A lock whose holder was killed is free again after this time. */
const STALE_MS = 5000;
/** Longest wait for somebody who holds it: a first `sim up` may build its tools. */
const PATIENCE_MS = 20 * 60_000;
const RETRY_MS = 100;

/**
 * Runs the work while holding the lock; others wait.
 * @param file names the lock; need not exist
 * @param signal ends the waiting, not the work
 * @throws when the lock is not had within 20 minutes; the signal's reason when it is aborted before
 */
export async function withLock<T>(
  file: string,
  holding: string,
  log: (line: string) => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const release = await acquire(file, holding, log, signal);
  try {
    return await work();
  } finally {
    // A lock that was lost while the machine slept is not ours to release.
    await release().catch(() => undefined);
  }
}

async function acquire(
  file: string,
  holding: string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<() => Promise<void>> {
  signal?.throwIfAborted();
  const options = {
    realpath: false,
    stale: STALE_MS,
    update: STALE_MS / 5,
    onCompromised: () => {
      log(`the lock ${file} was lost, probably because the machine slept; going on`);
    },
  };
  const first = await tryLock(file, options);
  if (first !== undefined) return first;
  log(`waiting for another run that holds ${holding} (after a killed run: at most ${STALE_MS / 1000} s)`);
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    await new Promise((wake) => setTimeout(wake, RETRY_MS));
    signal?.throwIfAborted();
    const release = await tryLock(file, options);
    if (release !== undefined) return release;
  }
  throw new Error(
    `wanted ${holding} for this run alone, another run held ${file}.lock for 20 minutes; end that run first`,
  );
}

async function tryLock(
  file: string,
  options: lockfile.LockOptions,
): Promise<(() => Promise<void>) | undefined> {
  try {
    return await lockfile.lock(file, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return undefined;
    throw error;
  }
}
