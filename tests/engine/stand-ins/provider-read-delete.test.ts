import assert from "node:assert/strict";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { eventually } from "../checkout.ts";
import { sharedCluster, type TestCluster } from "./cluster.ts";
import { configMap, nowhere, types, workload } from "./objects.ts";
import { partialAnswer, ProviderProcess } from "./provider-process.ts";

const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe("the Kubernetes provider stand-in: reading and deleting on a real API server", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let provider: ProviderProcess;

  before(async () => {
    cluster = await sharedCluster();
    provider = await ProviderProcess.start({ kubeconfig: cluster.kubeconfig });
  });

  after(async () => {
    await provider.end();
  });

  describe("Read", () => {
    it("shows drift in the fields we set, and ignores fields that others added", async () => {
      const inputs = workload("Deployment", "read-drift", { spec: { replicas: 1 } });
      const made = await provider.create(types.deployment, inputs);
      assert.deepEqual((await provider.read(types.deployment, made, inputs)).inputs, inputs);
      const edit = {
        metadata: { labels: { theirs: "yes" } },
        spec: { replicas: 2, template: { spec: { containers: [{ name: "side", image: "side:1" }] } } },
      };
      await cluster.kubectl(["patch", "deployment", "read-drift", "-p", JSON.stringify(edit)]);
      await cluster.kubectl(["rollout", "status", "deployment/read-drift", "--timeout=30s"]);
      const found = await provider.read(types.deployment, made, inputs);
      assert.deepEqual(found.inputs, workload("Deployment", "read-drift", { spec: { replicas: 2 } }));
      assert.equal(found.state["__fieldManager"], made.state["__fieldManager"]);
    });

    it("says that an object, or its whole kind, is gone", async () => {
      assert.equal(
        (await provider.read(types.configMap, { id: "default/never-was" }, configMap("never-was", {}))).id,
        "",
      );
      assert.equal((await provider.read("kubernetes:no.such/v1:Thing", { id: "default/x" })).id, "");
    });

    it("keeps an object that is not ready, with the reasons", async () => {
      const inputs = workload("Deployment", "read-unready", {
        pod: nowhere,
        annotations: { "pulumi.com/skipAwait": "true" },
      });
      const made = await provider.create(types.deployment, inputs);
      const awaited = workload("Deployment", "read-unready", { pod: nowhere });
      await eventually(
        "the controller has seen it",
        async () => (await cluster.get("deployment", "read-unready"))?.["status"]?.["observedGeneration"],
      );
      const error: unknown = await provider
        .read(types.deployment, made, awaited)
        .catch((refusal: unknown) => refusal);
      const partial = partialAnswer(error);
      assert.equal(partial.id, "default/read-unready");
      assert.match(partial.reasons.join("\n"), /0 of 1 pods are available/);
      assert.equal(partial.properties["__fieldManager"], made.state["__fieldManager"]);
    });

    it("imports what kubectl last applied, and of other objects only the kind", async () => {
      const applied = configMap("read-applied", { a: "1" });
      await cluster.kubectl(["apply", "-f", "-"], applied);
      assert.deepEqual(
        (await provider.read(types.configMap, { id: "default/read-applied" })).inputs,
        applied,
      );
      await cluster.kubectl(["create", "configmap", "read-import", "--from-literal=a=1"]);
      const found = await provider.read(types.configMap, { id: "default/read-import" });
      assert.deepEqual(found.inputs, { apiVersion: "v1", kind: "ConfigMap" });
      assert.deepEqual(found.state["data"], { a: "1" });
    });

    it("follows a Secret's stringData, which the server turns into data", async () => {
      const inputs = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "read-secret", namespace: "default" },
        stringData: { k: "hush" },
      };
      const made = await provider.create(types.secret, inputs);
      const found = (await provider.read(types.secret, made, inputs)).inputs["stringData"];
      assert.deepEqual(found, { ...secretMark, value: { k: "hush" } });
    });
  });

  describe("secrets", () => {
    it("marks a Secret's data and every secret input as secret in the state", async () => {
      const inputs = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "secret-marks", namespace: "default" },
        data: { k: "aHVzaA==" },
      };
      const made = await provider.create(types.secret, inputs);
      assert.deepEqual(made.state["data"], { ...secretMark, value: { k: "aHVzaA==" } });
      const mixed = configMap("secret-mixed", { open: "1", closed: { ...secretMark, value: "hush" } });
      const state = (await provider.create(types.configMap, mixed)).state;
      assert.deepEqual(state["data"], { open: "1", closed: { ...secretMark, value: "hush" } });
      assert.deepEqual((await cluster.get("configmap", "secret-mixed"))!["data"], {
        open: "1",
        closed: "hush",
      });
    });
  });

  describe("Delete", () => {
    it("waits until the object is gone, dependents first", async () => {
      const inputs = workload("Deployment", "delete-wait", { spec: { replicas: 2 } });
      const made = await provider.create(types.deployment, inputs);
      await provider.delete(types.deployment, made, inputs);
      assert.equal(await cluster.get("deployment", "delete-wait"), undefined);
      assert.equal(await cluster.kubectl(["get", "replicasets", "-l", "app=delete-wait", "-o", "name"]), "");
    });

    it("leaves dependents alone when the object says so", async () => {
      const inputs = workload("Deployment", "delete-orphan", {
        annotations: { "pulumi.com/deletionPropagationPolicy": "orphan" },
      });
      const made = await provider.create(types.deployment, inputs);
      await provider.delete(types.deployment, made, inputs);
      assert.match(
        await cluster.kubectl(["get", "replicasets", "-l", "app=delete-orphan", "-o", "name"]),
        /replicaset/,
      );
    });

    it("gives up after its time and names what holds the object, also with skipAwait", async () => {
      const held = (annotations: JsonMap): JsonMap => ({
        ...configMap("delete-held", {}, annotations),
        metadata: {
          name: "delete-held",
          namespace: "default",
          annotations,
          finalizers: ["stand-ins.test/hold"],
        },
      });
      const made = await provider.create(types.configMap, held({}));
      await assert.rejects(
        provider.delete(types.configMap, made, held({}), 1),
        /Timed out.*"delete-held" after 1 s.*stand-ins.test\/hold/,
      );
      await assert.rejects(
        provider.delete(types.configMap, made, held({ "pulumi.com/skipAwait": "true" }), 1),
        /Timed out/,
      );
      await cluster.kubectl([
        "patch",
        "configmap",
        "delete-held",
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/metadata/finalizers"}]',
      ]);
    });

    it("does not await the end of a workload that says skipAwait", async () => {
      const inputs = workload("Deployment", "delete-unawaited", {
        annotations: { "pulumi.com/skipAwait": "true" },
      });
      const held = {
        ...inputs,
        metadata: { ...(inputs["metadata"] as JsonMap), finalizers: ["stand-ins.test/hold"] },
      };
      const made = await provider.create(types.deployment, held);
      await provider.delete(types.deployment, made, held, 1);
      const release = '[{"op":"remove","path":"/metadata/finalizers"}]';
      await cluster.kubectl(["patch", "deployment", "delete-unawaited", "--type=json", "-p", release]);
    });

    it("is content when the object or its kind is gone already", async () => {
      const nothing = { id: "default/never-was", state: {} };
      await provider.delete(types.configMap, nothing, configMap("never-was", {}));
      await provider.delete("kubernetes:no.such/v1:Thing", nothing, {
        apiVersion: "no.such/v1",
        kind: "Thing",
      });
    });
  });
});
