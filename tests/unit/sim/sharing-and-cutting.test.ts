import assert from "node:assert/strict";
import type { KubernetesObject } from "../../../plan/object.ts";
import { config, DEPLOY_LABELS, fullStack, migManager, mpsDaemon, plugin } from "./full-stack.ts";
import { A100, bareNode, labelsOf, sharedBy } from "./gpu-node.ts";
import { TestCluster } from "./test-cluster.ts";

const PLUGIN = "nvidia-device-plugin-daemonset";
const LAYOUTS = `version: v1
mig-configs:
  halves-1:
    - {devices: all, mig-enabled: true, mig-devices: {3g.20gb: 2}}
  mixed-1:
    - {devices: [0], mig-enabled: true, mig-devices: {1g.5gb: 2, 2g.10gb: 1}}
    - {devices: [1], mig-enabled: false}
  crowded-1:
    - {devices: all, mig-enabled: true, mig-devices: {3g.20gb: 2, 1g.5gb: 2}}
  unknown-1:
    - {devices: all, mig-enabled: true, mig-devices: {1g.10gb+me: 1}}
  careless-1:
    - {devices: all, mig-enabled: true}
`;

function cluster(
  objects: readonly KubernetesObject[],
  labels: Record<string, string>,
  count = 2,
): TestCluster {
  const node = bareNode({ ...A100, count });
  const all = { ...node.labels, ...DEPLOY_LABELS, "nvidia.com/gpu.deploy.mig-manager": "true", ...labels };
  return new TestCluster([{ ...node, labels: all }], objects);
}

const state = (zone: TestCluster) => zone.node.labels["nvidia.com/mig.config.state"];
const gpus = (zone: TestCluster) =>
  Object.fromEntries(Object.entries(zone.node.resources).filter(([, quantity]) => quantity !== "0"));

