import assert from "node:assert/strict";
import { cdiFitsRuntime } from "../../../plan/checks/cdi-fits-runtime.ts";
import { findings } from "./objects.ts";

const OFF = "gpu: { cdi: { enabled: false } }\n";

/** What is found in a zone of one pool for each runtime; "" is a pool that names none. */
function found(runtimes: readonly string[], gpu = ""): string[] {
  const pools = runtimes.map(
    (runtime, at) =>
      `  p${at}: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [n${at}]${runtime === "" ? "" : `, runtime: ${runtime}`} }\n`,
  );
  return findings(cdiFitsRuntime, [], `${gpu}nodePools:\n${pools.join("")}`);
}

describe("the Container Device Interface", () => {
  it("switched off is an error where one pool has CRI-O and another containerd", () => {
    assert.deepEqual(found(["crio@1.34", "containerd@2.1", ""], OFF), [
      `error GZ223 Pulumi.zone-x.yaml:1  gpu.cdi.enabled
    wanted pools of one container runtime with gpu.cdi.enabled: false, got CRI-O in p0 and containerd in p1, p2: without CDI the operands need the RuntimeClass nvidia under containerd, and CRI-O has no handler of that name
    fix: take gpu.cdi.enabled: false out, or give the runtimes zones of their own (docs/problems/GZ223.md)`,
    ]);
  });

  it("switched off is right in a zone of one runtime, or beside the hosts' own toolkit", () => {
    assert.deepEqual(found(["crio@1.34", "crio@1.33"], OFF), []);
    assert.deepEqual(found(["containerd@2.1", "containerd@1.6", ""], OFF), []);
    const foreign = "gpu: { cdi: { enabled: false }, toolkit: { enabled: false } }\n";
    assert.deepEqual(found(["crio@1.34", "containerd@2.1"], foreign), []);
  });

  it("is an error for a containerd that does not know it", () => {
    assert.deepEqual(found(["containerd@1.6", "containerd@1.7"]), [
      `error GZ223 Pulumi.zone-x.yaml:2  nodePools.p0.runtime
    wanted containerd 1.7 or newer in pool p0, got containerd@1.6: it does not know the Container Device Interface, by which GPUs reach containers
    fix: set gpu.cdi.enabled: false, or upgrade containerd on the nodes (docs/problems/GZ223.md)`,
    ]);
  });

  it("suits every other runtime, several in one zone too, and is no word of ours where the stack is not", () => {
    assert.deepEqual(found(["crio@1.34", "containerd@1.7", "containerd@2.1", ""]), []);
    assert.deepEqual(found(["containerd@1.6"], "gpu: { managed: false }\n"), []);
  });
});
