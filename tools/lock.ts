import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Progress } from "./progress.ts";

/** Milliseconds without a sign of life after which a lock's owner counts as dead (kill -9 leaves the lock behind). */
const STALE = 5000;
const POLL = 250;
/** Milliseconds after which a run no longer waits for another one's install. */
const WAIT_LIMIT = 60 * 60 * 1000;

/** Does `work` while no other process does it for the same `name`; says so while it waits. */
export async function underLock<Result>(
  folder: string,
  name: string,
  progress: Progress,
  work: () => Promise<Result>,
): Promise<Result> {
  const { default: lockfile } = await import("proper-lockfile");
  // The library keeps locks apart by this path, so each needs its own.
  const locked = join(folder, ".locks", name);
  mkdirSync(join(folder, ".locks"), { recursive: true });
  const since = Date.now();
  let waiting: ReturnType<Progress["start"]> | undefined;
  for (;;) {
    try {
      const release = await lockfile.lock(locked, {
        realpath: false,
        stale: STALE,
        update: STALE / 4,
        // A machine that slept: another run may have started the same install. Both work in folders of their own, the later rename wins.
        onCompromised: () => undefined,
      });
      waiting?.end("it is done");
      try {
        return await work();
      } finally {
        await release().catch(() => undefined);
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) throw error;
      if (Date.now() - since > WAIT_LIMIT) {
        throw new Error(
          `waited an hour for another run that installs ${name}; if there is none, remove ${locked}.lock`,
          { cause: error },
        );
      }
      waiting ??= progress.start(`${name}: another run installs it, waiting`);
      await pause(POLL);
    }
  }
}
