import assert from "node:assert/strict";
import { FOREIGN_STACK, type ForeignStack } from "../../../sim/annotations.ts";
import type { Observed } from "../../../sim/gpu-simulator/node-draft.ts";
import { A100, applied, bareNode, labelsOf, rounds, settled, sharedBy, T4 } from "./gpu-node.ts";

const NOTHING: Observed = { configMaps: {}, daemonSets: new Map(), pods: [] };

describe("what a node offers", () => {
  it("is nothing before the device plugin runs on it", () => {
    const observed = applied({ pool: {} });
    const elsewhere = observed.pods.map((pod) => ({ ...pod, node: "n2" }));
    assert.deepEqual(settled(bareNode(T4), { ...observed, pods: elsewhere }).resources, {});
  });

  it("is its whole boards where nobody shares or cuts them", () => {
    const node = settled(bareNode({ ...A100, count: 8 }), applied({ pool: {}, strategy: "mixed" }));
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "8" });
    assert.deepEqual(labelsOf(node, "gpu.count"), { "gpu.count": "8" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "NVIDIA-A100-PCIE-40GB");
    assert.equal(node.labels["nvidia.com/gpu.replicas"], "1");
    assert.equal(node.labels["nvidia.com/mig.capable"], "true");
    assert.equal(node.labels["nvidia.com/mps.capable"], "false");
  });

  it("is the replicas of the config that its label chooses", () => {
    const configs = { default: "version: v1\n", "t4-1": sharedBy(4) };
    const pool = { devicePluginConfig: "t4-1" };
    const node = settled(bareNode(T4), applied({ pool, configs, defaultConfig: "default" }));
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "4" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "Tesla-T4-SHARED");
    assert.equal(node.labels["nvidia.com/gpu.replicas"], "4");
    assert.equal(node.labels["nvidia.com/gpu.sharing-strategy"], "time-slicing");
    assert.equal(node.labels["nvidia.com/mig.strategy"], undefined);
  });

  it("is what the default config says where no label chooses", () => {
    const configs = { default: "version: v1\n", "t4-1": sharedBy(4) };
    const node = settled(bareNode(T4), applied({ pool: {}, configs, defaultConfig: "default" }));
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "1" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "Tesla-T4");
  });

  it("has another name, and the product none of it, where shared resources are renamed", () => {
    const configs = { "t4-1": sharedBy(4, "nvidia.com/gpu", "    renameByDefault: true\n") };
    const node = settled(bareNode(T4), applied({ pool: { devicePluginConfig: "t4-1" }, configs }));
    assert.deepEqual(node.resources, { "nvidia.com/gpu.shared": "4" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "Tesla-T4");
  });

  const broken: [string, Parameters<typeof applied>[0], RegExp][] = [
    [
      "the label names a config that the ConfigMap lacks",
      { pool: { devicePluginConfig: "t4-9" }, configs: { "t4-1": sharedBy(4) } },
      /label nvidia.com\/device-plugin.config names the config t4-9, the ConfigMap has t4-1/,
    ],
    [
      "nothing chooses a config",
      { pool: {}, configs: { "t4-1": sharedBy(4) } },
      /no DEFAULT_CONFIG and no fallback/,
    ],
    [
      "the config has no version",
      { pool: {}, configs: { d: "sharing: {}\n" }, defaultConfig: "d" },
      /the config file is not valid/,
    ],
    [
      "a GPU is to be shared by one",
      { pool: {}, configs: { d: sharedBy(1) }, defaultConfig: "d" },
      /the config file is not valid/,
    ],
    [
      "the config shares by MPS, whose daemon nobody plays",
      { pool: {}, configs: { d: sharedBy(2).replace("timeSlicing", "mps") }, defaultConfig: "d" },
      /MPS control daemon/,
    ],
    ["the strategy is none that there is", { pool: {}, strategy: "mixd" }, /wanted MIG strategy/],
  ];
  for (const [reason, what, complaint] of broken) {
    it(`is nothing when ${reason}`, () => {
      const node = settled(bareNode(T4), applied(what));
      assert.deepEqual(
        Object.values(node.resources).filter((quantity) => quantity !== "0"),
        [],
      );
      assert.match(node.complaints.join(), complaint);
    });
  }

  it("is nothing when the mounted ConfigMap does not exist", () => {
    const observed = applied({ pool: {}, configs: { d: "version: v1\n" }, defaultConfig: "d" });
    const node = settled(bareNode(T4), { ...observed, configMaps: {} });
    assert.deepEqual(node.resources, {});
    assert.match(node.complaints.join(), /ConfigMap plugin-configs-1, which the pod mounts, does not exist/);
  });

  it("is nothing when the plugin does not read the file that the config manager writes", () => {
    const observed = applied({ pool: {}, configs: { d: "version: v1\n" }, defaultConfig: "d" });
    const pods = observed.pods.map((pod) => ({ ...pod, containers: [{ name: "nvidia-device-plugin" }] }));
    const node = settled(bareNode(T4), { ...observed, pods });
    assert.match(node.complaints.join(), /CONFIG_FILE \(unset\)/);
  });

  it("goes to zero, and keeps its name, when the plugin's pod is gone; the labels stay", () => {
    const observed = applied({ pool: {} });
    const running = settled(bareNode(T4), observed);
    const node = settled(running, { ...observed, pods: [] });
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "0" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "Tesla-T4");
  });

  it("loses the labels of GPU Feature Discovery when its DaemonSet is gone", () => {
    const observed = applied({ pool: {} });
    const node = settled(settled(bareNode(T4), observed), { ...observed, pods: [], daemonSets: new Map() });
    assert.deepEqual(labelsOf(node, "gpu.product"), {});
    assert.deepEqual(labelsOf(node, "mig."), {});
    assert.equal(node.labels["nvidia.com/gpu.present"], "true");
  });

  it("does not follow a config whose content changed until the pod is a new one", () => {
    const before = applied({ pool: {}, configs: { d: sharedBy(2) }, defaultConfig: "d" });
    const after = applied({ pool: {}, configs: { d: sharedBy(8) }, defaultConfig: "d" });
    const node = settled(settled(bareNode(T4), before), after);
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "2" });
    const restarted = { ...after, pods: after.pods.map((pod) => ({ ...pod, uid: "pod-2" })) };
    assert.deepEqual(settled(node, restarted).resources, { "nvidia.com/gpu": "8" });
  });
});

