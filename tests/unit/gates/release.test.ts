import assert from "node:assert/strict";
import fc from "fast-check";
import { leap, releaseGate } from "../../../plan/gates/release.ts";
import { run, zoneOf } from "./run-input.ts";

const ORDER = ["25.10", "26.3", "26.7", "26.10"];

describe("a step from one release of the GPU stack to another", () => {
  it("may go to the next one, or back by one, or nowhere", () => {
    assert.equal(leap(ORDER, "26.3", "26.7"), undefined);
    assert.equal(leap(ORDER, "26.10", "26.7"), undefined);
    assert.equal(leap(ORDER, "26.7", "26.7"), undefined);
  });

  it("may not skip one, in either direction, and says which come first", () => {
    assert.deepEqual(leap(ORDER, "25.10", "26.10"), { between: ["26.3", "26.7"], down: false });
    assert.deepEqual(leap(ORDER, "26.10", "25.10"), { between: ["26.7", "26.3"], down: true });
  });

  it("is refused where nobody knows how far it is", () => {
    assert.deepEqual(leap(ORDER, "24.9", "26.7"), { between: [], down: false });
    assert.equal(leap(ORDER, "24.9", "24.9"), undefined);
  });

  it("leads everywhere when it is made release by release", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ORDER), fc.constantFrom(...ORDER), (from, to) => {
        let at = from;
        let steps = 0;
        for (; at !== to; steps++) at = leap(ORDER, at, to)?.between[0] ?? to;
        assert.equal(steps, Math.abs(ORDER.indexOf(to) - ORDER.indexOf(from)));
      }),
    );
  });
});

describe("the release of a zone's last update", () => {
  const zone = zoneOf("");

  it("stops an update that would skip one, and is a warning in a preview", () => {
    const [problem, ...more] = releaseGate(run(zone, { lastRelease: "24.9" }));
    assert.deepEqual(more, []);
    assert.deepEqual([problem?.code, problem?.severity, problem?.path], ["GZ312", "error", "gpu.release"]);
    assert.match(problem?.message ?? "", /wanted a release beside 24\.9, which the zone has, got 26\.7/);
    assert.equal(releaseGate(run(zone, { lastRelease: "24.9", preview: true }))[0]?.severity, "warning");
  });

  it("is of no matter on the first update, with the same release, or where somebody else runs the stack", () => {
    assert.deepEqual(releaseGate(run(zone)), []);
    assert.deepEqual(releaseGate(run(zone, { lastRelease: "26.7" })), []);
    const unmanaged = zoneOf("gpu: { managed: false }");
    assert.deepEqual(releaseGate(run(unmanaged, { lastRelease: "24.9" })), []);
  });
});
