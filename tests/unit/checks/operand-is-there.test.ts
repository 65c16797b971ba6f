import assert from "node:assert/strict";
import { operandIsThere } from "../../../plan/checks/operand-is-there.ts";
import { findings } from "./objects.ts";

const pool = (more: string, product = "NVIDIA-A30"): string =>
  `nodePools:\n  a: { product: ${product}, gpusPerNode: 1, os: ubuntu22.04, nodes: [n1]${more} }\n`;
const off = (key: string): string => `gpu: { mig: { strategy: mixed }, ${key}: { enabled: false } }\n`;
const app = (gpu: string): string => `apps:\n  pd: { gpu: ${gpu} }\n`;
const found = (...texts: string[]): string[] => findings(operandIsThere, [], texts.join(""));
const short = (...texts: string[]): string[] =>
  found(...texts).map((text) => text.replace(/^(\w+) GZ222 \S+ +(\S+)\n.*got (gpu\.\w+)[^]*$/, "$1 $2 $3"));

describe("an operand that is switched off", () => {
  it("is told of by what needs it, with both ways out", () => {
    assert.deepEqual(found(pool(", sharing: { mps: 2 }"), off("gfd")), [
      `error GZ222 Pulumi.zone-x.yaml:2  nodePools.a.sharing
    wanted GPU Feature Discovery beside sharing of pool a by MPS, got gpu.gfd.enabled: false: no node gets the label by which the MPS control daemon runs there, and none offers a GPU
    fix: take gpu.gfd.enabled: false out, or sharing of nodePools.a (docs/problems/GZ222.md)`,
    ]);
  });

  it("is missed by pools that are cut or shared", () => {
    assert.deepEqual(short(pool(", mig: all-1g.6gb"), off("gfd")), ["error nodePools.a.mig gpu.gfd"]);
    assert.deepEqual(short(pool(", mig: all-1g.6gb"), off("migManager")), [
      "warning nodePools.a.mig gpu.migManager",
    ]);
    assert.deepEqual(short(pool(", sharing: { timeSlicing: 2 }"), off("devicePlugin")), [
      "warning nodePools.a.sharing gpu.devicePlugin",
    ]);
  });

  it("is missed by apps that choose boards, or take a GPU at all", () => {
    const model = app("{ model: NVIDIA-A30 }");
    assert.deepEqual(short(model, pool(""), off("gfd")), ["error apps.pd.gpu gpu.gfd"]);
    assert.deepEqual(short(model, pool(""), off("devicePlugin")), ["warning apps.pd.gpu gpu.devicePlugin"]);
    assert.deepEqual(short(app("{ count: 1 }"), pool(""), off("gfd")), [], "any GPU will do");
    assert.deepEqual(short(app("{ mig: 1g.6gb }"), pool(", mig: all-1g.6gb"), off("gfd")), [
      "error nodePools.a.mig gpu.gfd",
    ]);
  });

  it("is missed by nobody else", () => {
    for (const key of ["gfd", "migManager", "devicePlugin"])
      assert.deepEqual(found(app("{}").replace("{ gpu: {} }", "{}"), pool(""), off(key)), [], key);
    assert.deepEqual(found(pool(", sharing: { timeSlicing: 2 }"), off("gfd")), []);
    assert.deepEqual(found(pool(", mig: all-disabled"), off("gfd")), [], "boards are whole from the start");
  });

  it("is of no matter while it is on, or where somebody else runs the GPU stack", () => {
    const all = pool(", mig: all-1g.6gb, sharing: { timeSlicing: 2 }");
    assert.deepEqual(found(all, "gpu: { mig: { strategy: mixed } }\n"), []);
    assert.deepEqual(found(all, "gpu: { managed: false, gfd: { enabled: false } }\n"), []);
  });
});
