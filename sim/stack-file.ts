import { readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import writeFileAtomic from "write-file-atomic";
import { parse } from "yaml";
import type { ZoneRecord } from "./zone-record.ts";

/** What `pulumi stack init` and `pulumi config set` write beside the configuration. */
const APPENDED = ["encryptionsalt", "secretsprovider"] as const;

type StackFile = ZoneRecord["stackFile"];

/** The zone's stack file as it is now, to be remembered before Pulumi touches it. */
export async function rememberStackFile(repository: string, zone: string): Promise<StackFile> {
  const file = path.join(repository, await stackConfigDirectory(repository), `Pulumi.${zone}.yaml`);
  return { path: file, text: await readStackFile(file) };
}

/** What `stackFile.written` becomes when `pulumi stack init` changed the file: only its own work may be undone whole. */
export function written(before: StackFile, atInit: string | null, afterInit: string | null): StackFile {
  const untouched = atInit === before.text || atInit === (before.written ?? null);
  const { path: file, text } = before;
  return untouched && afterInit !== null ? { path: file, text, written: afterInit } : { path: file, text };
}

/** Null: there is none. */
export async function readStackFile(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch(() => null);
}

/** Takes out of the zone's stack file what Pulumi appended for the simulated backend. */
export async function restoreStackFile(before: StackFile): Promise<void> {
  const now = await readFile(before.path, "utf8").catch(() => undefined);
  if (now === undefined) return;
  const text = withoutAppended(before, now);
  if (text === now) return;
  if (text === undefined) {
    await rm(before.path, { force: true });
    return;
  }
  const { mode } = await stat(before.path);
  await writeFileAtomic(before.path, text, { mode });
}

/**
 * The stack file's text without what Pulumi appended; keys that were there before stay, and so does every byte that a
 * person wrote meanwhile.
 * @param before the file at `sim up`, and as `pulumi stack init` left it
 * @returns undefined when nothing of the file is left, and there was none before
 */
export function withoutAppended(before: Omit<StackFile, "path">, now: string): string | undefined {
  // Pulumi lays the file out anew; nobody touched it since, so it gets its old bytes back.
  if (now === before.written) return before.text ?? undefined;
  const old = keys(before.text ?? "");
  const current = keys(now);
  // A file that is no YAML mapping is being edited: hands off.
  if (old === undefined || current === undefined) return now;
  const appended = APPENDED.filter((key) => key in current && !(key in old));
  if (appended.length === 0) return now;
  const left = Object.keys(current).length - appended.length;
  return before.text === null && left === 0 ? undefined : withoutLines(now, appended);
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
