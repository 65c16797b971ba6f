import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from "node:fs";

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

/** First bytes of ELF and of Mach-O, for one processor or several, in either order. */
const NATIVE = ["7f454c46", "feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "bebafeca"];

/** True when `path` is a program of machine code, false for a script. */
export function isNative(path: string): boolean {
  const start = Buffer.alloc(4);
  try {
    const file = openSync(path, "r");
    try {
      readSync(file, start);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return NATIVE.includes(start.toString("hex"));
}