describe("a node whose device plugin's entry was renamed, as a changed number of shares does", () => {
  const four = applied({ pool: { devicePluginConfig: "t4-4" }, configs: { "t4-4": sharedBy(4) } });
  const two = applied({ pool: { devicePluginConfig: "t4-2" }, configs: { "t4-2": sharedBy(2) } });
  const running = settled(settled(bareNode(T4), four), two);

  it("goes on with what its running plugin has read, under its old label", () => {
    assert.deepEqual(running.resources, { "nvidia.com/gpu": "4" });
    assert.equal(running.labels["nvidia.com/device-plugin.config"], "t4-4");
    assert.match(running.complaints.join(), /config manager: label .* names the config t4-4/);
  });

  it("offers nothing after the plugin's next restart, which does not find the old entry", () => {
    const restarted = { ...two, pods: two.pods.map((pod) => ({ ...pod, uid: "pod-2" })) };
    const node = settled(running, restarted);
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "0" });
    assert.match(node.complaints.join(), /device plugin: label .* names the config t4-4/);
  });

  it("takes the new entry at once when its label names it", () => {
    const labels = { ...running.labels, "nvidia.com/device-plugin.config": "t4-2" };
    assert.deepEqual(settled({ ...running, labels }, two).resources, { "nvidia.com/gpu": "2" });
  });
});

