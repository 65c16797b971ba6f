import assert from "node:assert/strict";
import { StackState } from "../../../components/stack-state.ts";

const OBJECT = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "b" },
  data: { c: "d" },
};
const URN = "urn:pulumi:zone-1-dev::gpu-zones::gpu-zones:index:";

describe("the state of a stack, as the engine answers it", () => {
  const state = new StackState({
    [`${URN}Cluster::cluster`]: { outputs: { uid: "u-1" } },
    [`${URN}GpuOperand$kubernetes:core/v1:ConfigMap::x/ConfigMap/b/a`]: {
      outputs: { ...OBJECT, status: {}, __inputs: OBJECT },
    },
  });

  it("names the cluster that the last run wrote to, though it left no stack output", () => {
    assert.equal(state.clusterUid(), "u-1");
    assert.equal(new StackState({}).clusterUid(), undefined);
  });

  it("has its objects by logical name, as they were registered", () => {
    assert.deepEqual([...state.registered()], [["x/ConfigMap/b/a", OBJECT]]);
    assert.deepEqual([...state.objects()], ["x/ConfigMap/b/a"]);
  });
});
