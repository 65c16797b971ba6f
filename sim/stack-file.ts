import { readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import writeFileAtomic from "write-file-atomic";
import { parse } from "yaml";
import type { ZoneRecord } from "./zone-record.ts";

/** What `pulumi stack init` and `pulumi config set` write beside the configuration. */
const APPENDED = ["encryptionsalt", "secretsprovider"] as const;

type StackFile = ZoneRecord["stackFile"];

/** The zone's stack file as it is now, to be remembered before Pulumi touches it. */
export async function rememberStackFile(repository: string, zone: string): Promise<StackFile> {
  const file = path.join(repository, await stackConfigDirectory(repository), `Pulumi.${zone}.yaml`);
  return { path: file, text: await readFile(file, "utf8").catch(() => null) };
}

/** Takes out of the zone's stack file what Pulumi appended for the simulated backend. */
export async function restoreStackFile(before: StackFile): Promise<void> {
  const now = await readFile(before.path, "utf8").catch(() => undefined);
  if (now === undefined) return;
  const text = withoutAppended(before.text, now);
  if (text === now) return;
  if (text === undefined) {
    await rm(before.path, { force: true });
    return;
  }
  const { mode } = await stat(before.path);
  await writeFileAtomic(before.path, text, { mode });
}

/**
 * The stack file's text without what Pulumi appended; keys that were there before stay, and so do the edits
 * that a person made meanwhile.
 * @param before the text at `sim up`; null: there was no file
 * @returns undefined when nothing of the file is left, and there was none before
 */
export function withoutAppended(before: string | null, now: string): string | undefined {
  const old = keys(before ?? "");
  const current = keys(now);
  // A file that is no YAML mapping is being edited: hands off.
  if (old === undefined || current === undefined) return now;
  const appended = APPENDED.filter((key) => key in current && !(key in old));
  if (appended.length === 0) return now;
  const rest = Object.fromEntries(
    Object.entries(current).filter(([key]) => !appended.some((each) => each === key)),
  );
  if (before === null) return Object.keys(rest).length === 0 ? undefined : withoutLines(now, appended);
  // Pulumi may also have laid out the file anew: where it says the same as before, it gets its old bytes back.
  return isDeepStrictEqual(rest, old) ? before : withoutLines(now, appended);
}

function withoutLines(text: string, appended: readonly string[]): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => !appended.some((key) => line.startsWith(`${key}:`)))
    .join("");
}

function keys(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = parse(text) ?? {};
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** `stackConfigDir` of Pulumi.yaml, for fleets whose stack files do not lie in the top folder. */
async function stackConfigDirectory(repository: string): Promise<string> {
  const project = keys(await readFile(path.join(repository, "Pulumi.yaml"), "utf8").catch(() => ""));
  const directory = project?.["stackConfigDir"];
  return typeof directory === "string" ? directory : "";
}
