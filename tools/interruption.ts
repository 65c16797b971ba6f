/** The run was told to end (Ctrl-C, SIGTERM, a caller's signal). No place that gives tools failed, so none is tried next. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor() {
    super("interrupted");
    this.stack = this.message;
  }
}

/** @throws Interrupted when `signal` was aborted */
export function stopWhenInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Interrupted();
}

/** Resolves after `milliseconds`. @throws Interrupted as soon as `signal` is aborted */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new Interrupted());
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Interrupted());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Milliseconds within which a process gets the signal that it sent to itself. */
const DELIVERY = 100;
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does `work` with a signal that the process' own end aborts too, so that children end and folders are removed first.
 * Afterwards the process gets its signal once more, to end by it, unless the caller knows of it: `given` is aborted.
 */
export async function untilEnded<Result>(
  given: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController();
  let received: NodeJS.Signals | undefined;
  const end = (name: NodeJS.Signals): void => {
    received = name;
    ending.abort();
  };
  for (const name of ENDING) process.on(name, end);
  try {
    return await work(given === undefined ? ending.signal : AbortSignal.any([given, ending.signal]));
  } finally {
    for (const name of ENDING) process.off(name, end);
    if (received !== undefined && given?.aborted !== true) {
      process.kill(process.pid, received);
      // Where a library listens too, the signal comes with a turn of the event loop; an exception now would be faster.
      await pause(DELIVERY, undefined);
    }
  }
}
