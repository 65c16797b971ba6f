import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Interrupted, pause, stopWhenInterrupted } from "./interruption.ts";
import { type Owner, ownerText, parseOwner, stateOf, thisProcess } from "./owner.ts";
import type { Activity, Progress } from "./progress.ts";

/** Milliseconds without a sign of life after which a lock of another host is taken over. */
const STALE = 5000;
const POLL = 250;
/** Milliseconds after which a run no longer waits for another one's install. */
const WAIT_LIMIT = 60 * 60 * 1000;

export interface Lock {
  /** Folder of the cache. */
  readonly folder: string;
  /** What only one run may do at a time: a source's name. */
  readonly name: string;
  /** What the run that holds it does to it; other runs say so while they wait. */
  readonly doing: "downloads" | "builds";
  /** Seconds that it usually takes on two cores; undefined where it depends on the connection. */
  readonly usualSeconds: number | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Does `work` while no other process holds the same lock; says so while it waits. Whoever lives on this host keeps its lock,
 * also when it is stopped or too busy to give a sign of life.
 * @throws Interrupted
 */
export async function underLock<Result>(lock: Lock, work: () => Promise<Result>): Promise<Result> {
  // The library keeps locks apart by this path, so each needs its own.
  const locked = join(lock.folder, ".locks", lock.name);
  mkdirSync(join(lock.folder, ".locks"), { recursive: true });
  const since = Date.now();
  let waiting: Activity | undefined;
  try {
    for (;;) {
      stopWhenInterrupted(lock.signal);
      const holder = readHolder(locked);
      if (holder === undefined || !isHeld(locked, holder)) {
        const release = await take(locked);
        if (release !== undefined) {
          waiting?.end("it is done");
          waiting = undefined;
          const forget = noteHolder(locked, lock);
          try {
            return await work();
          } finally {
            forget();
            await release().catch(() => undefined);
          }
        }
      }
      const who = holder === undefined ? "another run" : `another run (pid ${holder.owner.pid})`;
      if (Date.now() - since > WAIT_LIMIT) {
        throw new Error(
          `waited an hour for ${who} that installs ${lock.name}; if it hangs, end it, and remove ${locked}.lock`,
        );
      }
      waiting ??= lock.progress.start(
        `${lock.name}: waiting for ${who} that ${holder?.doing ?? "installs"} it`,
        holder?.usualSeconds,
      );
      await pause(POLL, lock.signal);
    }
  } catch (error) {
    waiting?.end(error instanceof Interrupted ? "interrupted" : "given up");
    throw error;
  }
}

async function take(locked: string): Promise<(() => Promise<void>) | undefined> {
  const { default: lockfile } = await import("proper-lockfile");
  try {
    return await lockfile.lock(locked, {
      realpath: false,
      stale: STALE,
      update: STALE / 4,
      // A host that slept: another one may have started the same install. Both work in folders of their own, the later rename wins.
      onCompromised: () => undefined,
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ELOCKED") return undefined;
    throw error;
  }
}

/** What lies beside a lock while it is held. */
interface Holder {
  readonly owner: Owner;
  readonly doing: string;
  readonly usualSeconds: number | undefined;
}

function isHeld(locked: string, holder: Holder): boolean {
  const state = stateOf(holder.owner);
  if (state === "dead") clearDead(locked, holder.owner);
  return state === "lives";
}

/** Removes the lock of a run that died on this host; of several that see it, the one that gets hold of its note does. */
function clearDead(locked: string, owner: Owner): void {
  const mine = `${holderFile(locked)}.${process.pid}`;
  try {
    renameSync(holderFile(locked), mine);
    const taken = parseHolder(readFileSync(mine, "utf8"));
    if (taken === undefined || ownerText(taken.owner) === ownerText(owner)) {
      rmSync(mine);
      rmSync(`${locked}.lock`, { recursive: true, force: true });
    } else {
      // Somebody else was faster and holds the lock now.
      renameSync(mine, holderFile(locked));
    }
  } catch {
    // Gone in the meantime; the next round sees what is there now.
  }
}

function noteHolder(locked: string, { doing, usualSeconds }: Lock): () => void {
  const owner = ownerText(thisProcess());
  writeFileSync(holderFile(locked), `${JSON.stringify({ owner, doing, usualSeconds })}\n`);
  return () => {
    const holder = readHolder(locked);
    if (holder !== undefined && ownerText(holder.owner) === owner)
      rmSync(holderFile(locked), { force: true });
  };
}

function holderFile(locked: string): string {
  return `${locked}.holder`;
}

function readHolder(locked: string): Holder | undefined {
  try {
    return parseHolder(readFileSync(holderFile(locked), "utf8"));
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { owner: named, doing, usualSeconds } = value as Partial<Record<keyof Holder, unknown>>;
  const owner = typeof named === "string" ? parseOwner(named) : undefined;
  if (owner === undefined || typeof doing !== "string") return undefined;
  return { owner, doing, usualSeconds: typeof usualSeconds === "number" ? usualSeconds : undefined };
}
