import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import type { V1DaemonSetStatus, V1Deployment, V1Node, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { awaitStatus, seconds } from "../../../fleet/status.ts";
import { nodesInWords, statusText, waitingFor } from "../../../fleet/status-text.ts";
import { zoneStatus, type LiveObjects } from "../../../fleet/zone-status.ts";
import { Origins } from "../../../plan/config/origins.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import type { Plan } from "../../../plan/plan.ts";
import { planned } from "../../../plan/planned-object.ts";
import { ScriptedKubectl, type Said } from "../components/scripted-kubectl.ts";

const TEMPLATE = {
  metadata: { labels: { app: "pd" } },
  spec: { containers: [{ name: "pd", resources: { limits: { "nvidia.com/gpu": 1 } } }] },
};

const PLAN: Plan = {
  zone: {
    name: "z",
    layers: ["fleet"],
    gpu: { managed: true, release: "26.7" },
    cluster: { platform: "kubeadm" },
    apps: { pd: { overlay: "base", namespace: "pd" } },
    nodePools: { t4: { product: "Tesla-T4", gpusPerNode: 1, nodes: ["n1", "n2"] } },
    origins: new Origins(),
  } as unknown as Zone,
  objects: [
    planned("pd", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "pd", namespace: "pd" },
      spec: { replicas: 2, template: TEMPLATE },
    }),
  ],
  findings: [],
  digest: "sha256:0",
};

function node(name: string, ready: boolean, gpus: string): V1Node {
  return {
    metadata: { name, labels: { "gpu-zones.dev/pool": "t4", "nvidia.com/gpu.product": "Tesla-T4" } },
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      allocatable: { "nvidia.com/gpu": gpus },
    },
  };
}

