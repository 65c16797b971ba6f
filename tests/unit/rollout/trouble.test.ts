import assert from "node:assert/strict";
import { DEPLOY, MIG_CONFIG, MIG_STATE, SKIP, UPGRADE_STATE } from "../../../plan/rollout/names.ts";
import { OPTIONS, PLAIN, ROUND, run, USER } from "./model-run.ts";
import { ModelZone, ROW } from "./model-zone.ts";

describe("a rollout in trouble", () => {
  it("leaves a failed node cordoned, begins no other after it, and tries it again in the next run", () => {
    const zone = new ModelZone([
      { ...PLAIN, mig: "all-1g.5gb", fault: "mig" },
      { ...PLAIN, mig: "all-1g.5gb" },
    ]);
    zone.tick(ROUND);
    const { steps } = run(zone);
    assert.deepEqual(
      steps.map(({ node, phase }) => [node, phase]),
      [
        ["n0", "failed"],
        ["n1", "halted"],
      ],
    );
    assert.match(steps[0]!.says, /could not cut its boards: nvidia.com\/mig.config.state is failed/);
    assert.equal(zone.nodes[0]!.unschedulable, true);
    assert.equal(zone.nodes[0]!.labels[UPGRADE_STATE], "upgrade-failed");
    zone.nodes[0]!.fault = "none";
    const again = run(zone);
    assert.deepEqual(
      again.steps.map(({ phase }) => phase),
      ["done", "done"],
    );
    assert.deepEqual(
      zone.nodes.map(({ unschedulable }) => unschedulable),
      [false, false],
    );
  });

  for (const part of ["driver", "sharing"] as const) {
    const behind = part === "driver" ? { driver: "580.1" as const } : { sharing: "a100-old" as const };

    it(`frees a node that hangs in pending on the way to another ${part}`, () => {
      const zone = new ModelZone([{ ...PLAIN, ...behind, fault: "hangs" }]);
      zone.tick(ROUND);
      zone.wedge("n0");
      assert.deepEqual(
        run(zone).steps.map(({ phase }) => phase),
        ["done"],
      );
      assert.equal(zone.nodes[0]!.labels[MIG_CONFIG], ROW.migConfig);
      assert.equal(zone.nodes[0]!.labels[MIG_STATE], "success");
    });

    it(`says what frees it where nothing but ${part} may be changed`, () => {
      const zone = new ModelZone([{ ...PLAIN, ...behind, fault: "hangs" }]);
      zone.tick(ROUND);
      zone.wedge("n0");
      const { steps } = run(zone, { ...OPTIONS, only: [part] });
      assert.equal(steps[0]?.phase, "blocked");
      assert.match(steps[0].says, /pending.*--only mig frees it/);
      assert.equal(zone.nodes[0]!.unschedulable, false);
    });
  }

  it("asks once more for a MIG layout that the MIG manager did not know: its file follows the update late", () => {
    const zone = new ModelZone([{ ...PLAIN, mig: "all-1g.5gb", fault: "late" }]);
    zone.tick(ROUND);
    assert.deepEqual(
      run(zone).steps.map(({ phase, says }) => [phase, says]),
      [["done", "mig all-2g.10gb"]],
    );
  });

  it("frees a node that hangs in pending although nothing is paused on it any more", () => {
    for (const mig of ["all-1g.5gb", "all-2g.10gb"] as const) {
      const zone = new ModelZone([{ ...PLAIN, mig, fault: "hangs" }]);
      zone.tick(ROUND);
      zone.wedge("n0", "true");
      assert.deepEqual(
        run(zone).steps.map(({ phase }) => phase),
        ["done"],
      );
      assert.equal(zone.nodes[0]!.labels[MIG_STATE], "success");
    }
  });

  it("frees a node that hangs in pending, also one that no rollout had begun", () => {
    const zone = new ModelZone([{ ...PLAIN, fault: "hangs" }]);
    zone.tick(ROUND);
    zone.wedge("n0");
    const { steps } = run(zone);
    assert.deepEqual(
      steps.map(({ phase }) => phase),
      ["done"],
    );
    assert.equal(zone.nodes[0]!.labels[MIG_STATE], "success");
    assert.equal(zone.nodes[0]!.labels[`${DEPLOY}device-plugin`], "true");
  });

  it("keeps a node that fails again, however often it is tried, and begins no other with what broke it", () => {
    const zone = new ModelZone([
      { ...PLAIN, driver: "580.1", fault: "driver" },
      { ...PLAIN, driver: "580.1" },
    ]);
    zone.tick(ROUND);
    for (const time of [1, 2, 3]) {
      assert.deepEqual(
        run(zone).steps.map(({ node, phase }) => [node, phase]),
        [
          ["n0", "failed"],
          ["n1", "halted"],
        ],
        `run ${time}`,
      );
      assert.equal(zone.nodes[0]!.unschedulable, true);
    }
  });

  it("begins no other node after one that its change has darkened, in this run and the next", () => {
    const zone = new ModelZone(
      Array.from({ length: 3 }, () => ({ ...PLAIN, driver: "580.1", fault: "kills" })),
    );
    zone.tick(ROUND);
    for (const time of [1, 2])
      assert.deepEqual(
        run(zone).steps.map(({ node, phase }) => [node, phase]),
        [
          ["n0", "interrupted"],
          ["n1", "halted"],
          ["n2", "halted"],
        ],
        `run ${time}`,
      );
  });

  it("goes on without a node that went dark before anything was changed on it", () => {
    const zone = new ModelZone([
      { ...PLAIN, driver: "580.1", pods: [{ ...USER, guarded: 1000 }] },
      { ...PLAIN, driver: "580.1" },
    ]);
    zone.tick(ROUND);
    run(zone, OPTIONS, 1);
    zone.nodes[0]!.ready = false;
    assert.deepEqual(
      run(zone, { ...OPTIONS, maxUnavailable: 2 }).steps.map(({ node, phase }) => [node, phase]),
      [
        ["n0", "interrupted"],
        ["n1", "done"],
      ],
    );
  });

  it("begins no node while others have as many out as may be, and names those", () => {
    const zone = new ModelZone([
      { ...PLAIN, cordoned: true },
      { ...PLAIN, cordoned: true },
      { ...PLAIN, driver: "580.1" },
    ]);
    zone.tick(ROUND);
    const { steps, actions } = run(zone, { ...OPTIONS, maxUnavailable: 2 });
    assert.deepEqual(
      steps.map(({ node, phase, says }) => [node, phase, says]),
      [["n2", "queued", "2 nodes are out, and no more may be: n0 (cordoned), n1 (cordoned)"]],
    );
    assert.deepEqual(actions, []);
  });

  it("counts a node that failed in a run before among those that are out", () => {
    const zone = new ModelZone([
      { ...PLAIN, driver: "580.1", fault: "driver" },
      { ...PLAIN, driver: "580.1" },
    ]);
    zone.tick(ROUND);
    run(zone);
    zone.nodes[0]!.labels[SKIP] = "true";
    assert.match(run(zone).steps[1]?.says ?? "", /^1 node is out, and no more may be: n0 \(begun\)$/);
  });

  it("begins a node that somebody else has cordoned, however many are out: nobody misses it more", () => {
    const zone = new ModelZone([
      { ...PLAIN, cordoned: true },
      { ...PLAIN, driver: "580.1", cordoned: true },
    ]);
    zone.tick(ROUND);
    assert.equal(run(zone).steps[0]?.phase, "done");
    assert.equal(zone.nodes[1]!.unschedulable, true);
  });

  it("gives a begun node back whose label says skip, unless it was changed: that one stays cordoned and is told of", () => {
    for (const [dies, phase] of [
      [1, "skipped"],
      [2, "interrupted"],
    ] as const) {
      const zone = new ModelZone([{ ...PLAIN, driver: "580.1" }]);
      zone.tick(ROUND);
      run(zone, OPTIONS, dies);
      zone.nodes[0]!.labels[SKIP] = "true";
      const { steps } = run(zone);
      assert.equal(steps[0]?.phase, phase);
      assert.equal(zone.nodes[0]!.unschedulable, phase === "interrupted");
      if (phase === "interrupted")
        assert.equal(steps[0].says, `was begun and stays cordoned: take its label ${SKIP} away`);
      Reflect.deleteProperty(zone.nodes[0]!.labels, SKIP);
      assert.equal(run(zone).steps[0]?.phase, "done");
    }
  });

  it("skips a node whose label says so and names a dark one; neither holds up the others", () => {
    const zone = new ModelZone([
      { ...PLAIN, driver: "580.1" },
      { ...PLAIN, driver: "580.1", fault: "dark" },
      { ...PLAIN, driver: "580.1" },
    ]);
    zone.nodes[0]!.labels[SKIP] = "true";
    zone.tick(ROUND);
    const { steps } = run(zone);
    assert.deepEqual(
      steps.map(({ node, phase }) => [node, phase]),
      [
        ["n0", "skipped"],
        ["n1", "dark"],
        ["n2", "done"],
      ],
    );
  });
});
