import assert from "node:assert/strict";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { sharedCluster, type TestCluster } from "./cluster.ts";
import { configMap, definition, types, workload } from "./objects.ts";
import { partialAnswer, ProviderProcess } from "./provider-process.ts";

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("the Kubernetes provider stand-in: objects on a real API server", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let provider: ProviderProcess;
  let mutable: JsonMap;

  before(async () => {
    cluster = await sharedCluster();
    mutable = { kubeconfig: cluster.kubeconfig, enableConfigMapMutable: true, enableSecretMutable: "true" };
    provider = await ProviderProcess.start(mutable);
  });

  after(async () => {
    await provider.end();
  });

  /** Who owns fields of a ConfigMap, and how. */
  async function managers(name: string): Promise<string[]> {
    const live = (await cluster.get("configmap", name))!;
    return (live.metadata["managedFields"] as { manager: string; operation: string }[]).map(
      ({ manager, operation }) => `${manager} ${operation}`,
    );
  }

  /** Runs something with a provider of its own. */
  async function withProvider(
    config: JsonMap,
    env: NodeJS.ProcessEnv,
    use: (other: ProviderProcess) => Promise<void>,
  ): Promise<void> {
    const other = await ProviderProcess.start({ ...mutable, ...config }, env);
    try {
      await use(other);
    } finally {
      await other.end();
    }
  }

  describe("Create", () => {
    it("creates a new object plainly and records its inputs and field manager, whose fields they become when it is updated", async () => {
      const inputs = configMap("create-new", { a: "1" }, { "pulumi.com/patchFieldManager": "gpu-zones" });
      const made = await provider.create(types.configMap, inputs);
      assert.equal(made.id, "default/create-new");
      assert.equal(made.state["__fieldManager"], "gpu-zones");
      assert.deepEqual(made.state["__inputs"], inputs);
      assert.deepEqual(await managers("create-new"), ["pulumi-kubernetes Update"]);
      const news = configMap("create-new", { a: "2" }, { "pulumi.com/patchFieldManager": "gpu-zones" });
      assert.deepEqual((await provider.update(types.configMap, made, news))["data"], { a: "2" });
      assert.deepEqual(await managers("create-new"), ["gpu-zones Apply"]);
    });

    it("lets exactly one of two creates of one name succeed", async () => {
      const make = () => provider.create(types.configMap, configMap("create-raced", {}));
      const ends = await Promise.allSettled([make(), make(), make()]);
      assert.equal(ends.filter(({ status }) => status === "fulfilled").length, 1);
    });

    it("refuses an object that exists, and leaves it alone", async () => {
      await cluster.kubectl(["create", "configmap", "create-taken", "--from-literal=a=theirs"]);
      await assert.rejects(
        provider.create(types.configMap, configMap("create-taken", { a: "ours" })),
        /"default\/create-taken" was not successfully created.*configmaps "create-taken" already exists/,
      );
      assert.deepEqual((await cluster.get("configmap", "create-taken"))!["data"], { a: "theirs" });
    });

    for (const [how, config, env] of [
      ["its config", { upsertExistingObjects: "true" }, {}],
      ["PULUMI_K8S_UPSERT_EXISTING_OBJECTS", {}, { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" }],
    ] as const) {
      it(`takes over an object that exists when ${how} says upsert`, async () => {
        const name = `upsert-${Object.keys(env).length}`;
        await cluster.kubectl(["create", "configmap", name, "--from-literal=theirs=1"]);
        await withProvider(config, env, async (upserting) => {
          await upserting.create(types.configMap, configMap(name, { ours: "1" }));
        });
        assert.deepEqual((await cluster.get("configmap", name))!["data"], { theirs: "1", ours: "1" });
      });
    }

    it("names an object by generateName", async () => {
      const inputs = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { generateName: "gen-", namespace: "default" },
        data: { a: "1", b: "1" },
      };
      const made = await provider.create(types.configMap, inputs);
      assert.match(made.id, /^default\/gen-\w+$/);
      const state = await provider.update(types.configMap, made, { ...inputs, data: { a: "2" } });
      assert.deepEqual(state["data"], { a: "2" });
    });

    it("retries a missing kind and a missing namespace for its time, then fails", async () => {
      const start = Date.now();
      await assert.rejects(
        provider.create("kubernetes:no.such/v1:Thing", { metadata: { name: "x", namespace: "default" } }),
        /no matches for kind "Thing" in version "no.such\/v1"/,
      );
      assert.ok(Date.now() - start >= 1000, "it gave up before GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS");
      const inputs = { ...configMap("x", {}), metadata: { name: "x", namespace: "no-such" } };
      await assert.rejects(provider.create(types.configMap, inputs), /namespaces "no-such" not found/);
    });

    it("creates a definition and its custom resource at the same time", async () => {
      const widget = {
        apiVersion: "stand-ins.test/v1",
        kind: "Widget",
        metadata: { name: "w", namespace: "default" },
        size: 3,
      };
      await withProvider({}, { GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS: "20" }, async (patient) => {
        const [resource] = await Promise.all([
          patient.create("kubernetes:stand-ins.test/v1:Widget", widget),
          patient.create(types.definition, definition("Widget")),
        ]);
        assert.equal(resource.state["size"], 3);
        // Check could not know that this kind has no namespace.
        await patient.create(types.definition, definition("Broad", "Cluster"));
        const broad = {
          apiVersion: "stand-ins.test/v1",
          kind: "Broad",
          metadata: { name: "b", namespace: "default" },
        };
        assert.equal((await patient.create("kubernetes:stand-ins.test/v1:Broad", broad)).id, "b");
      });
    });
  });

  describe("Update", () => {
    it("removes from the live object what the program no longer says, and keeps what others added", async () => {
      const made = await provider.create(types.configMap, configMap("update-remove", { a: "1", b: "1" }));
      await cluster.kubectl([
        "label",
        "configmap",
        "update-remove",
        "theirs=yes",
        "--field-manager=somebody",
      ]);
      const state = await provider.update(types.configMap, made, configMap("update-remove", { a: "2" }));
      assert.deepEqual(state["data"], { a: "2" });
      assert.equal(state["__fieldManager"], made.state["__fieldManager"]);
      const live = (await cluster.get("configmap", "update-remove"))!;
      assert.deepEqual(live.metadata["labels"], { theirs: "yes" });
    });

    it("ends in a conflict that names the other manager, which the preview does not show", async () => {
      const made = await provider.create(types.configMap, configMap("update-conflict", { a: "1" }));
      await cluster.kubectl([
        "patch",
        "configmap",
        "update-conflict",
        "-p",
        '{"data":{"a":"hand"}}',
        "--field-manager=night-shift",
      ]);
      const news = configMap("update-conflict", { a: "2" });
      const preview = await provider.update(types.configMap, made, news, { preview: true });
      assert.deepEqual(preview["data"], { a: "2" });
      await assert.rejects(provider.update(types.configMap, made, news), /conflict.*\n?.*"night-shift"/);
      assert.deepEqual((await cluster.get("configmap", "update-conflict"))!["data"], { a: "hand" });

      const forced = configMap("update-conflict", { a: "2" }, { "pulumi.com/patchForce": "true" });
      assert.deepEqual((await provider.update(types.configMap, made, forced))["data"], { a: "2" });
    });

    for (const [how, config, env] of [
      ["its config", { enablePatchForce: true }, {}],
      ["PULUMI_K8S_ENABLE_PATCH_FORCE", {}, { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" }],
    ] as const) {
      it(`wins a conflict when ${how} says so`, async () => {
        const name = `force-${Object.keys(env).length}`;
        const made = await provider.create(types.configMap, configMap(name, { a: "1" }));
        await cluster.kubectl([
          "patch",
          "configmap",
          name,
          "-p",
          '{"data":{"a":"hand"}}',
          "--field-manager=night-shift",
        ]);
        await withProvider(config, env, async (forcing) => {
          assert.deepEqual(
            (await forcing.update(types.configMap, made, configMap(name, { a: "2" })))["data"],
            { a: "2" },
          );
        });
      });
    }

    it("takes over what was edited with kubectl's own managers, as the official provider does", async () => {
      const made = await provider.create(types.configMap, configMap("update-kubectl", { a: "1", b: "1" }));
      await cluster.kubectl([
        "patch",
        "configmap",
        "update-kubectl",
        "-p",
        '{"data":{"a":"hand","c":"hand"}}',
      ]);
      const state = await provider.update(types.configMap, made, configMap("update-kubectl", { a: "2" }));
      assert.deepEqual(state["data"], { a: "2" });
    });

    it("leaves an ignored field to whoever owns it now", async () => {
      const inputs = (replicas: number) =>
        workload("Deployment", "update-ignore", {
          spec: { replicas },
          annotations: { "pulumi.com/skipAwait": "true" },
        });
      const made = await provider.create(types.deployment, inputs(1));
      await cluster.kubectl([
        "patch",
        "deployment",
        "update-ignore",
        "-p",
        '{"spec":{"replicas":0}}',
        "--field-manager=scaler",
      ]);
      const state = await provider.update(types.deployment, made, inputs(1), {
        ignoreChanges: ["spec.replicas"],
      });
      assert.equal((state["spec"] as JsonMap)["replicas"], 0);
    });

    it("shows a conflict in a preview once the fields are its own", async () => {
      const made = await provider.create(types.configMap, configMap("update-twice", { a: "1" }));
      const state = await provider.update(types.configMap, made, configMap("update-twice", { a: "2" }));
      const edit = [
        "configmap",
        "update-twice",
        "-p",
        '{"data":{"a":"hand"}}',
        "--field-manager=night-shift",
      ];
      await cluster.kubectl(["patch", ...edit]);
      const preview = provider.update(
        types.configMap,
        { id: made.id, state },
        configMap("update-twice", { a: "3" }),
        {
          preview: true,
        },
      );
      await assert.rejects(preview, /conflict.*\n?.*"night-shift"/);
    });

    it("keeps a refused update with its new inputs and the object as it is", async () => {
      const made = await provider.create(types.configMap, configMap("update-refused", { a: "1" }));
      const news = { ...configMap("update-refused", { a: "2" }), noSuchField: true };
      const refused: unknown = await provider
        .update(types.configMap, made, news)
        .catch((error: unknown) => error);
      const partial = partialAnswer(refused);
      assert.equal(partial.id, "default/update-refused");
      assert.match(partial.reasons.join(), /not successfully updated.*noSuchField/);
      assert.deepEqual(partial.properties["data"], { a: "1" });
      assert.deepEqual(partial.properties["__inputs"], news);
      assert.deepEqual(partial.inputs, news);
    });

    it("gives up what it owned under a name that the program no longer asks for", async () => {
      const inputs = (manager: string, data: JsonMap, more: JsonMap = {}) =>
        configMap("update-renamed", data, { "pulumi.com/patchFieldManager": manager, ...more });
      const made = await provider.create(types.configMap, inputs("first", { a: "1" }));
      const owned = await provider.update(types.configMap, made, inputs("first", { a: "2" }));
      assert.deepEqual(await managers("update-renamed"), ["first Apply"]);
      const renamed = inputs("second", { a: "2" }, { "pulumi.com/patchForce": "true" });
      await provider.update(types.configMap, { id: made.id, state: owned }, renamed);
      assert.deepEqual(await managers("update-renamed"), ["second Apply"]);
    });

    it("fails when the object was deleted by others, and says how to go on", async () => {
      const made = await provider.create(types.configMap, configMap("update-gone", {}));
      await cluster.kubectl(["delete", "configmap", "update-gone"]);
      await assert.rejects(
        provider.update(types.configMap, made, configMap("update-gone", { a: "1" })),
        /not found.*pulumi refresh/,
      );
    });
  });

  describe("preview", () => {
    it("writes nothing, and says what the server would make of the inputs", async () => {
      const shown = await provider.create(types.configMap, configMap("preview-new", { a: "1" }), {
        preview: true,
      });
      assert.equal(shown.id, "");
      assert.deepEqual(shown.state["data"], { a: "1" });
      assert.equal((shown.state["metadata"] as JsonMap)["uid"], undefined);
      assert.equal(await cluster.get("configmap", "preview-new"), undefined);
    });

    it("shows what the server refuses", async () => {
      const wrong = workload("Deployment", "Not_A_Name");
      await assert.rejects(provider.create(types.deployment, wrong, { preview: true }), /Invalid value/);
    });

    it("passes for a missing kind, a missing namespace, an object in the way and unknown values", async () => {
      const thing = { apiVersion: "no.such/v1", kind: "Thing", metadata: { name: "x" } };
      assert.deepEqual(
        (await provider.create("kubernetes:no.such/v1:Thing", thing, { preview: true })).state,
        thing,
      );
      const lost = { ...configMap("x", {}), metadata: { name: "x", namespace: "no-such" } };
      assert.deepEqual((await provider.create(types.configMap, lost, { preview: true })).state, lost);
      const open = configMap("x", { a: unknown });
      assert.deepEqual((await provider.create(types.configMap, open, { preview: true })).state, open);
      await provider.create(types.deployment, workload("Deployment", "preview-replace"));
      const other = workload("Deployment", "preview-replace", {
        spec: {
          selector: { matchLabels: { app: "other" } },
          template: {
            metadata: { labels: { app: "other" } },
            spec: { containers: [{ name: "m", image: "m:1" }] },
          },
        },
      });
      assert.deepEqual((await provider.create(types.deployment, other, { preview: true })).state, other);
    });
  });
});
