import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ownerText, parseOwner, startOf, stateOf, thisProcess } from "./owner.ts";
import { statOf } from "./stat.ts";

/** Milliseconds after which a work folder of another host counts as left behind. */
const OLD = 24 * 60 * 60 * 1000;
const CHILD = "child~";
const TRASH = "trash~";

/** An empty folder of this run alone; its name says whose it is, and no name is ever used twice. */
export function makeWorkFolder(folder: string): string {
  const work = join(folder, ".work", `${ownerText(thisProcess())}~${randomUUID()}`);
  mkdirSync(work, { recursive: true });
  return work;
}

/** Where the executables of a build in `work` go. */
export function buildFolder(work: string): string {
  return join(work, "build");
}

/** Removes a work folder; what cannot be removed is left to the next run. */
export async function removeWorkFolder(work: string): Promise<void> {
  const trash = join(work, "..", `${TRASH}${randomUUID()}`);
  try {
    // A process that was not told in time finds the old name gone and cannot fill it again.
    renameSync(work, trash);
  } catch {
    return;
  }
  await removeTrash(trash);
}

/** Removes the folders of runs that died, whatever they installed, and ends the builds that outlived them. */
export async function sweepWorkFolders(folder: string): Promise<void> {
  const works = join(folder, ".work");
  for (const name of namesIn(works)) {
    const work = join(works, name);
    if (name.startsWith(TRASH)) {
      await removeTrash(work);
      continue;
    }
    const owner = parseOwner(name);
    const state = owner === undefined ? "elsewhere" : stateOf(owner);
    const stat = statOf(work);
    if (state === "lives" || stat === undefined) continue;
    if (state === "elsewhere" && Date.now() - stat.mtimeMs < OLD) continue;
    if (state === "dead") endChildren(buildFolder(work));
    await removeWorkFolder(work);
  }
}

/** Notes in `into` that the process group `pid` works there. @returns forgets it again */
export function noteChild(into: string, pid: number): () => void {
  const started = startOf(pid);
  // It ended before it could be looked at.
  if (started === undefined) return () => undefined;
  const note = join(into, `${CHILD}${pid}~${started}`);
  writeFileSync(note, "");
  return () => {
    rmSync(note, { force: true });
  };
}

function endChildren(into: string): void {
  for (const name of namesIn(into)) {
    if (!name.startsWith(CHILD)) continue;
    const [, pid, started] = name.split("~");
    // Only where the start is the same it is certain that the number was not given to another process.
    if (started === undefined || startOf(Number(pid)) !== started) continue;
    try {
      process.kill(-Number(pid), "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

async function removeTrash(trash: string): Promise<void> {
  await rm(trash, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
