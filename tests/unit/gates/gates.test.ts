import assert from "node:assert/strict";
import { checkGates } from "../../../plan/gates/gates.ts";
import { OTHER, OURS, run, zoneOf } from "./run-input.ts";

describe("all gates together", () => {
  const everything = zoneOf(
    `cluster: { uid: ${OURS} }\nhold: { until: "2026-12-31", reason: freeze }\nwindows: [{ allow: true, cron: 0 22 * * *, duration: 1h }]\n`,
  );

  it("tell everything that stops a run at once, the wrong cluster first", () => {
    assert.deepEqual(
      checkGates(run(everything, { identity: { state: "known", uid: OTHER } })).map(({ code }) => code),
      ["GZ304", "GZ301", "GZ302"],
    );
  });

  it("stop no preview, but for the wrong cluster", () => {
    assert.deepEqual(
      checkGates(run(everything, { preview: true })).filter(({ severity }) => severity === "error"),
      [],
    );
  });

  it("pass hold and window to who says why, and not the wrong cluster", () => {
    const input = run(everything, { override: "fixes an outage", identity: { state: "known", uid: OTHER } });
    assert.deepEqual(
      checkGates(input).map(({ code }) => code),
      ["GZ304"],
    );
  });
});