function pod(name: string, nodeName: string | undefined): V1Pod {
  return {
    metadata: { name, namespace: "pd", labels: { app: "pd" } },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
    status:
      nodeName === undefined
        ? {
            phase: "Pending",
            conditions: [{ type: "PodScheduled", status: "False", message: "0/2 nodes are available" }],
          }
        : { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  };
}

function live(nodes: V1Node[], pods: V1Pod[], deployments: V1Deployment[] = []): LiveObjects {
  return {
    nodes,
    pods,
    deployments,
    daemonSets: [],
    replicaSets: [],
    statefulSets: [],
    controllerRevisions: [],
  };
}

describe("the status of a zone", () => {
  it("is ready when every app has all its pods running", () => {
    const status = zoneStatus(
      PLAN,
      live([node("n1", true, "2"), node("n2", true, "1")], [pod("a", "n1"), pod("b", "n1")]),
    );
    assert.equal(status.ready, true);
    assert.deepEqual(status.apps, [
      { app: "pd", running: 2, wanted: 2, where: { n1: 2 }, gpu: "nvidia.com/gpu", waiting: [] },
    ]);
    assert.match(stripVTControlCharacters(statusText(status)), /pd +2\/2 +nvidia\.com\/gpu +n1 \(2\)/);
  });

  it("names what is missing and why, and the nodes that are dark or absent", () => {
    const status = zoneStatus(PLAN, live([node("n1", false, "0")], [pod("a", undefined)]));
    assert.equal(status.ready, false);
    assert.deepEqual(waitingFor(status), ["pd 0/2 (0/2 nodes are available)", "n1 NotReady", "n2 absent"]);
  });

  it("says what a node owes a rollout", () => {
    const owing = node("n1", true, "2");
    Object.assign(owing.metadata!.labels!, { "nvidia.com/device-plugin.config": "t4-old" });
    const status = zoneStatus(PLAN, live([owing, node("n2", true, "1")], []));
    assert.deepEqual(
      status.nodes.map(({ owes }) => owes),
      [[{ part: "sharing", from: "t4-old", to: null, why: "value" }], []],
    );
    assert.match(stripVTControlCharacters(statusText(status)), /n1 +t4 +Ready +Tesla-T4 +2 x .* +sharing\n/);
  });

  it("counts an operand once, whatever it consists of, and the driver that nodes still run as one", () => {
    const set = (name: string, ready: number) => ({
      metadata: { name, namespace: "gpu-operator", labels: { "gpu-zones.dev/owner": "driver" } },
      status: { numberReady: ready, desiredNumberScheduled: 2 } as V1DaemonSetStatus,
    });
    const driver = planned("driver", {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "nvidia-driver-580", namespace: "gpu-operator" },
      spec: { template: {} },
    });
    const sets = [set("nvidia-driver-580", 2), set("nvidia-driver-575", 1)];
    const status = zoneStatus(
      { ...PLAN, objects: [driver, ...PLAN.objects] },
      { ...live([], []), daemonSets: sets },
    );
    assert.deepEqual(status.operands, [{ operand: "driver", ready: 3, wanted: 4 }]);
    assert.doesNotMatch(statusText(status), /OWES/);
  });

  it("tells of a rollout that was begun or that failed, though the node owes nothing any more", () => {
    const mark = { what: ["driver"], started: "2026-03-01T10:00:00Z", changed: ["driver"] };
    const left = (name: string, state: string): V1Node => {
      const each = node(name, true, "2");
      Object.assign(each.metadata!.labels!, { "nvidia.com/gpu-driver-upgrade-state": state });
      each.metadata!.annotations = { "gpu-zones.dev/rollout": JSON.stringify(mark) };
      each.spec = { unschedulable: true };
      return each;
    };
    const nodes = [left("n1", "pod-restart-required"), left("n2", "upgrade-failed"), node("n3", true, "1")];
    const status = zoneStatus(PLAN, live(nodes, [pod("a", "n3"), pod("b", "n3")]));
    assert.deepEqual(
      status.nodes.map(({ cordoned, owes, rollout }) => [cordoned, owes.length, rollout?.state ?? null]),
      [
        [true, 0, "begun"],
        [true, 0, "failed"],
        [false, 0, null],
      ],
    );
    assert.deepEqual(status.nodes[0]?.rollout?.what, ["driver"]);
    assert.deepEqual(nodesInWords(status), [
      "n1: rollout begun 2026-03-01T10:00:00Z: ./zones rollout z goes on",
      "n2: rollout failed, cordoned: ./zones rollout z tries again",
    ]);
    const text = stripVTControlCharacters(statusText(status));
    assert.match(text, /n1 +t4 +Ready, cordoned /);
    assert.match(text, /\nn2: rollout failed, cordoned: /);
  });

  it("is ready with a dark node and one that lacks its device plugin, and names both", () => {
    const plugin = planned("device-plugin", {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "nvidia-device-plugin-daemonset", namespace: "gpu-operator" },
      spec: { template: { metadata: { labels: { app: "nvidia-device-plugin-daemonset" } } } },
    });
    const lacking = node("n2", true, "0");
    Object.assign(lacking.metadata!.labels!, {
      "feature.node.kubernetes.io/pci-10de.present": "true",
      "nvidia.com/gpu.deploy.device-plugin": "true",
    });
    const status = zoneStatus(
      { ...PLAN, objects: [...PLAN.objects, plugin] },
      live([node("n1", false, "0"), lacking], [pod("a", "n3"), pod("b", "n3")]),
    );
    assert.equal(status.ready, true);
    assert.deepEqual(
      status.nodes.map(({ step }) => step),
      [null, "device plugin: no pod on the node yet"],
    );
    assert.deepEqual(nodesInWords(status), [
      "n1 NotReady",
      "n2 waits for device plugin: no pod on the node yet",
    ]);
    assert.deepEqual(waitingFor(status), []);
    assert.match(
      stripVTControlCharacters(statusText(status)),
      /\nn2 waits for device plugin: no pod on the node yet/,
    );
  });

  it("wants as many pods as a Deployment that somebody scaled up wants now", () => {
    const scaled: V1Deployment = {
      metadata: { name: "pd", namespace: "pd" },
      spec: { replicas: 3, selector: {}, template: {} },
    };
    const status = zoneStatus(
      PLAN,
      live([node("n1", true, "2"), node("n2", true, "1")], [pod("a", "n1"), pod("b", "n1")], [scaled]),
    );
    assert.equal(status.apps[0]?.wanted, 3);
  });

  describe("while a new revision rolls out", () => {
    const REVISION = "deployment.kubernetes.io/revision";
    const deployment = (observedGeneration: number): V1Deployment => ({
      metadata: { name: "pd", namespace: "pd", uid: "d", generation: 2, annotations: { [REVISION]: "2" } },
      spec: { replicas: 2, selector: {}, template: {} },
      status: { observedGeneration },
    });
    const set = (name: string, revision: string): V1ReplicaSet => ({
      metadata: {
        name,
        namespace: "pd",
        annotations: { [REVISION]: revision },
        ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "pd", uid: "d" }],
      },
    });
    const of = (owner: string, name: string): V1Pod => {
      const plain = pod(name, "n1");
      const ownerReferences = [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: owner }];
      return Object.assign({}, plain, { metadata: Object.assign({}, plain.metadata, { ownerReferences }) });
    };
    const status = (pods: V1Pod[], observedGeneration = 2) =>
      zoneStatus(PLAN, {
        ...live([node("n1", true, "4"), node("n2", true, "1")], pods, [deployment(observedGeneration)]),
        replicaSets: [set("old", "1"), set("new", "2")],
      });

    it("counts its pods alone", () => {
      const half = status([of("old", "a"), of("old", "b"), of("new", "c")]);
      assert.equal(half.apps[0]?.running, 1);
      assert.equal(half.ready, false);
      assert.equal(status([of("new", "c"), of("new", "d")]).ready, true);
    });

    it("counts none before the controller has seen it", () => {
      assert.equal(status([of("new", "c"), of("new", "d")], 1).ready, false);
    });
  });

  describe("that is waited for", () => {
    let scripted: ScriptedKubectl[] = [];

    afterEach(async () => {
      await Promise.all(scripted.map(async (each) => each.remove()));
    });

    const said = (pods: V1Pod[]): Said => {
      const nodes = [node("n1", true, "2"), node("n2", true, "1")];
      const items = [
        ...nodes.map((each) => Object.assign({ kind: "Node" }, each)),
        ...pods.map((each) => Object.assign({ kind: "Pod" }, each)),
      ];
      return { stdout: JSON.stringify({ items }) };
    };
    const WAITING = said([pod("a", undefined)]);
    const RUNNING = said([pod("a", "n1"), pod("b", "n1")]);
    const REFUSED: Said = { stderr: "The connection to the server 127.0.0.1:1 was refused\n", code: 1 };
    const UNAUTHORIZED: Said = {
      stderr: "error: You must be logged in to the server (Unauthorized)\n",
      code: 1,
    };
    const lines: string[] = [];

    /** The cluster says one answer after the other as it is told what is waited for; the last one stays. */
    const waited = async (answers: Said[], limit = 60): Promise<ReturnType<typeof zoneStatus>> => {
      lines.length = 0;
      scripted = await Promise.all(answers.map(async () => ScriptedKubectl.create()));
      await Promise.all(scripted.map(async (each, turn) => each.answers([["*' get '*", answers[turn]!]])));
      let turn = 0;
      const cluster = {
        context: "zone-1-dev",
        get path() {
          return scripted[Math.min(turn, scripted.length - 1)]!.cluster.path;
        },
      };
      return awaitStatus(cluster, PLAN, limit, (line) => {
        lines.push(line);
        turn += 1;
      });
    };

    it("goes on where the cluster is silent for a while, or its answer is cut off", async () => {
      const { ready } = await waited([WAITING, REFUSED, { stdout: '{"items": [' }, RUNNING]);
      assert.equal(ready, true);
      assert.equal(lines.length, 3, lines.join("\n"));
      assert.match(lines[1] ?? "", /^z: waiting for the cluster of context zone-1-dev \(connection refused/);
      assert.match(lines[2] ?? "", /\(an answer that is cut off\)$/);
    });

    it("ends where the cluster does not answer at first", async () => {
      await assert.rejects(
        waited([REFUSED, RUNNING]),
        /^UserError: z: wanted the cluster .*connection refused/,
      );
    });

    it("ends where the cluster does not accept who asks any more", async () => {
      await assert.rejects(
        waited([WAITING, UNAUTHORIZED, RUNNING]),
        /got credentials that .*waited for pd 0\/2/,
      );
    });

    it("ends when the time is over and the cluster is still silent", async () => {
      await assert.rejects(waited([WAITING, REFUSED], 1), /got connection refused .*waited for pd 0\/2/);
    });
  });

  it("reads time limits with their unit and refuses them without", () => {
    assert.deepEqual(["90s", "30m", "1h"].map(seconds), [90, 1800, 3600]);
    assert.throws(() => seconds("30"), { message: "wanted a time such as 90s, 30m or 1h, got 30" });
  });
});
