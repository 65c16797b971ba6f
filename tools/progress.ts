/** Where progress is shown: a terminal, whose last line can be rewritten, or lines. */
export interface Screen {
  /** Writes one whole line. */
  readonly line: (text: string) => void;
  /** Present on a terminal: replaces the last line that was not ended; "" removes it. */
  readonly rewrite?: (text: string) => void;
}

/** One thing that takes a while. */
export interface Activity {
  /** What it is at, e.g. `12 of 80 MB`; shown with the next tick. */
  readonly at: (detail: string) => void;
  /** Ends it; the line says `outcome` and how long it took. */
  readonly end: (outcome: string) => void;
}

interface Running {
  readonly what: string;
  readonly since: number;
  readonly usualSeconds: number | undefined;
  detail: string;
}

/** Seconds between two signs of life: on a terminal, and in a log. */
const TERMINAL_TICK = 1;
const LOG_TICK = 30;

/** Says what is going on, how long so far and how long it usually takes. */
export class Progress {
  readonly #screen: Screen;
  readonly #tickMs: number;
  readonly #running = new Set<Running>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tickSeconds Seconds between two signs of life. Default: 1 on a terminal, else 30. */
  constructor(screen: Screen, tickSeconds?: number) {
    this.#screen = screen;
    this.#tickMs = 1000 * (tickSeconds ?? (screen.rewrite === undefined ? LOG_TICK : TERMINAL_TICK));
  }

  /** A line of its own, beside what is going on. */
  say(text: string): void {
    this.#screen.rewrite?.("");
    this.#screen.line(text);
    this.#redraw();
  }

  /** @param usualSeconds How long it takes on two cores; undefined where it depends on the connection. */
  start(what: string, usualSeconds?: number): Activity {
    const running: Running = { what, since: Date.now(), usualSeconds, detail: "" };
    this.#running.add(running);
    if (this.#screen.rewrite === undefined) {
      const usually = usualSeconds === undefined ? "" : `, usually ${clock(usualSeconds)} on two cores`;
      this.#screen.line(`${what}${usually}`);
    }
    this.#redraw();
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, this.#tickMs).unref();
    return {
      at: (detail) => {
        running.detail = detail;
      },
      end: (outcome) => {
        if (!this.#running.delete(running)) return;
        if (this.#running.size === 0) {
          clearInterval(this.#timer);
          this.#timer = undefined;
        }
        this.say(`${what}: ${outcome} after ${clock(seconds(running))}`);
      },
    };
  }

  #tick(): void {
    if (this.#screen.rewrite !== undefined) this.#redraw();
    else for (const running of this.#running) this.#screen.line(describe(running));
  }

  #redraw(): void {
    this.#screen.rewrite?.([...this.#running].map(describe).join(" | "));
  }
}

/**
 * The screen for a stream: rewritten in place when it is a terminal.
 * @param log Takes whole lines instead of the stream.
 */
export function screenOf(stream: NodeJS.WriteStream, log?: (line: string) => void): Screen {
  const line =
    log ??
    ((text: string): void => {
      stream.write(`${text}\n`);
    });
  if (!stream.isTTY) return { line };
  const clear = "\r\u001b[K";
  // A line that wraps could not be taken back. Some terminals do not know their width.
  const width = stream.columns > 0 ? stream.columns - 1 : 79;
  return { line, rewrite: (text) => stream.write(clear + text.slice(0, width)) };
}

/** `0:07`, `3:20`, `62:00`: minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function describe(running: Running): string {
  const so = seconds(running);
  const { usualSeconds } = running;
  const detail = running.detail === "" ? "" : `, ${running.detail}`;
  if (usualSeconds === undefined) return `${running.what}: ${clock(so)}${detail}`;
  const usual =
    so > usualSeconds ? `, longer than the usual ${clock(usualSeconds)}` : ` of about ${clock(usualSeconds)}`;
  return `${running.what}: ${clock(so)}${usual}${detail}`;
}

function seconds(running: Running): number {
  return (Date.now() - running.since) / 1000;
}
