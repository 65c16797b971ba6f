import assert from "node:assert/strict";
import { propertyPath } from "../../../sim/stand-ins/kubernetes-provider/diff.ts";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { kubeconfigFor, providerFor, urnOf } from "./fake-api.ts";
import { configMap, types, workload } from "./objects.ts";

const dark = { kubeconfig: kubeconfigFor("http://127.0.0.1:1"), enableConfigMapMutable: true };

/** Changed paths of an object whose inputs are `olds` and whose live object is `state`; a `!` marks a replacement. */
async function changed(type: string, olds: JsonMap, news: JsonMap, state: JsonMap = olds): Promise<string[]> {
  const { changes } = await providerFor(dark).diff(urnOf(type), state, olds, news);
  return changes.map(({ path, replace }) => `${propertyPath(path)}${replace ? "!" : ""}`);
}

describe("the Kubernetes provider stand-in: differences between what the cluster has and what is wanted", () => {
  const inputs = configMap("c", { a: "1" });

  it("shows drift that a refresh has put into the state, though no input changed", async () => {
    const live = { ...configMap("c", { a: "hand", theirs: "1" }), status: {} };
    assert.deepEqual(await changed(types.configMap, inputs, inputs, live), ["data.a"]);
  });

  it("shows what a refused update left undone, though its inputs are recorded", async () => {
    const wanted = configMap("c", { a: "1", b: "2" });
    assert.deepEqual(await changed(types.configMap, wanted, wanted, inputs), ["data.b"]);
  });

  it("finds the inputs of a state that the engine does not repeat", async () => {
    const state = { ...inputs, __inputs: inputs };
    const { changes } = await providerFor(dark).diff(urnOf(types.configMap), state, {}, inputs);
    assert.deepEqual(changes, []);
  });

  it("sees no difference in what the server drops because it says nothing", async () => {
    const wanted = workload("Deployment", "d", {
      pod: { hostNetwork: false, nodeSelector: {}, volumes: [] },
    });
    assert.deepEqual(await changed(types.deployment, wanted, wanted, workload("Deployment", "d")), []);
  });

  it("sees no difference between two spellings of one quantity, and any other", async () => {
    const asking = (limits: JsonMap) =>
      workload("Deployment", "d", { pod: { containers: [{ name: "main", resources: { limits } }] } });
    const live = asking({ cpu: "1", memory: "1Gi", "nvidia.com/gpu": "2", small: "1500u", big: "3k" });
    const same = asking({ cpu: "1000m", memory: "1024Mi", "nvidia.com/gpu": 2, small: "1.5m", big: "3e3" });
    assert.deepEqual(await changed(types.deployment, same, same, live), []);
    const other = asking({ cpu: "1001m", memory: "1G", "nvidia.com/gpu": 2, small: "1.5m", big: "3Ki" });
    const at = "spec.template.spec.containers[0].resources.limits";
    assert.deepEqual(await changed(types.deployment, other, other, live), [
      `${at}.cpu`,
      `${at}.memory`,
      `${at}.big`,
    ]);
    assert.deepEqual(
      await changed(types.configMap, configMap("c", { a: "1" }), configMap("c", { a: "1000m" })),
      ["data.a"],
    );
  });

  it("does not replace a custom resource whose scope nobody can tell just now", async () => {
    const type = "kubernetes:stand-ins.test/v1:Broad";
    const broad = { apiVersion: "stand-ins.test/v1", kind: "Broad", metadata: { name: "b" } };
    const provider = providerFor(dark);
    const { inputs: checked } = await provider.check(urnOf(type), broad, broad, new Uint8Array(8));
    assert.deepEqual(checked["metadata"], { name: "b" });
    const guessed = { ...broad, metadata: { name: "b", namespace: "default" } };
    assert.deepEqual(await changed(type, guessed, broad, broad), []);
  });

  describe("replaces what the official plugin replaces, and nothing else", () => {
    const spec = (of: JsonMap): JsonMap => ({ spec: of });
    const cases: [what: string, type: string, olds: JsonMap, news: JsonMap, want: string[]][] = [
      [
        "a claim's volume mode",
        types.claim,
        spec({ volumeMode: "Block" }),
        spec({ volumeMode: "x" }),
        ["spec.volumeMode"],
      ],
      [
        "a claim's access",
        types.claim,
        spec({ accessModes: ["a"] }),
        spec({ accessModes: ["b"] }),
        ["spec.accessModes[0]!"],
      ],
      ["a claim's whole spec", types.claim, {}, spec({ volumeName: "v" }), ["spec!"]],
      [
        "a volume's source",
        "kubernetes:core/v1:PersistentVolume",
        spec({ nfs: { path: "a" } }),
        spec({ nfs: { path: "b" } }),
        ["spec.nfs.path!"],
      ],
      [
        "a volume's class",
        "kubernetes:core/v1:PersistentVolume",
        spec({ storageClassName: "a" }),
        spec({ storageClassName: "b" }),
        ["spec.storageClassName"],
      ],
      ["a pod's node", types.pod, spec({ nodeName: "a" }), spec({ nodeName: "b" }), ["spec.nodeName!"]],
      [
        "a pod's tolerations",
        types.pod,
        spec({ tolerations: [] }),
        spec({ tolerations: [{ key: "k" }] }),
        ["spec.tolerations[0]"],
      ],
      [
        "a container's image",
        types.pod,
        spec({ containers: [{ image: "a" }] }),
        spec({ containers: [{ image: "b" }] }),
        ["spec.containers[0].image!"],
      ],
      [
        "one container more",
        types.pod,
        spec({ containers: [] }),
        spec({ containers: [{ image: "b" }] }),
        ["spec.containers[0]!"],
      ],
      ["a runtime class's handler", types.runtimeClass, { handler: "a" }, { handler: "b" }, ["handler"]],
      [
        "a ConfigMap that becomes immutable with its content",
        types.configMap,
        { data: { a: "1" } },
        { immutable: true, data: { a: "2" } },
        ["data.a!", "immutable"],
      ],
      [
        "a ConfigMap that was immutable",
        types.configMap,
        { immutable: true, data: { a: "1" } },
        { data: { a: "2" } },
        ["immutable", "data.a"],
      ],
    ];
    for (const [what, type, olds, news, want] of cases) {
      it(what, async () => {
        assert.deepEqual(await changed(type, olds, news), want);
      });
    }
  });
});
