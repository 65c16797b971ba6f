import assert from "node:assert/strict";
import { BOOT, FAILURE, NOT_READY, POWER, readHost } from "../../../sim/annotations.ts";
import { DEPLOY_LABELS, fullStack, migManager } from "./full-stack.ts";
import { A100, bareNode } from "./gpu-node.ts";
import { TestCluster } from "./test-cluster.ts";

const DRIVER = "nvidia-driver-595.91.07-ubuntu22.04";
const PLUGIN = "nvidia-device-plugin-daemonset";
const GPU = { containers: [{ name: "app", resources: { limits: { "nvidia.com/gpu": "1" } } }] };

function cluster(labels: Record<string, string> = {}, objects = fullStack(), failure = ""): TestCluster {
  const node = bareNode({ ...A100, count: 2 });
  const annotations = failure === "" ? node.annotations : { ...node.annotations, [FAILURE]: failure };
  return new TestCluster(
    [{ ...node, annotations, labels: { ...node.labels, ...DEPLOY_LABELS, ...labels } }],
    objects,
  );
}

const gpus = (zone: TestCluster) => zone.node.resources["nvidia.com/gpu"];
const state = (zone: TestCluster) => zone.node.labels["nvidia.com/mig.config.state"];
const failureOf = (zone: TestCluster, set: string, name: string) => {
  const progress = zone.podOf(set)?.progress.containers[name];
  return progress?.is === "failed" ? progress.why : progress?.is;
};

describe("a node on which something goes wrong", () => {
  for (const [failure, why] of [
    ["driver-build", /Could not resolve Linux kernel version/],
    ["wrong-kernel", /for another kernel/],
  ] as const) {
    it(`has no GPU under ${failure}, and has it when that is mended`, () => {
      const zone = cluster({}, fullStack(), failure).settle();
      assert.match(failureOf(zone, DRIVER, "nvidia-driver-ctr") ?? "", why);
      assert.equal(gpus(zone), undefined);
      zone.annotate({ [FAILURE]: "" });
      assert.equal(gpus(zone.settle()), "2");
    });
  }

  it("keeps the driver that is loaded when another build fails only later", () => {
    const zone = cluster().settle();
    zone.annotate({ [FAILURE]: "driver-build" });
    assert.equal(gpus(zone.settle()), "2");
  });

  it("is not Ready when the toolkit breaks its runtime, and stays so until that is mended", () => {
    const zone = cluster({}, fullStack(), "toolkit-breaks-runtime").settle();
    assert.equal(zone.node.ready, false);
    assert.equal(zone.node.annotations[NOT_READY], "container runtime is down");
    zone.delete(zone.podOf("nvidia-container-toolkit-daemonset")!);
    assert.equal(zone.settle().node.ready, false);
    zone.annotate({ [FAILURE]: "" });
    zone.settle();
    assert.equal(zone.node.ready, true);
    assert.equal(zone.node.annotations[NOT_READY], undefined);
    assert.equal(gpus(zone), "2");
  });

  it("offers one GPU less after an XID until the plugin is a new pod, and has it among its capacity all the time", () => {
    const zone = cluster().settle();
    zone.annotate({ [FAILURE]: "xid-79" });
    zone.settle();
    assert.deepEqual([gpus(zone), zone.node.capacity["nvidia.com/gpu"]], ["1", "2"]);
    zone.annotate({ [FAILURE]: "" });
    assert.equal(gpus(zone.settle()), "1");
    zone.delete(zone.podOf(PLUGIN)!);
    assert.equal(gpus(zone.settle()), "2");
  });

  it("offers all its GPUs after an XID that is an application's fault, or that the plugin is told to ignore", () => {
    assert.equal(gpus(cluster({}, fullStack(), "xid-31").settle()), "2");
    const objects = fullStack();
    const zone = cluster({}, objects, "xid-79");
    zone.daemonSets.get(PLUGIN)!.spec!.template.spec!.containers[0]!.env!.push({
      name: "DP_DISABLE_HEALTHCHECKS",
      value: "109, 79",
    });
    assert.equal(gpus(zone.settle()), "2");
  });

  const cutting = (failure: string) => {
    const labels = { "nvidia.com/gpu.deploy.mig-manager": "true", "nvidia.com/mig.config": "all-disabled" };
    const zone = cluster(labels, [...fullStack(), ...migManager()]).settle();
    zone.annotate({ [FAILURE]: failure });
    zone.label({ "nvidia.com/mig.config": "all-1g.5gb" });
    return zone.settle();
  };

  it("keeps its boards whole, and its operands go on, while a client that nobody knows has them", () => {
    const zone = cutting("mig-busy");
    assert.equal(state(zone), "failed");
    assert.equal(gpus(zone), "2");
  });

  it("is wedged in pending when the MIG manager's wait times out; freed, it is cut", () => {
    const zone = cutting("mig-wedged");
    assert.equal(state(zone), "pending");
    assert.equal(zone.node.labels["nvidia.com/gpu.deploy.device-plugin"], "paused-for-mig-change");
    assert.equal(zone.podOf(PLUGIN), undefined);
    zone.annotate({ [FAILURE]: "" });
    assert.equal(state(zone.settle()), "pending");
    zone.label({
      "nvidia.com/gpu.deploy.device-plugin": "true",
      "nvidia.com/gpu.deploy.gpu-feature-discovery": "true",
      "nvidia.com/mig.config": "",
    });
    assert.equal(gpus(zone.settle()), "2");
    zone.label({ "nvidia.com/mig.config": "all-1g.5gb" });
    zone.settle();
    assert.equal(state(zone), "success");
    assert.equal(zone.node.resources["nvidia.com/mig-1g.5gb"], "14");
  });
});

