import assert from "node:assert/strict";
import { BOARD, FOREIGN_STACK, readBoard, readForeignStack } from "../../../sim/annotations.ts";
import { nodeNames, nodesDigest, nodesOf } from "../../../sim/node-manifest.ts";
import { zoneOf } from "./zone-builder.ts";

const A100 = { product: "NVIDIA-A100-PCIE-40GB", gpusPerNode: 8, os: "ubuntu22.04", nodes: ["ds-node1"] };
const VERSION = "1.37.2";

function only(zone: Parameters<typeof nodesOf>[0]) {
  const node = nodesOf(zone, VERSION)[0];
  assert.ok(node);
  return node;
}

describe("the nodes of a simulated zone", () => {
  it("are those that the pools name, and one without a GPU", () => {
    const zone = zoneOf({ a100: A100, t4: { product: "Tesla-T4", nodes: ["ds-node2", "ds-node3"] } });
    assert.deepEqual(
      nodesOf(zone, VERSION).map((node) => node.metadata.name),
      ["ds-node1", "ds-node2", "ds-node3", "cpu-1"],
    );
  });

  it("are numbered and carry the selector's labels where a pool is a selector with a count", () => {
    const selector = { "example.com/rack": "7" };
    const nodes = nodesOf(zoneOf({ t4: { product: "Tesla-T4", selector, count: 2 } }), VERSION);
    assert.deepEqual(
      nodes.slice(0, 2).map((node) => [node.metadata.name, node.metadata.labels["example.com/rack"]]),
      [
        ["t4-1", "7"],
        ["t4-2", "7"],
      ],
    );
    assert.deepEqual(nodeNames("t4", { count: 0 }), []);
  });

  it("leave out a declared node that is said not to exist", () => {
    const names = nodesOf(zoneOf({ a100: A100 }), VERSION, ["ds-node1"]).map((node) => node.metadata.name);
    assert.deepEqual(names, ["cpu-1"]);
  });

  it("show the pool's cores, memory, taints and labels as a kubelet would register them", () => {
    const taints = [{ key: "nvidia.com/gpu", effect: "NoSchedule" as const }];
    const node = only(
      zoneOf({ a100: { ...A100, cpu: 64, memory: "512Gi", taints, labels: { rack: "r1" } } }),
    );
    assert.deepEqual(node.status.capacity, { cpu: "64", memory: "512Gi", pods: "110" });
    assert.deepEqual(node.status.allocatable, node.status.capacity);
    assert.deepEqual(node.spec.taints, taints);
    assert.equal(node.metadata.labels["rack"], "r1");
    assert.equal(node.metadata.labels["kubernetes.io/hostname"], "ds-node1");
    assert.equal(node.status.nodeInfo["kubeletVersion"], "v1.37.2");
  });

  it("take 32 cores and 128Gi where the pool does not say", () => {
    assert.deepEqual(only(zoneOf({ a100: A100 })).status.capacity, {
      cpu: "32",
      memory: "128Gi",
      pods: "110",
    });
  });

  it("carry the labels of Node Feature Discovery, the kernel only where it is declared", () => {
    const nfd = "feature.node.kubernetes.io";
    const { labels } = only(zoneOf({ a100: A100 })).metadata;
    assert.equal(labels[`${nfd}/pci-10de.present`], "true");
    assert.equal(labels[`${nfd}/system-os_release.ID`], "ubuntu");
    assert.equal(labels[`${nfd}/system-os_release.VERSION_ID`], "22.04");
    assert.equal(labels[`${nfd}/system-os_release.VERSION_ID.major`], "22");
    assert.equal(labels[`${nfd}/kernel-version.full`], undefined);
    const declared = only(zoneOf({ a100: { ...A100, kernel: "5.15.0-91-generic" } }));
    assert.equal(declared.metadata.labels[`${nfd}/kernel-version.full`], "5.15.0-91-generic");
    assert.equal(declared.status.nodeInfo["kernelVersion"], "5.15.0-91-generic");
  });

  it("report the runtime in a kubelet's spelling", () => {
    const runtimeOf = (runtime: string) =>
      only(zoneOf({ a100: { ...A100, runtime } })).status.nodeInfo["containerRuntimeVersion"];
    assert.equal(runtimeOf("containerd@2.1"), "containerd://2.1.0");
    assert.equal(runtimeOf("containerd@1.7.29"), "containerd://1.7.29");
    assert.equal(runtimeOf("crio@1.34"), "cri-o://1.34.0");
  });

  it("share out the operating systems of a pool whose nodes are being moved", () => {
    const zone = zoneOf({ a100: { ...A100, os: ["ubuntu22.04", "ubuntu24.04"], nodes: ["n1", "n2"] } });
    assert.deepEqual(
      nodesOf(zone, VERSION)
        .slice(0, 2)
        .map((node) => node.status.nodeInfo["osImage"]),
      ["Ubuntu 22.04", "Ubuntu 24.04"],
    );
  });

  it("know the board that they have, and no label or resource of a GPU before its components ran", () => {
    const node = only(zoneOf({ a100: A100 }));
    assert.deepEqual(readBoard(node.metadata.annotations), { product: A100.product, count: 8 });
    assert.deepEqual(
      Object.keys(node.metadata.labels).filter((key) => key.startsWith("nvidia.com/")),
      [],
    );
    assert.equal(node.metadata.annotations[FOREIGN_STACK], undefined);
  });

  it("say how somebody else's GPU stack drives them where the zone does not manage it", () => {
    const pool = { ...A100, mig: "all-1g.5gb", sharing: { timeSlicing: 2 } };
    const node = only(zoneOf({ a100: pool }, { managed: false, mig: { strategy: "mixed" } }));
    assert.deepEqual(readForeignStack(node.metadata.annotations), {
      migStrategy: "mixed",
      migConfig: "all-1g.5gb",
      timeSlicing: 2,
    });
  });

  it("have no board where there is no GPU", () => {
    const cpu = nodesOf(zoneOf({}), VERSION)[0];
    assert.equal(cpu?.metadata.name, "cpu-1");
    assert.equal(cpu.metadata.annotations[BOARD], undefined);
    assert.deepEqual(cpu.status.capacity, { cpu: "16", memory: "64Gi", pods: "110" });
  });

  it("have a digest that changes with what a node is and with nothing else", () => {
    const digest = (cpu: number) => nodesDigest(nodesOf(zoneOf({ a100: { ...A100, cpu } }), VERSION));
    assert.equal(digest(64), digest(64));
    assert.notEqual(digest(64), digest(32));
  });
});
