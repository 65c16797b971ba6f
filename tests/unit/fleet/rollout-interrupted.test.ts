import assert from "node:assert/strict";
import { leftBehind } from "../../../fleet/rollout-interrupted.ts";
import { ScriptedKubectl, type Said } from "../components/scripted-kubectl.ts";

describe("an interrupted rollout", () => {
  let kubectl: ScriptedKubectl;

  before(async () => {
    kubectl = await ScriptedKubectl.create();
  });

  after(async () => {
    await kubectl.remove();
  });

  const told = async (said: Said): Promise<string> =>
    leftBehind(await kubectl.answers([["*' get nodes '*", said]]), "z");

  it("names the nodes that it leaves cordoned", async () => {
    const node = (name: string, annotations: Record<string, string>) => ({ metadata: { name, annotations } });
    const begun = { "gpu-zones.dev/rollout": "{}" };
    const items = [node("n3", begun), node("n1", begun), node("n2", {})];
    assert.equal(
      await told({ stdout: JSON.stringify({ items }) }),
      "z: left cordoned: n1, n3; ./zones rollout z goes on",
    );
    assert.equal(
      await told({ stdout: JSON.stringify({ items: [node("n2", {})] }) }),
      "z: no node is left cordoned by a rollout",
    );
  });

  it("does not take a cluster that is silent for one without such nodes", async () => {
    const refused = { stderr: "The connection to the server 127.0.0.1:1 was refused\n", code: 1 };
    assert.match(await told(refused), /^z: nobody could ask .*\.\/zones status z shows them/);
    assert.match(await told({ stdout: '{"items": [' }), /an answer that is cut off/);
  });
});
