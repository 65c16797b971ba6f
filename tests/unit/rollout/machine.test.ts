import assert from "node:assert/strict";
import fc from "fast-check";
import { decide } from "../../../plan/rollout/machine.ts";
import {
  DRIVER,
  MIG_CONFIG,
  MIG_STATE,
  PLUGIN_CONFIG,
  REVISION_HASH,
  ROLLOUT,
  UPGRADE_ENABLED,
} from "../../../plan/rollout/names.ts";
import { owed, PARTS } from "../../../plan/rollout/owed.ts";
import { OPTIONS, PLAIN, ROUND, run, USER } from "./model-run.ts";
import { ModelZone, ROW, TARGET, type StartNode, type StartPod } from "./model-zone.ts";

const pods = fc.array(
  fc.record<StartPod>({
    kind: fc.constantFrom("Deployment" as const, "client" as const),
    gpu: fc.boolean(),
    guarded: fc.constantFrom(0, 0, 30, 100),
    grace: fc.constantFrom(0, 2, 20),
  }),
  { maxLength: 3 },
);
const startNode = (fault: fc.Arbitrary<StartNode["fault"]>, some = pods): fc.Arbitrary<StartNode> =>
  fc.record({
    driver: fc.constantFrom("580.1" as const, "580.2" as const),
    age: fc.constantFrom("new" as const, "template" as const, "driver" as const),
    mig: fc.constantFrom("all-1g.5gb" as const, "all-2g.10gb" as const, null),
    sharing: fc.constantFrom("a100-old" as const, "a100-new" as const, null),
    cordoned: fc.boolean(),
    pods: some,
    fault,
  });

