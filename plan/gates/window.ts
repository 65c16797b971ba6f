import { Cron } from "croner";
import type { Zone } from "../config/zone.ts";
import { finding, isOverridden, type Gate } from "./gate.ts";

type Window = NonNullable<Zone["windows"]>[number];

const MINUTE_MS = 60_000;

/** Openings and closings to look through for the next time that a run may start. */
const CHANGES_MAX = 100;

/** Updates run inside an allowing window, when there is one, and outside every denying window. */
export const windowGate: Gate = (input) => {
  const { zone, now } = input;
  if (zone.windows === undefined || isOverridden(input) || mayRun(zone.windows, now)) return [];
  const denied = isDenied(zone.windows, now);
  const next = nextTime(zone.windows, now);
  return [
    finding(input, "GZ302", "windows", {
      message: `wanted an open window, got ${now.toISOString()}${denied ? ", inside a denying window" : ""}`,
      fix: `${next === undefined ? "wait" : `wait until ${next.toISOString()}`}, or pass it with GPU_ZONES_OVERRIDE="reason"`,
    }),
  ];
};

function mayRun(windows: readonly Window[], at: Date): boolean {
  const allowing = windows.filter(({ allow }) => allow);
  return !isDenied(windows, at) && (allowing.length === 0 || allowing.some((window) => isOpen(window, at)));
}

function isDenied(windows: readonly Window[], at: Date): boolean {
  return windows.some((window) => !window.allow && isOpen(window, at));
}

/** When a run may start next: at some opening of an allowing window, or end of a denying one. */
function nextTime(windows: readonly Window[], now: Date): Date | undefined {
  let at = now;
  for (let changes = 0; changes < CHANGES_MAX; changes++) {
    const next = windows
      .map((window) => (window.allow ? cronOf(window).nextRun(at) : closing(window, at)))
      .filter((each) => each instanceof Date)
      .toSorted((a, b) => a.getTime() - b.getTime())[0];
    if (next === undefined || mayRun(windows, next)) return next;
    at = next;
  }
  return undefined;
}

/** True from the moment the cron fires until its duration, in real time, is over. */
function isOpen(window: Window, at: Date): boolean {
  const end = closing(window, at);
  return end !== undefined && end.getTime() - durationMs(window) <= at.getTime();
}

/** The next end of the window after a time, be it open then or not. */
function closing(window: Window, at: Date): Date | undefined {
  const opened = cronOf(window).nextRun(new Date(at.getTime() - durationMs(window)));
  return opened === null ? undefined : new Date(opened.getTime() + durationMs(window));
}

/** Both texts were checked with the configuration (schema/window.ts). */
function cronOf({ cron, timeZone }: Window): Cron {
  return new Cron(cron, { timezone: timeZone, mode: "5-part", paused: true });
}

function durationMs({ duration }: Window): number {
  return Number.parseInt(duration, 10) * (duration.endsWith("h") ? 60 : 1) * MINUTE_MS;
}
