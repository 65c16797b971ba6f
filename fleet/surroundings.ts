/** What a command may touch of the outside; tests hand in their own. */
export interface Surroundings {
  /** Absolute path of the checkout. */
  readonly repository: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Data: goes to stdout. */
  readonly out: (text: string) => void;
  /** Progress: goes to stderr. */
  readonly err: (text: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Columns of the terminal; undefined when stdout is none. */
  readonly columns: number | undefined;
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