describe("the rollout of a zone", function () {
  this.timeout(60_000);

  it("always brings healthy nodes what they owe and gives them back, wherever runs died before", () => {
    fc.assert(
      fc.property(
        fc.array(startNode(fc.constantFrom("none", "hangs")), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(12), { maxLength: 6 }),
        fc.integer({ min: 1, max: 3 }),
        (start, kills, maxUnavailable) => {
          const zone = new ModelZone(start);
          zone.tick(ROUND);
          // A pod of a node that is cordoned for good has nowhere to go back to: what it held is gone, and that is all.
          const cordoned = start.filter((node) => node.cordoned).length;
          const options = { ...OPTIONS, maxUnavailable: maxUnavailable + cordoned, timeout: 600 };
          for (const dies of kills) run(zone, options, dies);
          const { steps } = run(zone, options);
          assert.deepEqual(
            steps.filter(({ phase }) => phase !== "done"),
            [],
          );
          assert.deepEqual(owed(TARGET.table, zone.world()), []);
          zone.nodes.forEach(({ labels, annotations, unschedulable }, index) => {
            assert.equal(labels[DRIVER], ROW.driver);
            assert.equal(labels[MIG_CONFIG], ROW.migConfig);
            assert.equal(labels[MIG_STATE], "success");
            assert.equal(labels[PLUGIN_CONFIG], ROW.devicePluginConfig);
            assert.deepEqual(annotations, {});
            assert.equal(unschedulable, start[index]!.cordoned);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("always ends, and leaves no node cordoned but those that it names", () => {
    const anyPods = fc.array(
      fc.record<StartPod>({
        kind: fc.constantFrom<StartPod["kind"]>("Deployment", "DaemonSet", "client", "alone"),
        gpu: fc.boolean(),
        guarded: fc.constantFrom(0, 50, null),
        grace: fc.constantFrom(0, 20),
      }),
      { maxLength: 2 },
    );
    const faults = fc.constantFrom<StartNode["fault"]>(
      "none",
      "driver",
      "kills",
      "mig",
      "late",
      "hangs",
      "dark",
    );
    fc.assert(
      fc.property(
        fc.array(startNode(faults, anyPods), { minLength: 1, maxLength: 5 }),
        fc.array(fc.record({ dies: fc.nat(10), drain: fc.boolean() }), { maxLength: 4 }),
        fc.record({
          drain: fc.boolean(),
          maxUnavailable: fc.integer({ min: 1, max: 3 }),
          only: fc.subarray([...PARTS], { minLength: 1 }),
        }),
        fc.boolean(),
        (start, kills, chosen, returns) => {
          const zone = new ModelZone(start);
          zone.tick(ROUND);
          const options = { ...OPTIONS, ...chosen };
          for (const { dies, drain } of kills) {
            run(zone, { ...options, drain }, dies);
            if (returns) for (const node of zone.nodes) node.ready = true;
          }
          const { steps } = run(zone, options);
          zone.nodes.forEach(({ name, annotations, unschedulable }, index) => {
            const phase = steps.find(({ node }) => node === name)?.phase;
            const kept = phase === "failed" || phase === "interrupted";
            if (kept) return;
            assert.equal(annotations[ROLLOUT], undefined, `${name} ${String(phase)}`);
            assert.equal(unschedulable, start[index]!.cordoned, `${name} ${String(phase)}`);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it("does nothing to a zone that owes nothing", () => {
    const zone = new ModelZone([PLAIN, { ...PLAIN, pods: [USER] }]);
    zone.tick(ROUND);
    assert.deepEqual(run(zone), { steps: [], killed: false, actions: [] });
  });

  it("brings a pool's first MIG layout and sharing only to nodes that it has emptied", () => {
    const zone = new ModelZone([{ ...PLAIN, mig: null, sharing: null, pods: [USER] }]);
    zone.tick(ROUND);
    const refused = run(zone, { ...OPTIONS, drain: false });
    assert.deepEqual(
      refused.steps.map(({ phase }) => phase),
      ["refused"],
    );
    assert.deepEqual(
      run(zone).steps.map(({ phase, says }) => [phase, says]),
      [["done", "mig all-2g.10gb, sharing a100-new"]],
    );
  });

  it("refuses a node with GPU pods without --drain, names them, and does the others", () => {
    const zone = new ModelZone([
      { ...PLAIN, driver: "580.1", pods: [USER] },
      { ...PLAIN, driver: "580.1" },
    ]);
    zone.tick(ROUND);
    const { steps } = run(zone, { ...OPTIONS, drain: false });
    assert.deepEqual(steps.map(({ node, phase, says }) => [node, phase, says]).toSorted(), [
      ["n0", "refused", "GPUs are held by users/n0-user-0-2: --drain evicts it"],
      ["n1", "done", "driver 580.2"],
    ]);
    assert.deepEqual(zone.nodes[0]!.annotations, {});
    assert.equal(zone.nodes[0]!.unschedulable, false);
  });

  it("never evicts a pod that nobody would start again", () => {
    const zone = new ModelZone([{ ...PLAIN, driver: "580.1", pods: [{ ...USER, kind: "alone" }] }]);
    zone.tick(ROUND);
    const { steps, actions } = run(zone);
    assert.deepEqual(actions, []);
    assert.equal(steps[0]?.says, "nobody would start users/n0-user-0-2 again: delete it first");
  });

  it("names pods of DaemonSets, which would be back at once, and leaves alone those that make way by themselves", () => {
    const of = (kind: StartPod["kind"]): StartNode => ({
      ...PLAIN,
      mig: "all-1g.5gb",
      pods: [{ ...USER, kind }],
    });
    const zone = new ModelZone([of("DaemonSet"), of("client")]);
    zone.tick(ROUND);
    assert.deepEqual(
      run(zone)
        .steps.map(({ node, phase, says }) => [node, phase, says])
        .toSorted(),
      [
        [
          "n0",
          "refused",
          "its DaemonSet would start users/n0-user-0-2 again at once: take it off the node, or have it make way by the node selector nvidia.com/gpu.deploy.client",
        ],
        ["n1", "done", "mig all-2g.10gb"],
      ],
    );
  });

  it("names the pod and the budget that held it up, and gives the node back", () => {
    const zone = new ModelZone([{ ...PLAIN, mig: "all-1g.5gb", pods: [{ ...USER, guarded: null }] }]);
    zone.tick(ROUND);
    const { steps } = run(zone);
    assert.equal(steps[0]?.phase, "blocked");
    assert.match(
      steps[0].says,
      /^not within 300 s: waits for users\/n0-user-0-2 \(PodDisruptionBudget pdb-n0-user-0-2 lets none go\) to go$/,
    );
    assert.equal(zone.nodes[0]!.unschedulable, false);
  });

  it("switches driver-manager's own eviction off for its time, and leaves it off where it was", () => {
    for (const before of [undefined, "true"]) {
      const zone = new ModelZone([{ ...PLAIN, driver: "580.1" }]);
      zone.tick(ROUND);
      if (before !== undefined) zone.nodes[0]!.annotations[UPGRADE_ENABLED] = before;
      run(zone, OPTIONS, 2);
      assert.equal(zone.nodes[0]!.annotations[UPGRADE_ENABLED], "true");
      run(zone);
      assert.equal(zone.nodes[0]!.annotations[UPGRADE_ENABLED], before);
    }
  });

  it("has the validator look again where it has seen only the driver before", () => {
    const zone = new ModelZone([{ ...PLAIN, age: "driver" }]);
    zone.tick(ROUND);
    const { actions } = run(zone);
    const deleted = actions.flatMap((action) => (action.do === "delete" ? [action.pod.labels] : []));
    assert.deepEqual(
      deleted.map((labels) => labels["app"] ?? "driver"),
      ["driver", "nvidia-operator-validator"],
    );
  });

  it("drains no node for a driver pod whose template alone is old, and exchanges one that does not get ready", () => {
    const zone = new ModelZone([{ ...PLAIN, age: "template", pods: [USER] }]);
    zone.tick(ROUND);
    assert.deepEqual(run(zone).steps, []);
    const failing = new ModelZone([{ ...PLAIN, driver: "580.1" }]);
    failing.tick(ROUND);
    run(failing, OPTIONS, 2);
    for (const pod of failing.pods) if (pod.labels["app"] === undefined) pod.goneAt = failing.now;
    failing.tick(ROUND);
    const pod = failing.pods.find(({ digest }) => digest !== undefined)!;
    Object.assign(pod, { readyAt: Infinity, labels: { ...pod.labels, [REVISION_HASH]: "old" } });
    assert.deepEqual(
      run(failing).steps.map(({ phase }) => phase),
      ["done"],
    );
    assert.ok(failing.hasDriver("n0"));
  });

  it("gives a node back that has left its pool since it was begun", () => {
    const zone = new ModelZone([{ ...PLAIN, driver: "580.1" }]);
    zone.tick(ROUND);
    run(zone, OPTIONS, 1);
    const target = { ...TARGET, table: [{ ...ROW, nodes: ["another"] }] };
    const { steps } = decide(zone.world(), target, OPTIONS, {}, 0);
    for (const action of steps.flatMap((step) => step.actions)) zone.request(action);
    assert.equal(zone.nodes[0]!.unschedulable, false);
    assert.deepEqual(zone.nodes[0]!.annotations, {});
  });
});
