import assert from "node:assert/strict";
import { formatProblem } from "../../../plan/config/problem.ts";
import { checkGates } from "../../../plan/gates/gates.ts";
import { managedStackGate } from "../../../plan/gates/managed-stack.ts";
import { OTHER, OURS, run, zoneOf } from "./run-input.ts";

describe("a GPU stack of ours", () => {
  it("stops off the simulated zone, where it would leave GPUs without a driver", () => {
    assert.deepEqual(managedStackGate(run(zoneOf("gpu:\n  managed: true\n"))).map(formatProblem), [
      `error GZ308 Pulumi.zone-x.yaml:2  gpu.managed
    gpu.managed: true is not yet for real clusters: the native GPU stack is complete on simulated zones only
    fix: set gpu-zones:gpu: {managed: false} on clusters whose GPU stack exists, or use ./zones sim up (docs/problems/GZ308.md)`,
    ]);
  });

  it("may be previewed anywhere, and is let through on the simulated zone", () => {
    const zone = zoneOf("");
    assert.deepEqual(
      managedStackGate(run(zone, { preview: true })).map(({ severity }) => severity),
      ["warning"],
    );
    assert.deepEqual(managedStackGate(run(zone, { simulatedUid: OURS })), []);
  });

  it("is somebody else's where it is not managed", () => {
    assert.deepEqual(managedStackGate(run(zoneOf("gpu: { managed: false }\n"))), []);
  });
});

describe("all gates together", () => {
  const everything = zoneOf(
    `cluster: { uid: ${OURS} }\nhold: { until: "2026-12-31", reason: freeze }\nwindows: [{ allow: true, cron: 0 22 * * *, duration: 1h }]\n`,
  );

  it("tell everything that stops a run at once, the wrong cluster first", () => {
    assert.deepEqual(
      checkGates(run(everything, { identity: { state: "known", uid: OTHER } })).map(({ code }) => code),
      ["GZ304", "GZ308", "GZ301", "GZ302"],
    );
  });

  it("stop no preview, but for the wrong cluster", () => {
    assert.deepEqual(
      checkGates(run(everything, { preview: true })).filter(({ severity }) => severity === "error"),
      [],
    );
  });

  it("pass hold and window to who says why, and neither cluster nor GPU stack", () => {
    const input = run(everything, { override: "fixes an outage", identity: { state: "known", uid: OTHER } });
    assert.deepEqual(
      checkGates(input).map(({ code }) => code),
      ["GZ304", "GZ308"],
    );
  });
});
