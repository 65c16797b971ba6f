import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";

/** How golden files are written; nothing else writes them. */
const UPDATE_COMMAND = "UPDATE_GOLDEN=1 npm test";

/** A golden file beside what the code gives. */
export interface GoldenCase {
  /** Undefined: the file is not there. */
  readonly golden: string | undefined;
  readonly actual: string;
  /** `UPDATE_GOLDEN` is 1. */
  readonly update: boolean;
  /** On CI nothing is written: what is tested there is what was reviewed. */
  readonly ci: boolean;
}

/** What is to be done: nothing, write the file, show the difference, or fail for a reason. */
export type Verdict = "same" | "write" | "differs" | { readonly refused: string };

/** Judges a file that must be equal. */
export function judge({ golden, actual, update, ci }: GoldenCase): Verdict {
  if (golden === actual) return "same";
  if (!update) return "differs";
  return ci
    ? { refused: "UPDATE_GOLDEN is refused where CI is set: golden files change under a person's eyes" }
    : "write";
}

/** Judges a file of lines that may grow and may lose none, whoever asks for an update. */
export function judgeGrowing(each: GoldenCase): Verdict {
  const lines = new Set(each.actual.split("\n"));
  const lost = (each.golden ?? "").split("\n").filter((line) => !lines.has(line));
  if (lost.length === 0) return judge(each);
  return {
    refused: [
      "this file may grow; it may not lose or change a line. Lost:",
      ...lost.map((line) => `  ${line}`),
      "The engine knows an object by its type, parent and name. Under another it is a second object: the first is",
      "deleted, with its pods. Give it its old name back. Where the zone is meant to lose it, take the line out by hand;",
      "a ConfigMap that kustomize generates is, since its name follows its content.",
    ].join("\n"),
  };
}

/** A golden file's text; undefined when it is not there. */
export function readGolden(name: string): string | undefined {
  const path = join(import.meta.dirname, name);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** Compares with a golden file, or writes it when that is asked for and allowed. */
export function assertGolden(name: string, actual: string, verdictOf = judge): void {
  const { UPDATE_GOLDEN, CI } = process.env;
  const golden = readGolden(name);
  const ci = CI !== undefined && CI !== "" && CI !== "false";
  const verdict = verdictOf({ golden, actual, update: UPDATE_GOLDEN === "1", ci });
  if (verdict === "same") return;
  if (verdict === "write") {
    writeFileAtomic.sync(join(import.meta.dirname, name), actual);
    return;
  }
  const file = `tests/golden/${name}`;
  if (verdict !== "differs") throw failure(`${file}: ${verdict.refused}`);
  const why = golden === undefined ? "is not there" : "is not what the code gives";
  throw failure(`${file} ${why}; if that is meant: ${UPDATE_COMMAND}\n${unifiedDiff(golden ?? "", actual)}`);
}

/** The message says it all; a stack under a long difference hides it. */
function failure(message: string): Error {
  const error = new Error(message);
  error.stack = message;
  return error;
}

/** The difference between two texts as `git diff` shows it, from its first hunk on; empty when there is none. */
export function unifiedDiff(before: string, after: string): string {
  const folder = mkdtempSync(join(tmpdir(), "gpu-zones-golden-"));
  try {
    writeFileSync(join(folder, "golden"), before);
    writeFileSync(join(folder, "now"), after);
    const args = ["diff", "--no-index", "--no-color", "--no-ext-diff", "golden", "now"];
    execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    return "";
  } catch (error) {
    // Git ends with 1 when there is a difference.
    const { status, stdout } = error as { status?: number; stdout?: string };
    if (status !== 1 || stdout === undefined) throw error;
    return stdout.slice(Math.max(0, stdout.indexOf("@@")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