describe("a node's MIG layout", () => {
  it("is reached by pending; whole boards are offered only until they are known to be MIG capable", () => {
    const observed = applied({ pool: { migConfig: "all-1g.5gb" }, strategy: "mixed" });
    const all = rounds(bareNode(A100), observed);
    const states = all.map((node) => node.labels["nvidia.com/mig.config.state"]);
    assert.deepEqual([...new Set(states)], [undefined, "pending", "success"]);
    // The MIG manager's label waits for what feature discovery tells, and the plugin does not wait for either.
    const whole = all.map((node) => node.resources["nvidia.com/gpu"]);
    assert.deepEqual(whole, ["1", ...whole.slice(1).map(() => "0")]);
    assert.deepEqual(all.at(-1)?.resources, { "nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "7" });
  });

  it("is offered by profile under strategy mixed, with labels of its own", () => {
    const observed = applied({ pool: { migConfig: "all-balanced" }, strategy: "mixed" });
    const node = settled(bareNode({ ...A100, count: 2 }), observed);
    assert.deepEqual(node.resources, {
      "nvidia.com/gpu": "0",
      "nvidia.com/mig-1g.5gb": "4",
      "nvidia.com/mig-2g.10gb": "2",
      "nvidia.com/mig-3g.20gb": "2",
    });
    assert.equal(node.labels["nvidia.com/gpu.product"], "NVIDIA-A100-PCIE-40GB");
    assert.equal(node.labels["nvidia.com/gpu.count"], "2");
    assert.equal(node.labels["nvidia.com/gpu.replicas"], "0");
    assert.equal(node.labels["nvidia.com/mig-3g.20gb.product"], "NVIDIA-A100-PCIE-40GB-MIG-3g.20gb");
    assert.equal(node.labels["nvidia.com/mig-3g.20gb.count"], "2");
    assert.equal(node.labels["nvidia.com/mig-3g.20gb.slices.gi"], "3");
  });

  it("spells a plus sign as a dot in resources and labels", () => {
    const observed = applied({ pool: { migConfig: "all-1g.5gb.me" }, strategy: "mixed" });
    const node = settled(bareNode(A100), observed);
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb.me": "1" });
    assert.equal(node.labels["nvidia.com/mig-1g.5gb.me.product"], "NVIDIA-A100-PCIE-40GB-MIG-1g.5gb.me");
  });

  it("is offered as GPUs, and is part of the product, under strategy single", () => {
    const observed = applied({ pool: { migConfig: "all-1g.5gb" }, strategy: "single" });
    const node = settled(bareNode({ ...A100, count: 2 }), observed);
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "14" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "NVIDIA-A100-PCIE-40GB-MIG-1g.5gb");
    assert.equal(node.labels["nvidia.com/gpu.count"], "14");
    assert.equal(node.labels["nvidia.com/gpu.slices.gi"], "1");
    assert.equal(node.labels["nvidia.com/mig.strategy"], "single");
  });

  for (const layout of ["all-balanced", "all-enabled"]) {
    it(`is invalid under strategy single when it is ${layout}`, () => {
      const node = settled(bareNode(A100), applied({ pool: { migConfig: layout }, strategy: "single" }));
      assert.equal(node.labels["nvidia.com/gpu.product"], "NVIDIA-A100-PCIE-40GB-MIG-INVALID");
      assert.deepEqual(
        ["count", "replicas", "memory"].map((key) => node.labels[`nvidia.com/gpu.${key}`]),
        ["0", "0", "0"],
      );
      assert.deepEqual(node.resources, { "nvidia.com/gpu": "0" });
      assert.match(node.complaints.join(), /strategy single wants MIG devices of one profile/);
    });
  }

  it("is shared when its resource is shared", () => {
    const configs = { c: sharedBy(2, "nvidia.com/mig-1g.5gb") };
    const pool = { migConfig: "all-1g.5gb", devicePluginConfig: "c" };
    const node = settled(bareNode(A100), applied({ pool, configs, strategy: "mixed" }));
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "14" });
    assert.equal(node.labels["nvidia.com/mig-1g.5gb.product"], "NVIDIA-A100-PCIE-40GB-MIG-1g.5gb-SHARED");
  });

  it("that the board does not have fails, says which there are, and the board stays whole", () => {
    const observed = applied({ pool: { migConfig: "all-3g.40gb" }, strategy: "mixed" });
    const node = settled(bareNode(A100), observed);
    assert.equal(node.labels["nvidia.com/mig.config.state"], "failed");
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "1" });
    const complaints = rounds(bareNode(A100), observed).flatMap((each) => each.complaints);
    assert.match(complaints.join(), /NVIDIA-A100-PCIE-40GB has no layout all-3g.40gb \(it has .*all-3g.20gb/);
  });

  it("can be changed by the label, and then the old resource is empty", () => {
    const observed = applied({ pool: { migConfig: "all-1g.5gb" }, strategy: "mixed" });
    const cut = settled(bareNode(A100), observed);
    const labels = { ...cut.labels, "nvidia.com/mig.config": "all-disabled" };
    const node = settled({ ...cut, labels }, observed);
    assert.deepEqual(node.resources, { "nvidia.com/mig-1g.5gb": "0", "nvidia.com/gpu": "1" });
    assert.deepEqual(labelsOf(node, "mig-"), {});
  });

  it("does not change while a pod holds a GPU, and is not tried again when the pod is gone", () => {
    const pool = { migConfig: "all-1g.5gb" };
    const uncut = settled(bareNode(A100), applied({ pool: {}, strategy: "mixed" }));
    const whole = { ...uncut, labels: { ...uncut.labels, "nvidia.com/mig.config": pool.migConfig } };
    const busy = applied({ pool, strategy: "mixed", holders: ["pd-0"] });
    // The labeller gives a node of the pool no first layout: somebody else did.
    const asked = { ...whole, labels: { ...whole.labels, "nvidia.com/mig.config": pool.migConfig } };
    const failed = settled(asked, busy);
    assert.equal(failed.labels["nvidia.com/mig.config.state"], "failed");
    assert.ok(rounds(asked, busy).some((each) => /in use by apps\/pd-0/.test(each.complaints.join())));
    const idle = settled(failed, applied({ pool, strategy: "mixed" }));
    assert.equal(idle.labels["nvidia.com/mig.config.state"], "failed");
  });

  it("does not concern a board that cannot be cut", () => {
    const node = settled(bareNode(T4), applied({ pool: { migConfig: "all-1g.5gb" }, strategy: "mixed" }));
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "1" });
    assert.equal(node.labels["nvidia.com/mig.config.state"], undefined);
    assert.equal(node.labels["nvidia.com/gpu.deploy.mig-manager"], undefined);
  });
});

