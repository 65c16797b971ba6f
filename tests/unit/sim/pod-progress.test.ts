import assert from "node:assert/strict";
import type { V1Pod } from "@kubernetes/client-node";
import fc from "fast-check";
import {
  podProgress,
  podStatus,
  type ContainerProgress,
  type PodProgress,
} from "../../../sim/gpu-simulator/pod-progress.ts";

const restarts = fc.nat(3);
const container: fc.Arbitrary<ContainerProgress> = fc.oneof(
  fc.record({ is: fc.constant("waiting" as const), restarts }),
  fc.record({ is: fc.constant("waiting" as const), restarts, why: fc.string({ minLength: 1 }) }),
  fc.record({ is: fc.constant("running" as const), restarts, ready: fc.boolean() }),
  fc.record({ is: fc.constant("done" as const), restarts }),
  fc.record({ is: fc.constant("failed" as const), restarts, why: fc.string() }),
);
const progress: fc.Arbitrary<PodProgress> = fc
  .tuple(fc.constantFrom("Pending", "Running", "Succeeded", "Failed"), container, container)
  .map(([phase, init, main]) => ({ phase, containers: { init: { ...init }, main: { ...main } } }));
const POD: V1Pod = {
  metadata: { uid: "0a1b2c3d-0000-4000-8000-0123456789ab" },
  spec: { initContainers: [{ name: "init", image: "i:1" }], containers: [{ name: "main", image: "m:1" }] },
};

describe("a pod's progress", () => {
  it("is told by the status that it was written into, whatever stood there before", () => {
    fc.assert(
      fc.property(progress, progress, (before, after) => {
        const first = Object.assign({}, POD, { status: podStatus(POD, before, new Date(0)) });
        assert.deepEqual(podProgress(podStatus(first, after, new Date(1))), after);
      }),
    );
  });

  it("writes the same status again while it does not change", () => {
    fc.assert(
      fc.property(progress, (now) => {
        const first = podStatus(POD, now, new Date(0));
        const again = podStatus(Object.assign({}, POD, { status: first }), now, new Date(1));
        assert.deepEqual(again, first);
      }),
    );
  });

  it("makes the pod Ready when every main container is", () => {
    const ready = (main: ContainerProgress) =>
      podStatus(
        POD,
        { phase: "Running", containers: { init: { is: "done", restarts: 0 }, main } },
        new Date(0),
      ).conditions?.find(({ type }) => type === "Ready")?.status;
    assert.equal(ready({ is: "running", restarts: 0, ready: true }), "True");
    assert.equal(ready({ is: "running", restarts: 0, ready: false }), "False");
    assert.equal(ready({ is: "failed", restarts: 1, why: "no" }), "False");
  });
});
