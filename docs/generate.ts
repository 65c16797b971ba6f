import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { PROBLEM_CODES } from "../plan/config/problem-codes.ts";
import { jsonSchemas } from "./json-schemas.ts";
import { parityPage } from "./parity.ts";
import { problemPages } from "./problem-pages.ts";

/** Folders that hold generated files and nothing else. */
export const GENERATED_FOLDERS = ["docs/problems", "docs/schema"] as const;

/** Everything in docs/ that follows from the code: text by path from the repository. */
export function generatedDocs(): Map<string, string> {
  return new Map([...problemPages(PROBLEM_CODES), ...jsonSchemas(), parityPage()]);
}

/** Writes the generated files, and removes those whose source is gone. */
async function writeDocs(repository: string): Promise<void> {
  const docs = generatedDocs();
  for (const [path, text] of docs) {
    await mkdir(join(repository, dirname(path)), { recursive: true });
    await writeFileAtomic(join(repository, path), text);
  }
  for (const folder of GENERATED_FOLDERS) {
    for (const name of await readdir(join(repository, folder))) {
      if (!docs.has(`${folder}/${name}`)) await rm(join(repository, folder, name));
    }
  }
  process.stderr.write(`${docs.size} files written\n`);
}

if (process.argv[1] === import.meta.filename) await writeDocs(join(import.meta.dirname, ".."));
