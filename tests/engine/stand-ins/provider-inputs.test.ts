import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { writeKubeconfig } from "./cluster.ts";
import { configMap, definition, types, workload } from "./objects.ts";
import { ProviderProcess } from "./provider-process.ts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("the Kubernetes provider stand-in: inputs and differences, without a cluster", function () {
  this.timeout(20_000);
  let folder: string;
  let provider: ProviderProcess;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "gpu-zones-inputs-"));
    await writeKubeconfig(path.join(folder, "config"), "https://127.0.0.1:1", "t");
    await writeKubeconfig(path.join(folder, "same"), "https://127.0.0.1:1", "another-token", "renamed");
    await writeKubeconfig(path.join(folder, "other"), "https://127.0.0.1:2", "t");
    provider = await ProviderProcess.start({ kubeconfig: path.join(folder, "config") });
  });

  after(async () => {
    await provider.end();
    await rm(folder, { recursive: true, force: true });
  });

  describe("Check", () => {
    it("keeps a given name and adds the default namespace and nothing else", async () => {
      const inputs = { metadata: { name: "given" }, data: { a: "1" } };
      assert.deepEqual(await provider.check(types.configMap, inputs), {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "given", namespace: "default" },
        data: { a: "1" },
      });
    });

    it("gives no namespace to cluster-wide kinds, nor to custom resources whose definition says so", async () => {
      const namespace = await provider.check(types.namespace, { metadata: { name: "n" } });
      assert.deepEqual(namespace["metadata"], { name: "n" });
      await provider.check(types.definition, definition("Wide", "Cluster"));
      const wide = await provider.check("kubernetes:stand-ins.test/v1:Wide", { metadata: { name: "w" } });
      assert.deepEqual(wide["metadata"], { name: "w" });
    });

    it("names an unnamed object after its resource, and keeps that name in the next run", async () => {
      const first = await provider.check(types.configMap, { data: {} });
      const metadata = first["metadata"] as JsonMap;
      assert.match(metadata["name"] as string, /^thing-[0-9a-f]{8}$/);
      assert.deepEqual(metadata["annotations"], { "pulumi.com/autonamed": "true" });
      const next = await provider.check(types.configMap, { data: { a: "1" } }, first);
      assert.equal((next["metadata"] as JsonMap)["name"], metadata["name"]);
      const replacement = await provider.check(types.configMap, { data: { a: "1" } });
      assert.notEqual((replacement["metadata"] as JsonMap)["name"], metadata["name"]);
    });

    it("lets unknown values and secret marks pass", async () => {
      const secret = {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        value: "hush",
      };
      const inputs = { metadata: { name: "x", namespace: unknown }, data: { a: unknown, b: secret } };
      const checked = await provider.check(types.configMap, inputs);
      assert.deepEqual(checked["data"], { a: unknown, b: secret });
      assert.deepEqual(checked["metadata"], { name: "x", namespace: unknown });
    });

    it("tells the engine what it refuses of a provider and of an object", async () => {
      const [refused] = await provider.checkConfig({ renderYamlToDirectory: "out" });
      assert.match(refused!, /renderYamlToDirectory: rendering to files.*official plugin/);
      const waiting = configMap("x", {}, { "pulumi.com/waitFor": "condition=Ready" });
      await assert.rejects(provider.check(types.configMap, waiting), /pulumi\.com\/waitFor.*official plugin/);
    });

    it("refuses Patch resources in words", async () => {
      const patch = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } };
      await assert.rejects(
        provider.check("kubernetes:core/v1:ConfigMapPatch", patch),
        /no Patch resources.*official/,
      );
    });
  });

  describe("Diff", () => {
    const replaced: [what: string, type: string, olds: JsonMap, news: JsonMap, path: string][] = [
      ["a name", types.configMap, configMap("a", {}), configMap("b", {}), "metadata.name"],
      ["ConfigMap data", types.configMap, configMap("a", { k: "1" }), configMap("a", { k: "2" }), "data.k"],
      ["Secret data", types.secret, { data: { k: "MQ==" } }, { data: { k: "Mg==" } }, "data.k"],
      ["a Secret's type", types.secret, { type: "Opaque" }, { type: "other/kind" }, "type"],
      [
        "a Job's template",
        types.job,
        { spec: { template: { spec: { x: 1 } } } },
        { spec: { template: { spec: { x: 2 } } } },
        "spec.template.spec.x",
      ],
      [
        "a Service's clusterIP",
        types.service,
        { spec: { clusterIP: "10.0.0.1" } },
        { spec: { clusterIP: "None" } },
        "spec.clusterIP",
      ],
      [
        "a claim's class",
        types.claim,
        { spec: { storageClassName: "a" } },
        { spec: { storageClassName: "b" } },
        "spec.storageClassName",
      ],
      [
        "volume claim templates",
        types.statefulSet,
        { spec: { volumeClaimTemplates: [{ a: 1 }] } },
        { spec: { volumeClaimTemplates: [{ a: 2 }] } },
        "spec.volumeClaimTemplates[0].a",
      ],
      ...(["deployment", "daemonSet", "statefulSet"] as const).map(
        (type): [string, string, JsonMap, JsonMap, string] => [
          `the selector of a ${type}`,
          types[type],
          { spec: { selector: { matchLabels: { app: "a" } } } },
          { spec: { selector: { matchLabels: { app: "b" } } } },
          "spec.selector.matchLabels.app",
        ],
      ),
    ];
    for (const [what, type, olds, news, changed] of replaced) {
      it(`replaces the object when ${what} changes`, async () => {
        const answer = await provider.diff(type, olds, news);
        assert.deepEqual(answer.replaces, [changed]);
        assert.deepEqual(answer.details, { [changed]: "UPDATE_REPLACE" });
      });
    }

    it("deletes a replaced object first when its name is fixed, afterwards when it is not", async () => {
      const fixed = await provider.diff(
        types.configMap,
        configMap("a", { k: "1" }),
        configMap("a", { k: "2" }),
      );
      assert.equal(fixed.deleteBeforeReplace, true);
      const auto = { "pulumi.com/autonamed": "true" };
      const named = await provider.diff(
        types.configMap,
        configMap("a", { k: "1" }, auto),
        configMap("a", { k: "2" }, auto),
      );
      assert.equal(named.deleteBeforeReplace, false);
      const renamed = await provider.diff(types.configMap, configMap("a", {}), configMap("b", {}));
      assert.equal(renamed.deleteBeforeReplace, false);
    });

    it("updates ConfigMaps and Secrets in place when they are mutable, unless they are immutable objects", async () => {
      const config = {
        kubeconfig: path.join(folder, "config"),
        enableConfigMapMutable: "true",
        enableSecretMutable: "true",
      };
      const mutable = await ProviderProcess.start(config);
      try {
        const olds = configMap("a", { k: "1" });
        const changed = await mutable.diff(types.configMap, olds, configMap("a", { k: "2" }));
        assert.deepEqual([changed.changed, changed.replaces], [true, []]);
        const secret = await mutable.diff(types.secret, { data: { k: "MQ==" } }, { data: { k: "Mg==" } });
        assert.deepEqual([secret.changed, secret.replaces], [true, []]);
        const frozen = await mutable.diff(
          types.configMap,
          { ...olds, immutable: true },
          { ...configMap("a", { k: "2" }), immutable: true },
        );
        assert.deepEqual(frozen.replaces, ["data.k"]);
      } finally {
        await mutable.end();
      }
    });

    it("names every changed property, and takes an unknown value for a change", async () => {
      const olds = workload("Deployment", "d", { annotations: { "a/b": "1", gone: "x" } });
      const news = workload("Deployment", "d", {
        annotations: { "a/b": "2" },
        spec: { replicas: unknown },
        pod: { containers: [{ name: "main", image: "main:2" }] },
      });
      const answer = await provider.diff(types.deployment, olds, news);
      assert.deepEqual(answer.details, {
        'metadata.annotations["a/b"]': "UPDATE",
        "metadata.annotations.gone": "DELETE",
        "spec.replicas": "ADD",
        "spec.template.spec.containers[0].image": "UPDATE",
      });
      assert.deepEqual(answer.replaces, []);
    });

    it("grows a claim's request in place", async () => {
      const claim = (storage: string) => ({ spec: { resources: { requests: { storage } } } });
      const answer = await provider.diff(types.claim, claim("1Gi"), claim("2Gi"));
      assert.deepEqual([answer.changed, answer.replaces], [true, []]);
    });

    it("sees no difference where there is none", async () => {
      const same = workload("Deployment", "d");
      assert.equal((await provider.diff(types.deployment, same, structuredClone(same))).changed, false);
    });
  });

  describe("DiffConfig", () => {
    it("replaces the provider for a changed clusterIdentifier and for nothing else once there is one", async () => {
      const olds = { clusterIdentifier: "zone-1", context: "a", kubeconfig: path.join(folder, "config") };
      const moved = await provider.diffConfig(olds, {
        ...olds,
        context: "b",
        kubeconfig: path.join(folder, "other"),
      });
      assert.deepEqual([moved.changed, moved.replaces], [true, []]);
      const renamed = await provider.diffConfig(olds, { ...olds, clusterIdentifier: "zone-2" });
      assert.deepEqual(renamed.replaces, ["clusterIdentifier"]);
    });

    it("without an identifier, replaces the provider when kubeconfig or context lead to another cluster", async () => {
      const olds = { kubeconfig: path.join(folder, "config") };
      const other = await provider.diffConfig(olds, { kubeconfig: path.join(folder, "other") });
      assert.deepEqual(other.replaces, ["kubeconfig"]);
      const renamed = await provider.diffConfig(olds, { kubeconfig: path.join(folder, "same") });
      assert.deepEqual([renamed.changed, renamed.replaces], [true, []]);
      const unknownContext = await provider.diffConfig(olds, { ...olds, context: unknown });
      assert.deepEqual(unknownContext.replaces, ["context"]);
    });

    it("replaces nothing when one of the two configs leads nowhere or to the operator's own kubeconfig", async () => {
      const olds = { kubeconfig: path.join(folder, "config") };
      for (const news of [{ ...olds, context: "no-such" }, { kubeconfig: "" }, {}]) {
        const answer = await provider.diffConfig(olds, news);
        assert.deepEqual([answer.changed, answer.replaces], [true, []], JSON.stringify(news));
      }
    });
  });
});