describe("the boards of a node with a MIG manager", () => {
  const cut = (layout: string, more: KubernetesObject[] = [...fullStack(), ...migManager(LAYOUTS)]) =>
    cluster(more, { "nvidia.com/mig.config": layout }).settle();

  it("are cut as its own map says, after plugin and feature discovery were out of the way", () => {
    const zone = cluster([...fullStack(), ...migManager(LAYOUTS)], {}).settle();
    const before = zone.podOf(PLUGIN)!.uid;
    zone.label({ "nvidia.com/mig.config": "halves-1" });
    zone.settle();
    assert.equal(state(zone), "success");
    assert.deepEqual(gpus(zone), { "nvidia.com/mig-3g.20gb": "4" });
    assert.notEqual(zone.podOf(PLUGIN)!.uid, before);
    assert.deepEqual(
      Object.values(zone.node.labels).filter((value) => value.includes("paused")),
      [],
    );
    assert.equal(zone.podOf("nvidia-operator-validator")?.progress.phase, "Running");
  });

  it("are cut each in its own way", () => {
    const zone = cut("mixed-1");
    assert.deepEqual(gpus(zone), {
      "nvidia.com/gpu": "1",
      "nvidia.com/mig-1g.5gb": "2",
      "nvidia.com/mig-2g.10gb": "1",
    });
    assert.equal(zone.node.labels["nvidia.com/gpu.count"], "1");
    assert.equal(zone.node.labels["nvidia.com/mig-2g.10gb.count"], "1");
  });

  it("are cut by a standard name where it makes its own map", () => {
    const zone = cut("all-balanced", [...fullStack(), ...migManager()]);
    assert.equal(gpus(zone)["nvidia.com/mig-3g.20gb"], "2");
    assert.equal(state(cut("halves-1", [...fullStack(), ...migManager()])), "failed");
  });

  for (const [layout, why] of [
    ["all-1g.5gb", /mig-configs has no all-1g.5gb \(it has halves-1, mixed-1/],
    ["crowded-1", /no room for/],
    ["unknown-1", /has no profile 1g.10gb\+me/],
    ["careless-1", /mig-devices is missing/],
  ] as const) {
    it(`stay whole and the state is failed under ${layout}`, () => {
      const zone = cut(layout);
      assert.equal(state(zone), "failed");
      assert.deepEqual(gpus(zone), { "nvidia.com/gpu": "2" });
      assert.match([...zone.complaints].join("\n"), why);
    });
  }

  it("stay as they are when the map's content changes under the layout's name", () => {
    const zone = cut("halves-1");
    zone.apply([config("mig-layouts", { "config.yaml": LAYOUTS.replace("{3g.20gb: 2}", "{1g.5gb: 7}") })]);
    zone.settle();
    assert.deepEqual(gpus(zone), { "nvidia.com/mig-3g.20gb": "4" });
  });

  it("are not cut while a pod has one of them, and all that was paused goes on", () => {
    const zone = cluster([...fullStack(), ...migManager(LAYOUTS)], {}).settle();
    zone.add({}, { containers: [{ name: "app", resources: { limits: { "nvidia.com/gpu": "1" } } }] });
    zone.label({ "nvidia.com/mig.config": "halves-1" });
    zone.settle();
    assert.equal(state(zone), "failed");
    assert.deepEqual(gpus(zone), { "nvidia.com/gpu": "2" });
  });

  it("are not cut when the plugin's pods have another app label: nobody waits for them", () => {
    const objects = [...fullStack(["plugin"]), plugin("our-plugin"), ...migManager(LAYOUTS)];
    const configs = fullStack().filter(({ kind }) => kind === "ConfigMap");
    const zone = cluster([...objects, ...configs], {}).settle();
    zone.label({ "nvidia.com/mig.config": "halves-1" });
    zone.settle();
    assert.equal(state(zone), "failed");
    assert.match([...zone.complaints].join("\n"), /in use by gpu-operator\/nvidia-device-plugin/);
  });

  it("are left alone where the MIG manager's pod does not run", () => {
    const zone = cluster([...fullStack(), ...migManager(LAYOUTS)], {
      "nvidia.com/mig.config": "halves-1",
      "nvidia.com/gpu.deploy.mig-manager": "",
    }).settle();
    assert.equal(state(zone), undefined);
    assert.deepEqual(gpus(zone), { "nvidia.com/gpu": "2" });
  });
});

describe("a GPU that is shared by MPS", () => {
  const shares = (replicas: number) => sharedBy(replicas).replace("timeSlicing", "mps");
  const zoneOf = (daemon: KubernetesObject[]) => {
    const zone = cluster([...fullStack(), ...daemon], {}, 1);
    zone.apply([config("plugin-configs", { default: shares(4), "two-1": shares(2) })]);
    return zone.settle();
  };

  it("is offered once the control daemon is ready, for which GPU Feature Discovery makes the node known", () => {
    const zone = zoneOf([mpsDaemon()]);
    assert.deepEqual(gpus(zone), { "nvidia.com/gpu": "4" });
    assert.equal(zone.node.labels["nvidia.com/mps.capable"], "true");
    assert.deepEqual(labelsOf(zone.node, "gpu.sharing-strategy"), { "gpu.sharing-strategy": "mps" });
  });

  it("is not offered without the daemon", () => {
    const zone = zoneOf([]);
    assert.deepEqual(gpus(zone), {});
    assert.match([...zone.complaints].join("\n"), /device plugin: waits for the MPS control daemon/);
  });

  it("follows the node's label; the daemon only where it is called as its config manager looks for it", () => {
    const zone = zoneOf([mpsDaemon()]);
    zone.label({ "nvidia.com/device-plugin.config": "two-1" });
    assert.deepEqual(gpus(zone.settle()), { "nvidia.com/gpu": "2" });
    assert.doesNotMatch([...zone.complaints].join("\n"), /no process/);
    const wrong = zoneOf([mpsDaemon("mps-control-daemon")]);
    wrong.label({ "nvidia.com/device-plugin.config": "two-1" });
    wrong.settle();
    assert.match(
      [...wrong.complaints].join("\n"),
      /config manager: no process mps-control-daemon is told of two-1/,
    );
  });
});
