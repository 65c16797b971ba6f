import assert from "node:assert/strict";
import { formatProblem } from "../../../plan/config/problem.ts";
import { holdGate } from "../../../plan/gates/hold.ts";
import { run, zoneOf } from "./run-input.ts";

const HELD = zoneOf('site: dc-1\nhold:\n  until: "2026-11-24"\n  reason: year-end freeze\n');

function codes(now: string, more: Partial<Parameters<typeof run>[1]> = {}): string[] {
  return holdGate(run(HELD, { now: new Date(now), ...more })).map(
    ({ code, severity }) => `${severity} ${code}`,
  );
}

describe("a zone on hold", () => {
  it("says until when, why, and how to go on all the same", () => {
    assert.deepEqual(holdGate(run(HELD)).map(formatProblem), [
      `error GZ301 Pulumi.zone-x.yaml:2  hold
    wanted a zone that takes changes, got a hold until 2026-11-24: year-end freeze
    fix: wait, take the hold out, or pass it with GPU_ZONES_OVERRIDE="reason" (docs/problems/GZ301.md)`,
    ]);
  });

  it("takes no change to the last moment of its last day in UTC, and every change after it", () => {
    assert.deepEqual(codes("2026-11-24T23:59:59.999Z"), ["error GZ301"]);
    assert.deepEqual(codes("2026-11-25T00:00:00.000Z"), []);
  });

  it("may be previewed", () => {
    assert.deepEqual(codes("2026-11-24T12:00:00Z", { preview: true }), ["warning GZ301"]);
  });

  it("is passed by who says why, and not by an empty reason", () => {
    assert.deepEqual(codes("2026-11-24T12:00:00Z", { override: "fixes an outage" }), []);
    assert.deepEqual(codes("2026-11-24T12:00:00Z", { override: " " }), ["error GZ301"]);
  });

  it("is no zone without a hold", () => {
    assert.deepEqual(holdGate(run(zoneOf(""))), []);
  });
});
