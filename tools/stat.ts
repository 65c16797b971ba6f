import { accessSync, constants, type Stats, statSync } from "node:fs";

/** What lies at `path`; undefined when nothing does, or nothing that this user may look at. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A file in the middle of the path, a folder without permission.
    return undefined;
  }
}

/** True when `path` is a file that this user may start. */
export function isExecutable(path: string): boolean {
  if (statOf(path)?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
