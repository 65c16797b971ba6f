import assert from "node:assert/strict";
import { inNodes, optionsFor, type Asked } from "../../../plan/rollout/options.ts";
import { OPTIONS, PLAIN, ROUND, run, USER } from "./model-run.ts";
import { ModelZone } from "./model-zone.ts";

const ASKED: Asked = { timeout: 60 };
type Policy = Parameters<typeof optionsFor>[1];

function limits(asked: Asked, policy?: Policy): unknown[] {
  const { maxUnavailable, maxParallel } = optionsFor(asked, policy, new Date());
  return [maxUnavailable, maxParallel];
}

describe("the options of a rollout", () => {
  it("are upstream's where nobody says anything: one node after the other, a quarter out at most", () => {
    assert.deepEqual(limits(ASKED), ["25%", 1]);
  });

  it("are the zone's where the command line says nothing", () => {
    assert.deepEqual(limits(ASKED, { maxUnavailable: 3, maxParallelUpgrades: 2 }), [3, 2]);
    assert.deepEqual(limits(ASKED, { maxParallelUpgrades: 0 }), ["25%", Infinity]);
  });

  it("are the command line's first: as many nodes at once as it says, unless the zone wants fewer at a time", () => {
    assert.deepEqual(limits({ ...ASKED, maxUnavailable: 5 }, { maxUnavailable: 3 }), [5, Infinity]);
    assert.deepEqual(limits({ ...ASKED, maxUnavailable: "50%" }, { maxParallelUpgrades: 2 }), ["50%", 2]);
  });

  it("round a part of the nodes up: there is always one that may go", () => {
    assert.deepEqual(
      [1, 4, 5, 8, 9].map((nodes) => inNodes("25%", nodes)),
      [1, 1, 2, 2, 3],
    );
    assert.equal(inNodes(7, 2), 7);
  });

  it("may hold the rollout to fewer nodes at a time than may be out", () => {
    const zone = new ModelZone([1, 2, 3].map(() => ({ ...PLAIN, driver: "580.1" as const })));
    zone.tick(ROUND);
    const { actions } = run(zone, { ...OPTIONS, maxUnavailable: "100%", maxParallel: 1 });
    const patched = actions.flatMap((action) => (action.do === "patch" ? [action.node] : []));
    assert.deepEqual(patched, patched.toSorted());
  });

  it("may give pods less time than the node, and give the node back unchanged after that", () => {
    const zone = new ModelZone([{ ...PLAIN, mig: "all-1g.5gb", pods: [{ ...USER, guarded: 100 }] }]);
    zone.tick(ROUND);
    const [step] = run(zone, { ...OPTIONS, evicting: 30 }).steps;
    assert.equal(step?.phase, "blocked");
    assert.match(step.says, /^not within 30 s: waits for users/);
    assert.equal(zone.nodes[0]!.unschedulable, false);
  });

  it("may evict pods that nobody starts again", () => {
    const zone = new ModelZone([{ ...PLAIN, driver: "580.1", pods: [{ ...USER, kind: "alone" }] }]);
    zone.tick(ROUND);
    assert.equal(run(zone, { ...OPTIONS, force: true }).steps[0]?.phase, "done");
    assert.deepEqual(zone.users("n0"), []);
  });
});
