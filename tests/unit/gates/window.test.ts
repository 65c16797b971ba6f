import assert from "node:assert/strict";
import { formatProblem } from "../../../plan/config/problem.ts";
import { windowGate } from "../../../plan/gates/window.ts";
import { run, zoneOf } from "./run-input.ts";

type Window = readonly [allow: boolean, cron: string, duration: string, timeZone?: string];

function zoneWith(...windows: Window[]): ReturnType<typeof zoneOf> {
  const list = windows.map(([allow, cron, duration, timeZone = "UTC"]) => ({
    allow,
    cron,
    duration,
    timeZone,
  }));
  return zoneOf(`windows: ${JSON.stringify(list)}\n`);
}

function isOpen(at: string, ...windows: Window[]): boolean {
  return windowGate(run(zoneWith(...windows), { now: new Date(at) })).length === 0;
}

/** The time that the fix names. */
function waitsUntil(at: string, ...windows: Window[]): string | undefined {
  const [problem] = windowGate(run(zoneWith(...windows), { now: new Date(at) }));
  return /^wait until (\S+),/.exec(problem?.fix ?? "")?.[1];
}

const NIGHT: Window = [true, "0 22 * * *", "4h", "Europe/Berlin"];

describe("the windows of a zone", () => {
  it("say what time it is, when the next one opens, and how to go on all the same", () => {
    assert.deepEqual(windowGate(run(zoneWith(NIGHT))).map(formatProblem), [
      `error GZ302 Pulumi.zone-x.yaml:1  windows
    wanted an open window, got 2026-11-24T12:00:00.000Z
    fix: wait until 2026-11-24T21:00:00.000Z, or pass it with GPU_ZONES_OVERRIDE="reason" (docs/problems/GZ302.md)`,
    ]);
  });

  it("open at their first moment and are closed at their last, across midnight", () => {
    assert.equal(isOpen("2026-11-24T20:59:59.999Z", NIGHT), false);
    assert.equal(isOpen("2026-11-24T21:00:00.000Z", NIGHT), true);
    assert.equal(isOpen("2026-11-24T23:30:00.000Z", NIGHT), true, "half past midnight in Berlin");
    assert.equal(isOpen("2026-11-25T00:59:59.999Z", NIGHT), true);
    assert.equal(isOpen("2026-11-25T01:00:00.000Z", NIGHT), false);
  });

  it("follow the clocks of their place: an hour of UTC apart in summer and winter", () => {
    assert.equal(isOpen("2026-07-01T20:30:00Z", NIGHT), true);
    assert.equal(isOpen("2026-12-01T20:30:00Z", NIGHT), false);
  });

  it("stay open for their duration in real time on the night in which clocks change", () => {
    const hour = (at: string): boolean => isOpen(at, [true, "0 1 * * *", "2h", "Europe/Berlin"]);
    // In spring 02:00 is 03:00: the window closes at four o'clock.
    assert.deepEqual(["2026-03-29T00:00:00Z", "2026-03-29T01:59:59Z", "2026-03-29T02:00:00Z"].map(hour), [
      true,
      true,
      false,
    ]);
    // In autumn 03:00 is 02:00: it closes at two o'clock, winter time.
    assert.deepEqual(["2026-10-24T23:00:00Z", "2026-10-25T00:59:59Z", "2026-10-25T01:00:00Z"].map(hour), [
      true,
      true,
      false,
    ]);
  });

  it("open once on the night that has their hour twice, and at the change on the night that lacks it", () => {
    const half = (at: string): boolean => isOpen(at, [true, "30 2 * * *", "15m", "Europe/Berlin"]);
    assert.deepEqual(["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].map(half), [true, false]);
    assert.deepEqual(["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"].map(half), [
      false,
      true,
      false,
    ]);
  });

  it("open on the days that they name, and stay open into the next", () => {
    const weekday: Window = [true, "0 22 * * 1-5", "4h"];
    assert.equal(isOpen("2026-11-27T23:00:00Z", weekday), true, "Friday night");
    assert.equal(isOpen("2026-11-28T01:00:00Z", weekday), true, "and the hours after it");
    assert.equal(isOpen("2026-11-28T23:00:00Z", weekday), false, "Saturday night");
  });

  it("that deny leave every other time open", () => {
    const noon: Window = [false, "0 11 * * *", "2h"];
    assert.equal(isOpen("2026-11-24T10:59:59Z", noon), true);
    assert.equal(isOpen("2026-11-24T12:00:00Z", noon), false);
    assert.equal(isOpen("2026-11-24T13:00:00Z", noon), true);
  });

  it("that deny win over those that allow", () => {
    const [problem] = windowGate(run(zoneWith([true, "0 0 * * *", "24h"], [false, "0 11 * * *", "2h"])));
    assert.equal(
      problem?.message,
      "wanted an open window, got 2026-11-24T12:00:00.000Z, inside a denying window",
    );
  });

  it("name the first time at which nothing denies and something allows", () => {
    const day: Window = [true, "0 8 * * *", "10h"];
    assert.equal(
      waitsUntil("2026-11-24T12:00:00Z", day, [false, "0 11 * * *", "2h"]),
      "2026-11-24T13:00:00.000Z",
    );
    assert.equal(waitsUntil("2026-11-24T12:00:00Z", [false, "0 11 * * *", "2h"]), "2026-11-24T13:00:00.000Z");
    assert.equal(
      waitsUntil("2026-11-24T19:00:00Z", day, [false, "0 7 * * *", "3h"]),
      "2026-11-25T10:00:00.000Z",
    );
    assert.equal(waitsUntil("2026-11-24T12:00:00Z", [false, "0 * * * *", "2h"]), undefined, "there is none");
  });

  it("may be closed for a preview, and for who says why", () => {
    const zone = zoneWith(NIGHT);
    assert.deepEqual(
      windowGate(run(zone, { preview: true })).map(({ severity }) => severity),
      ["warning"],
    );
    assert.deepEqual(windowGate(run(zone, { override: "fixes an outage" })), []);
    assert.equal(windowGate(run(zone, { override: "" })).length, 1);
  });

  it("that are not there close nothing", () => {
    assert.deepEqual(windowGate(run(zoneOf(""))), []);
    assert.deepEqual(windowGate(run(zoneOf("windows: []\n"))), []);
  });
});
