import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { V1DaemonSet, V1Node, V1Pod } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import { openApiServer, type ApiServer } from "../../sim/api-server.ts";
import { readHost } from "../../sim/annotations.ts";
import { simDown, simUp, type SimZone } from "../../sim/zone.ts";
import { DEPLOY_LABELS, driver, fullStack } from "../unit/sim/full-stack.ts";
import { zoneOf } from "../unit/sim/zone-builder.ts";
import { eventually } from "./checkout.ts";
import { gpuPod, placed } from "./sim/gpu-objects.ts";

const ZONE = zoneOf({ t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["t-1"] } }, {}, "sim-test-stack");
const NODE = "/api/v1/nodes/t-1";
const PODS = "/api/v1/namespaces/gpu-operator/pods";
const DRIVER_SET = "/apis/apps/v1/namespaces/gpu-operator/daemonsets/nvidia-driver-595.91.07-ubuntu22.04";
const DRIVER = "nvidia-driver-595.91.07-ubuntu22.04";

/** The whole stack against the real scheduler, DaemonSet controller and RBAC; what it is made of is the unit tests'. */
describe("a simulated node under the whole GPU stack", function () {
  this.timeout(120_000);
  let folder: string;
  let zone: SimZone;
  let api: ApiServer;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "gpu-zones-stack-"));
    zone = await simUp(ZONE, { repository: folder, home: path.join(folder, ".sim"), log: () => undefined });
    api = await openApiServer(zone.kubeconfig);
  });

  after(async () => {
    await api.close();
    await simDown(ZONE.name, { home: path.join(folder, ".sim"), log: () => undefined });
    await rm(folder, { recursive: true, force: true });
  });

  const node = () => api.get<V1Node>(NODE);
  const gpus = async () => (await node()).status?.allocatable?.["nvidia.com/gpu"];
  const podsOf = async (set: string) =>
    (await api.get<{ items: V1Pod[] }>(PODS)).items.filter(
      ({ metadata }) =>
        metadata?.ownerReferences?.some(({ name }) => name === set) === true ||
        metadata?.labels?.["app"] === set,
    );

  it("holds the operands back until the validator may start its pods, in its own service account's name", async () => {
    for (const { path: collection, object } of placed([...SURROUNDINGS, ...fullStack()]))
      await api.create(collection, object);
    await api.patch(NODE, { metadata: { labels: DEPLOY_LABELS } });
    await eventually("the validator lacks the right to create pods", async () => {
      const [validator] = await podsOf("nvidia-operator-validator");
      return validator?.status?.initContainerStatuses?.find(({ name }) => name === "cuda-validation")?.state
        ?.running;
    });
    assert.deepEqual(await podsOf("nvidia-cuda-validator"), []);
  });

  it("offers its GPU when the validator may, and runs GPU pods", async () => {
    for (const { path: collection, object } of placed(RIGHTS)) await api.create(collection, object);
    await eventually("the validator runs", async () => {
      const [validator] = await podsOf("nvidia-operator-validator");
      return validator?.status?.containerStatuses?.every(({ ready }) => ready) === true || undefined;
    });
    assert.equal(await gpus(), "1");
    const [workload] = await podsOf("nvidia-cuda-validator");
    assert.equal(workload?.status?.phase, "Succeeded");
    const { path: collection, object } = gpuPod("user", "nvidia.com/gpu");
    await api.create(collection, object);
    await eventually("the GPU pod runs", async () => {
      const pod = await api.get<V1Pod>(`${collection}/user`);
      return pod.status?.phase === "Running" || undefined;
    });
  });

  it("gets a changed driver by way of driver-manager, which evicts the GPU pod", async () => {
    const { spec } = driver("2") as unknown as { spec: object };
    await api.patch(DRIVER_SET, { spec });
    await eventually("the DaemonSet controller has seen the new template", async () => {
      const { metadata, status } = await api.get<V1DaemonSet>(DRIVER_SET);
      return status?.observedGeneration === metadata?.generation || undefined;
    });
    const [pod] = await podsOf(DRIVER);
    assert.equal(readHost((await node()).metadata?.annotations ?? {})?.module?.digest, "1");
    await api.delete(`${PODS}/${pod?.metadata?.name ?? ""}`);
    await eventually("the new driver is loaded and the node usable", async () => {
      const { metadata, spec: nodeSpec } = await node();
      const [validator] = await podsOf("nvidia-operator-validator");
      return (
        (readHost(metadata?.annotations ?? {})?.module?.digest === "2" &&
          nodeSpec?.unschedulable !== true &&
          validator?.status?.phase === "Running" &&
          (await gpus()) === "1") ||
        undefined
      );
    });
    assert.equal(await api.find("/api/v1/namespaces/default/pods/user"), undefined);
    const labels = Object.values((await node()).metadata?.labels ?? {});
    assert.deepEqual(
      labels.filter((value) => value.includes("paused")),
      [],
    );
  });
});

const NAMESPACE = "gpu-operator";
const VALIDATOR = "nvidia-operator-validator";
const RBAC = "rbac.authorization.k8s.io/v1";

const SURROUNDINGS: KubernetesObject[] = [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: VALIDATOR, namespace: NAMESPACE } },
  { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "nvidia" }, handler: "nvidia" },
];
const RIGHTS: KubernetesObject[] = [
  {
    apiVersion: RBAC,
    kind: "Role",
    metadata: { name: VALIDATOR, namespace: NAMESPACE },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["create"] }],
  },
  {
    apiVersion: RBAC,
    kind: "RoleBinding",
    metadata: { name: VALIDATOR, namespace: NAMESPACE },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: VALIDATOR },
    subjects: [{ kind: "ServiceAccount", name: VALIDATOR, namespace: NAMESPACE }],
  },
];