describe("a node of somebody else's GPU stack", () => {
  const foreign = (board: typeof A100, stack: Partial<ForeignStack>) => {
    const full: ForeignStack = { migStrategy: "single", migConfig: null, timeSlicing: null, ...stack };
    const start = bareNode(board);
    return settled(
      { ...start, annotations: { ...start.annotations, [FOREIGN_STACK]: JSON.stringify(full) } },
      NOTHING,
    );
  };

  it("offers what its own annotation says, although nothing was applied", () => {
    const node = foreign(T4, { timeSlicing: 4 });
    assert.deepEqual(node.resources, { "nvidia.com/gpu": "4" });
    assert.equal(node.labels["nvidia.com/gpu.product"], "Tesla-T4-SHARED");
    assert.equal(node.labels["nvidia.com/gpu.present"], "true");
    assert.deepEqual(labelsOf(node, "gpu.deploy."), {});
  });

  it("is cut as it says", () => {
    const node = foreign(A100, { migStrategy: "mixed", migConfig: "all-1g.5gb" });
    assert.deepEqual(node.resources, { "nvidia.com/mig-1g.5gb": "7" });
    assert.equal(node.labels["nvidia.com/mig.config.state"], "success");
    assert.deepEqual(foreign(A100, { migConfig: { "2g.10gb": 3 } }).resources, { "nvidia.com/gpu": "3" });
    assert.equal(foreign(A100, { migConfig: "all-9g.9gb" }).labels["nvidia.com/mig.config.state"], "failed");
  });
});