describe("a node that loses its power", () => {
  it("forgets what its operands did, and does it all again: the driver is built, GPU pods are rejected first", () => {
    const zone = cluster().settle();
    const user = zone.add({}, GPU);
    zone.settle();
    zone.annotate({ [POWER]: "off" });
    zone.settle();
    assert.equal(zone.node.ready, false);
    assert.equal(readHost(zone.node.annotations)?.module, null);
    assert.deepEqual(readHost(zone.node.annotations)?.files, {});

    zone.annotate({ [POWER]: "on" });
    zone.round();
    assert.equal(zone.node.ready, true);
    assert.equal(gpus(zone), "0");
    const { progress } = zone.pods.find(({ uid }) => uid === user.uid)!;
    assert.deepEqual([progress.phase, progress.reason], ["Failed", "UnexpectedAdmissionError"]);
    zone.settle();
    assert.equal(gpus(zone), "2");
    const driver = zone.podOf(DRIVER)!;
    assert.equal(driver.progress.containers["nvidia-driver-ctr"]?.restarts, 1);
  });

  it("has no driver again where it cannot be built any more", () => {
    const zone = cluster().settle();
    zone.annotate({ [FAILURE]: "driver-build", [BOOT]: "2" });
    zone.settle();
    assert.equal(gpus(zone), "0");
    assert.match(failureOf(zone, DRIVER, "nvidia-driver-ctr") ?? "", /Could not resolve/);
  });

  for (const installed of [true, false]) {
    it(`has its boards cut again, ${installed ? "by the MIG manager" : "where nothing installs a MIG manager"}`, () => {
      const labels = { "nvidia.com/gpu.deploy.mig-manager": "true", "nvidia.com/mig.config": "all-1g.5gb" };
      const zone = cluster(labels, installed ? [...fullStack(), ...migManager()] : fullStack()).settle();
      const slice = { limits: { "nvidia.com/mig-1g.5gb": "1" } };
      zone.add({}, { containers: [{ name: "app", resources: slice }] });
      zone.settle();
      zone.annotate({ [BOOT]: "2" });
      const states = new Set<string | undefined>();
      for (let rounds = 0; rounds < 50 && zone.round(); rounds++)
        states.add(zone.node.labels["nvidia.com/mig.config.state"]);
      assert.ok(states.has("pending"));
      assert.equal(state(zone), "success");
      assert.equal(zone.node.resources["nvidia.com/mig-1g.5gb"], "14");
    });
  }

  it("starts pods again that have no GPU, and leaves them alone on a machine that is new", () => {
    const zone = cluster().settle();
    const running = zone.add({ name: "web" }, {});
    const web = { ...running, progress: { phase: "Running", containers: {} } as const };
    const progressOf = (look: ReturnType<TestCluster["look"]>) =>
      [...look.progress].find(([pod]) => pod.name === "web")?.[1].phase;
    assert.equal(progressOf(zone.look({ pods: [web] })), undefined);
    zone.annotate({ [BOOT]: "2" });
    assert.equal(progressOf(zone.look({ pods: [web] })), "Pending");
  });
});
