import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { SimHome } from "./home.ts";

/** Pulumi's folders in a file backend, and what of a stack lies in each. */
const KINDS = [
  { parts: ["stacks"], match: isStackFile },
  { parts: ["history"], match: isStack },
  { parts: ["backups"], match: isStack },
  { parts: ["locks", "organization"], match: isStack },
] as const;

/**
 * Removes everything that the simulated backend knows of a zone's stack: its cluster is gone, so that every line
 * of it is about objects that do not exist.
 */
export async function removeStackState(home: SimHome, zone: string): Promise<void> {
  await Promise.all(
    KINDS.map(async ({ parts, match }) => {
      const root = path.join(home.backend, ".pulumi", ...parts);
      for (const project of await names(root)) {
        const found = (await names(path.join(root, project))).filter((entry) => match(entry, zone));
        await Promise.all(
          found.map((entry) => rm(path.join(root, project, entry), { recursive: true, force: true })),
        );
      }
    }),
  );
}

/** `<zone>.json`, its backups, attributes, compressed forms, and the stack's tags. */
function isStackFile(entry: string, zone: string): boolean {
  return entry.startsWith(`${zone}.json`) || entry.startsWith(`${zone}.pulumi-tags`);
}

function isStack(entry: string, zone: string): boolean {
  return entry === zone;
}

async function names(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
