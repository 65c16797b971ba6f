import type { ProblemCode } from "./problem-codes.ts";

/** One thing that is wrong with a zone, told so that the person who edits the file can mend it. */
export interface Problem {
  /** `GZ…`: the page `docs/problems/<code>.md` explains it. */
  readonly code: ProblemCode;
  /** An error stops `pulumi up` before anything is written; a warning is printed. */
  readonly severity: "error" | "warning";
  /** The zone (stack) it was found in. */
  readonly zone: string;
  /** Config path (`apps.private-detector.replicas`) or object (`private-detector/Deployment/ns/name`). */
  readonly path: string;
  /** File that holds the cause, relative to the repository. */
  readonly file: string;
  /** Line in that file, counted from 1; 0 when the whole file is meant. */
  readonly line: number;
  /** What was wanted and what was got, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly fix: string;
}

/** `Pulumi.zone-1-dev.yaml:12`, as editors and terminals make it clickable. */
export function place(problem: Pick<Problem, "file" | "line">): string {
  return problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file;
}

/** One problem in three lines: severity and place, what, how to fix it. */
export function formatProblem(problem: Problem): string {
  return `${problem.severity} ${describeProblem(problem)}`;
}

/** The same without the severity, where something else says it. */
export function describeProblem(problem: Problem): string {
  return [
    `${problem.code} ${place(problem)}${problem.path === "" ? "" : `  ${problem.path}`}`,
    `    ${problem.message}`,
    `    fix: ${problem.fix} (docs/problems/${problem.code}.md)`,
  ].join("\n");
}

/** True when something in the list stops an update. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}

/** Carries problems through code that cannot go on; caught where they are shown, never swallowed. */
export class ProblemsError extends Error {
  override readonly name = "ProblemsError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}
