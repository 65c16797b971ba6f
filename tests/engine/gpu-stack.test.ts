import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { V1DaemonSet, V1Node, V1Pod } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../plan/object.ts";
import { openApiServer, type ApiServer } from "../../sim/api-server.ts";
import { FAILURE, readHost } from "../../sim/annotations.ts";
import { openHome, zonePlaces } from "../../sim/home.ts";
import { switchPower } from "../../sim/nodes.ts";
import { endProcesses } from "../../sim/processes.ts";
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

  /** A Deployment's pod is replaced when its node rejects it. */
  const userPods = async () =>
    (await api.get<{ items: V1Pod[] }>("/api/v1/namespaces/default/pods")).items.map(
      ({ metadata, status }) => ({
        name: metadata?.name ?? "",
        phase: status?.phase,
        reason: status?.reason,
      }),
    );
  const usable = (what: string) =>
    eventually(what, async () => {
      const { status } = await node();
      const ready = status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
      const running = (await userPods()).some(({ phase }) => phase === "Running");
      return (ready === true && (await gpus()) === "1" && running) || undefined;
    });
  const rejected = async (name: string) => {
    const before = (await userPods()).find((each) => each.name === name);
    assert.deepEqual([before?.phase, before?.reason], ["Failed", "UnexpectedAdmissionError"]);
  };
  const runningPod = async () => (await userPods()).find(({ phase }) => phase === "Running")?.name ?? "";

  it("is dark without power; with power again it rejects its GPU pods first, and builds its driver anew", async () => {
    await api.create("/apis/apps/v1/namespaces/default/deployments", DEPLOYMENT);
    await usable("the app runs");
    const user = await runningPod();
    await switchPower(api, "t-1", "off");
    await eventually("the node is not Ready", async () => {
      const { status, spec } = await node();
      const unknown = status?.conditions?.some((each) => each.type === "Ready" && each.status === "Unknown");
      return (
        (unknown && spec?.taints?.some(({ key }) => key === "node.kubernetes.io/unreachable")) || undefined
      );
    });
    assert.equal(readHost((await node()).metadata?.annotations ?? {})?.module, null);
    await switchPower(api, "t-1", "on");
    await usable("the app runs again");
    await rejected(user);
    const [pod] = await podsOf(DRIVER);
    assert.equal(pod?.status?.containerStatuses?.[0]?.restartCount, 1);
  });

  it("is NotReady when the toolkit breaks its runtime, and has its GPU again when that is mended", async () => {
    const toolkit = "nvidia-container-toolkit-daemonset";
    await api.patch(NODE, { metadata: { annotations: { [FAILURE]: "toolkit-breaks-runtime" } } });
    await eventually("the node is not Ready", async () => {
      const { status } = await node();
      const is = status?.conditions?.find(({ type }) => type === "Ready");
      return (is?.status === "False" && is.message === "container runtime is down") || undefined;
    });
    await api.patch(NODE, { metadata: { annotations: { [FAILURE]: null } } });
    await usable("the runtime is mended");
    const [pod] = await podsOf(toolkit);
    assert.equal(pod?.status?.phase, "Running");
  });

  it("has lost all that with its zone's power, too", async () => {
    const user = await runningPod();
    const home = await openHome(path.join(folder, ".sim"));
    await endProcesses(zonePlaces(home, ZONE.name));
    zone = await simUp(ZONE, { repository: folder, home: home.directory, log: () => undefined });
    await api.close();
    api = await openApiServer(zone.kubeconfig);
    await eventually("another pod of the app runs", async () => {
      const now = await userPods();
      return now.some(({ name, phase }) => phase === "Running" && name !== user) || undefined;
    });
    await rejected(user);
    assert.equal(await gpus(), "1");
  });
});

const NAMESPACE = "gpu-operator";
const VALIDATOR = "nvidia-operator-validator";
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "app" },
  spec: {
    selector: { matchLabels: { app: "app" } },
    template: {
      metadata: { labels: { app: "app" } },
      spec: {
        containers: [{ name: "app", image: "app:1", resources: { limits: { "nvidia.com/gpu": 1 } } }],
      },
    },
  },
};
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
