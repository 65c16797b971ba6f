import assert from "node:assert/strict";
import type { JsonMap } from "../../../sim/stand-ins/plugin/protobuf.ts";
import { eventually } from "../checkout.ts";
import { sharedCluster, type TestCluster } from "./cluster.ts";
import { configMap, nowhere, podTemplate, types, workload } from "./objects.ts";
import { partialAnswer, ProviderProcess, type PartialAnswer } from "./provider-process.ts";

const notReady = JSON.stringify({ status: { conditions: [{ type: "Ready", status: "False" }] } });

/** Reasons with which a call that keeps an unready object ended, as one text. Fails when it succeeded. */
async function refusal(call: Promise<unknown>): Promise<PartialAnswer & { said: string }> {
  const error: unknown = await call.then(
    () => assert.fail("it was taken for ready"),
    (caught: unknown) => caught,
  );
  const partial = partialAnswer(error);
  return { ...partial, said: partial.reasons.join("\n") };
}

describe("the Kubernetes provider stand-in: waiting until objects are ready", function () {
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

  it("waits for a Deployment's pods, at creation and after a change", async () => {
    const made = await provider.create(
      types.deployment,
      workload("Deployment", "await-deployment", { spec: { replicas: 2 } }),
    );
    assert.equal((made.state["status"] as JsonMap)["availableReplicas"], 2);
    const more = workload("Deployment", "await-deployment", {
      spec: { replicas: 3 },
      pod: { containers: [{ name: "main", image: "main:2" }] },
    });
    const status = (await provider.update(types.deployment, made, more))["status"] as JsonMap;
    assert.deepEqual([status["updatedReplicas"], status["replicas"]], [3, 3]);
  });

  it("keeps an object that does not become ready as it is, and names its pods and what they say", async () => {
    const inputs = workload("Deployment", "await-stuck", { pod: nowhere });
    const {
      id,
      said,
      properties,
      inputs: kept,
    } = await refusal(provider.create(types.deployment, inputs, { timeout: 2 }));
    assert.equal(id, "default/await-stuck");
    assert.match(said, /'await-stuck' timed out waiting to be Ready \(after 2 s\)/);
    assert.match(said, /0 of 1 pods are available/);
    assert.match(
      said,
      /\[Pod default\/await-stuck-\S+\]: phase Pending; PodScheduled: Unschedulable: 0\/2 nodes are available/,
    );
    assert.match(properties["__fieldManager"] as string, /^pulumi-kubernetes-/);
    assert.deepEqual(kept, inputs);
  });

  it("waits as long as the custom timeout says, then as the annotation says", async () => {
    const inputs = workload("Deployment", "await-annotation", {
      pod: nowhere,
      annotations: { "pulumi.com/timeoutSeconds": "1" },
    });
    assert.match((await refusal(provider.create(types.deployment, inputs))).said, /after 1 s/);
    const custom = workload("Deployment", "await-custom", {
      pod: nowhere,
      annotations: { "pulumi.com/timeoutSeconds": "300" },
    });
    assert.match(
      (await refusal(provider.create(types.deployment, custom, { timeout: 1 }))).said,
      /after 1 s/,
    );
  });

  it("does not wait for an object that says skipAwait", async () => {
    const inputs = workload("Deployment", "await-skip", {
      pod: nowhere,
      annotations: { "pulumi.com/skipAwait": "true" },
    });
    const { id } = await provider.create(types.deployment, inputs);
    assert.equal(id, "default/await-skip");
  });

  it("waits for every pod of a DaemonSet to be of the new revision, also with OnDelete, which never comes", async () => {
    const inputs = (type: string, image: string) =>
      workload("DaemonSet", `await-${type.toLowerCase()}`, {
        spec: { updateStrategy: { type } },
        pod: { containers: [{ name: "main", image }] },
      });
    const rolling = await provider.create(types.daemonSet, inputs("RollingUpdate", "main:1"));
    assert.equal((rolling.state["status"] as JsonMap)["numberReady"], 2);
    const onDelete = await provider.create(types.daemonSet, inputs("OnDelete", "main:1"));
    const { said } = await refusal(
      provider.update(types.daemonSet, onDelete, inputs("OnDelete", "main:2"), { timeout: 2 }),
    );
    assert.match(said, /0 of 2 pods are of the new revision \(updateStrategy OnDelete\)/);
  });

  it("waits for a StatefulSet's replicas to be ready and of the new revision", async () => {
    const inputs = (image: string) =>
      workload("StatefulSet", "await-stateful", {
        spec: { replicas: 2, serviceName: "none" },
        pod: { containers: [{ name: "main", image }] },
      });
    const made = await provider.create(types.statefulSet, inputs("main:1"));
    const status = (await provider.update(types.statefulSet, made, inputs("main:2")))["status"] as JsonMap;
    assert.deepEqual([status["readyReplicas"], status["currentRevision"]], [2, status["updateRevision"]]);
    assert.notEqual(status["updateRevision"], (made.state["status"] as JsonMap)["updateRevision"]);
  });

  it("waits for a Job to complete, and gives up as soon as it has failed", async () => {
    const job = (name: string, spec: JsonMap): JsonMap => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, namespace: "default" },
      spec,
    });
    const done = job("await-job", { template: podTemplate("await-job", { restartPolicy: "Never" }) });
    assert.equal(((await provider.create(types.job, done)).state["status"] as JsonMap)["succeeded"], 1);
    const late = {
      activeDeadlineSeconds: 1,
      template: podTemplate("await-late", { restartPolicy: "Never", ...nowhere }),
    };
    const start = Date.now();
    const { said } = await refusal(provider.create(types.job, job("await-late", late), { timeout: 40 }));
    assert.match(said, /'await-late' failed\nFailed: DeadlineExceeded/);
    assert.ok(Date.now() - start < 20_000, "it went on waiting for a failed Job");
  });

  it("waits for a Pod to be ready", async () => {
    const pod = (name: string, spec: JsonMap): JsonMap => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: { containers: [{ name: "main", image: "main:1" }], ...spec },
    });
    assert.equal(
      ((await provider.create(types.pod, pod("await-pod", {}))).state["status"] as JsonMap)["phase"],
      "Running",
    );
    assert.match(
      (await refusal(provider.create(types.pod, pod("await-lost", nowhere), { timeout: 1 }))).said,
      /phase Pending/,
    );
  });

  it("waits for every pod behind a Service, and for a load balancer's address, but for neither where there is none", async () => {
    const service = (name: string, spec: JsonMap): JsonMap => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "default" },
      spec: { ports: [{ port: 80 }], ...spec },
    });
    await provider.create(types.deployment, workload("Deployment", "await-backend"));
    await provider.create(types.service, service("await-service", { selector: { app: "await-backend" } }));
    await provider.create(types.service, service("await-alone", { selector: { app: "nobody" } }));
    const half = { "pulumi.com/skipAwait": "true" };
    await provider.create(types.deployment, workload("Deployment", "await-half", { annotations: half }));
    await cluster.kubectl(["wait", "--for=condition=Available", "deployment/await-half", "--timeout=30s"]);
    const gate = [{ conditionType: "stand-ins.test/never" }];
    const pod = podTemplate("await-half", { readinessGates: gate });
    await provider.create(types.pod, {
      apiVersion: "v1",
      kind: "Pod",
      ...pod,
      metadata: {
        name: "await-half",
        namespace: "default",
        labels: { app: "await-half" },
        annotations: half,
      },
    });
    await eventually("the pod runs, and is not ready", async () => {
      const found = await cluster.get("pod", "await-half");
      return found?.["status"]?.["phase"] === "Running" && found["status"]["podIP"] !== undefined;
    });
    await cluster.kubectl(["patch", "pod", "await-half", "--subresource=status", "-p", notReady]);
    const waiting = provider.create(
      types.service,
      service("await-half", { selector: { app: "await-half" } }),
      {
        timeout: 2,
      },
    );
    assert.match((await refusal(waiting)).said, /Selected Pods may not be ready/);
    const outside = service("await-lb", { type: "LoadBalancer", selector: { app: "await-backend" } });
    assert.match(
      (await refusal(provider.create(types.service, outside, { timeout: 1 }))).said,
      /not allocated an IP address/,
    );
    await provider.create(
      types.service,
      service("await-headless", { clusterIP: "None", selector: { app: "nobody" } }),
    );
    await provider.create(types.service, service("await-no-selector", {}));
    const external = {
      ...service("await-external", {}),
      spec: { type: "ExternalName", externalName: "example.invalid" },
    };
    await provider.create(types.service, external);
  });

  it("waits for an Ingress' address", async () => {
    const ingress = (name: string, annotations: JsonMap = {}): JsonMap => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name, namespace: "default", annotations },
      spec: { defaultBackend: { service: { name: "none", port: { number: 80 } } } },
    });
    const type = "kubernetes:networking.k8s.io/v1:Ingress";
    const open = provider.create(type, ingress("await-ingress"), { timeout: 1 });
    assert.match((await refusal(open)).said, /loadBalancer field was not updated/);
    const address = '{"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}';
    await cluster.kubectl([
      "patch",
      "ingress",
      "await-ingress",
      "--subresource=status",
      "--type=merge",
      "-p",
      address,
    ]);
    const state = await provider.update(
      type,
      { id: "default/await-ingress", state: {} },
      ingress("await-ingress"),
    );
    assert.equal((state["metadata"] as JsonMap)["name"], "await-ingress");
  });

  it("does not wait for a StatefulSet's new revision with OnDelete, which nobody brings about", async () => {
    const inputs = (image: string) =>
      workload("StatefulSet", "await-by-hand", {
        spec: { replicas: 1, serviceName: "none", updateStrategy: { type: "OnDelete" } },
        pod: { containers: [{ name: "main", image }] },
      });
    const made = await provider.create(types.statefulSet, inputs("main:1"));
    const state = await provider.update(types.statefulSet, made, inputs("main:2"), { timeout: 10 });
    const status = state["status"] as JsonMap;
    assert.notEqual(status["currentRevision"], status["updateRevision"]);
  });

  it("waits for a claim to be bound, unless its class binds with the first pod", async () => {
    for (const mode of ["WaitForFirstConsumer", "Immediate"]) {
      const name = `await-${mode.toLowerCase()}`;
      await cluster.kubectl(["apply", "-f", "-"], {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name },
        provisioner: "none",
        volumeBindingMode: mode,
      });
    }
    const claim = (name: string): JsonMap => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: "default" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName: name,
        resources: { requests: { storage: "1Gi" } },
      },
    });
    await provider.create(types.claim, claim("await-waitforfirstconsumer"));
    assert.match(
      (await refusal(provider.create(types.claim, claim("await-immediate"), { timeout: 1 }))).said,
      /was not bound/,
    );
  });

  it("ends every wait at once when cancelled, and keeps what was created", async () => {
    const other = await ProviderProcess.start({ kubeconfig: cluster.kubeconfig });
    try {
      const waiting = refusal(
        other.create(types.deployment, workload("Deployment", "await-cancel", { pod: nowhere })),
      );
      await eventually("the Deployment is in the cluster", () => cluster.get("deployment", "await-cancel"));
      const start = Date.now();
      await other.cancel();
      const { id, said } = await waiting;
      assert.ok(Date.now() - start < 2000, "the wait did not end");
      assert.equal(id, "default/await-cancel");
      assert.match(said, /cancelled/);
      await assert.rejects(other.create(types.configMap, configMap("after-cancel", {})), /cancelled/);
    } finally {
      await other.end();
    }
  });
});
