/** What a command may touch of the outside; tests hand in their own. */
export interface Surroundings {
  /** Absolute path of the checkout. */
  readonly repository: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data: goes to stdout. */
  readonly out: (text: string) => void;
  /** Progress: goes to stderr. */
  readonly err: (text: string) => void;
  /** Aborted, with an `Interrupted`, by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Columns of the terminal; undefined when stdout is none. */
  readonly columns: number | undefined;
}

/** Why a command ends before its work is done. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  override readonly cause: "SIGINT" | "SIGTERM";
  /** What a shell gives a program that this signal ended. */
  readonly exitCode: number;

  constructor(cause: "SIGINT" | "SIGTERM") {
    super(cause === "SIGINT" ? "interrupted" : "told to end (SIGTERM)");
    this.cause = cause;
    this.exitCode = cause === "SIGINT" ? 130 : 143;
  }
}

/** What a search for tools needs of the surroundings: where to tell, and when to stop. */
export function toolSearch({ err, signal }: Surroundings): {
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
} {
  return { log: err, signal };
}

/** A failure that is the user's to mend: printed without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
