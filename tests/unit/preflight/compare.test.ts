import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { preflightText } from "../../../fleet/preflight-text.ts";
import type { NodePool, Zone } from "../../../plan/config/zone.ts";
import { compare, type Comparison } from "../../../plan/preflight/compare.ts";
import { isOs, machineOf } from "../../../plan/preflight/machine.ts";
import { zoneOf } from "../sim/zone-builder.ts";
import { t4Node, type NodeInput } from "./nodes.ts";

const SERVER = "1.34.2";
const T4 = { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1", "n2"] };
const LABELS = t4Node("n1").metadata?.labels ?? {};

function pool(input: Partial<NodePool> = {}, gpu = {}): Zone {
  return zoneOf({ t4: { ...T4, ...input } }, gpu);
}

function compared(
  zone: Zone,
  nodes: Record<string, NodeInput>,
  server: string | undefined = SERVER,
): Comparison {
  const machines = Object.entries(nodes).map(([name, input]) => machineOf(t4Node(name, input)));
  return compare(zone, machines, server);
}

function told(...args: Parameters<typeof compared>): string[] {
  return compared(...args).problems.map(
    ({ severity, code, path, message }) => `${severity} ${code} ${path}: ${message}`,
  );
}

describe("the nodes of a zone, compared with its pools", () => {
  it("are right when they are what the pool says", () => {
    const zone = pool({ kernel: "5.15.0-118-generic", runtime: "containerd@2.1" });
    assert.deepEqual(told(zone, { n1: {}, n2: {} }), []);
  });

  it("are not wrong in what they do not say yet, or the pool does not say at all", () => {
    assert.deepEqual(
      told(zoneOf({ t4: { product: "Tesla-T4", nodes: ["n1"] } }), { n1: { labels: {} } }),
      [],
    );
  });

  it("are judged as one where several are wrong in the same way, and each alone where they are not", () => {
    const other = { labels: { ...LABELS, "nvidia.com/gpu.product": "NVIDIA-L4" } };
    const third = { labels: { ...LABELS, "nvidia.com/gpu.product": "NVIDIA-L40" } };
    assert.deepEqual(told(pool({ nodes: ["n1", "n2", "n3"] }), { n2: other, n1: other, n3: third }), [
      "error GZ403 nodePools.t4.product: wanted product Tesla-T4 of pool t4, got NVIDIA-L4 on n1, n2: apps would wait for boards that are not there",
      "error GZ403 nodePools.t4.product: wanted product Tesla-T4 of pool t4, got NVIDIA-L40 on n3: apps would wait for boards that are not there",
    ]);
  });

  for (const suffix of ["-SHARED", "-MIG-1g.5gb", "-MIG-1g.5gb.me-SHARED"]) {
    it(`have the board whose name is followed by ${suffix}`, () => {
      const labels = { ...LABELS, "nvidia.com/gpu.product": `Tesla-T4${suffix}` };
      assert.deepEqual(told(pool(), { n1: { labels } }), []);
    });
  }

  it("have no board where Node Feature Discovery has looked and sees none", () => {
    const labels = { "feature.node.kubernetes.io/cpu-model.vendor_id": "Intel" };
    assert.deepEqual(told(pool(), { n1: { labels } }), [
      "error GZ403 nodePools.t4.product: wanted product Tesla-T4 of pool t4, got none on n1: Node Feature Discovery sees no device of NVIDIA's there",
    ]);
  });

  it("have as many boards as the pool says; a cut board's devices are not counted", () => {
    const labels = (count: string, product = "Tesla-T4") => ({
      labels: { ...LABELS, "nvidia.com/gpu.count": count, "nvidia.com/gpu.product": product },
    });
    const zone = pool({ gpusPerNode: 4 });
    assert.deepEqual(told(zone, { n1: labels("4"), n2: labels("28", "Tesla-T4-MIG-1g.5gb") }), []);
    assert.deepEqual(told(zone, { n1: labels("3"), n2: labels("8") }), [
      "error GZ403 nodePools.t4.gpusPerNode: wanted gpusPerNode 4 of pool t4, got 3 on n1: a board is dead or not seated, and apps are planned for it",
      "error GZ403 nodePools.t4.gpusPerNode: wanted gpusPerNode 4 of pool t4, got 8 on n2: no app is planned for the others",
    ]);
  });

  it("run one of the declared systems: an error where a driver's image hangs on it, else a warning", () => {
    const jammy = { n1: {} };
    const wrong =
      "GZ403 nodePools.t4.os: wanted os ubuntu24.04 of pool t4, got ubuntu22.04 on n1: the driver's image is chosen by it";
    assert.deepEqual(told(pool({ os: ["ubuntu24.04", "ubuntu22.04"] }), jammy), []);
    assert.deepEqual(told(pool({ os: "ubuntu24.04" }), jammy), [`error ${wrong}`]);
    assert.deepEqual(told(pool({ os: "ubuntu24.04" }, { managed: false }), jammy), [`warning ${wrong}`]);
    const preinstalled = pool({ os: "ubuntu24.04", driver: { mode: "preinstalled" } });
    assert.deepEqual(told(preinstalled, jammy), [`warning ${wrong}`]);
  });

  it("run the declared kernel: an error where the driver was built for it", () => {
    const kernel = { kernel: "5.15.0-119-generic" };
    const wrong =
      "GZ403 nodePools.t4.kernel: wanted kernel 5.15.0-118-generic of pool t4, got 5.15.0-119-generic on n1";
    assert.deepEqual(told(pool({ kernel: "5.15.0-118-generic" }), { n1: kernel }), [`warning ${wrong}`]);
    const precompiled = { kernel: "5.15.0-118-generic", driver: { mode: "precompiled" as const } };
    assert.deepEqual(told(pool(precompiled), { n1: kernel }), [`error ${wrong}: there is no driver for it`]);
  });

  const runtimes: [declared: string | undefined, real: string, verdict: string | undefined][] = [
    ["containerd@2.1", "containerd://2.1.4", undefined],
    ["containerd@2.1.4", "containerd://2.1.4", undefined],
    ["containerd@2.1", "containerd://2.1.4-k3s2", undefined],
    ["crio@1.34", "cri-o://1.34.0", undefined],
    [undefined, "containerd://2.2.0", undefined],
    [undefined, "containerd://3.0.0", undefined],
    [undefined, "containerd://1.7.2", "error GZ403"],
    [undefined, "cri-o://1.34.0", "error GZ403"],
    [undefined, "docker://27.0.1", "error GZ403"],
    ["containerd@2.1", "containerd://3.0.0", "warning GZ403"],
    ["containerd@2.1", "containerd://2.2.0", "warning GZ403"],
    ["containerd@2.1", "containerd://2.10.0", "warning GZ403"],
    ["containerd@1.7", "containerd://2.1.4", "error GZ403"],
    ["containerd@2.1", "cri-o://1.34.0", "error GZ403"],
    [undefined, "containerd://1.6.28", "error GZ404"],
    ["containerd@1.6", "containerd://1.6.28", "error GZ404"],
  ];
  for (const [declared, runtime, verdict] of runtimes) {
    it(`with ${runtime} are ${verdict ?? "right"} where ${declared ?? "nothing"} is declared`, () => {
      const zone = declared === undefined ? pool() : pool({ runtime: declared });
      const found = compared(zone, { n1: { runtime } }).problems;
      assert.deepEqual(
        found.map(({ severity, code }) => `${severity} ${code}`),
        verdict === undefined ? [] : [verdict],
      );
    });
  }

  it("run what the container toolkit takes a pool for that names no runtime, where the toolkit is the zone's", () => {
    const crio = { n1: { runtime: "cri-o://1.34.0" } };
    assert.deepEqual(told(pool(), crio), [
      "error GZ403 nodePools.t4.runtime: wanted containerd 2.0 or newer, as of a pool that names no runtime, got crio@1.34.0 on n1: the container toolkit would write its configuration in the wrong way",
    ]);
    assert.equal(
      compared(pool(), crio).problems[0]?.fix,
      "write runtime: crio@1.34, or give the node a pool of its own",
    );
    assert.deepEqual(told(pool({}, { managed: false }), crio), []);
    assert.deepEqual(told(pool({}, { toolkit: { enabled: false } }), crio), []);
  });

  it("may run a containerd without the Container Device Interface where the zone does without it", () => {
    const old = { n1: { runtime: "containerd://1.6.28" } };
    const { problems } = compared(pool({ runtime: "containerd@1.6" }), old);
    assert.match(problems[0]?.fix ?? "", /upgrade containerd .*cdi: \{ enabled: false \}/);
    assert.deepEqual(told(pool({ runtime: "containerd@1.6" }, { cdi: { enabled: false } }), old), []);
    // The toolkit still has to know which runtime it is.
    assert.match(told(pool({}, { cdi: { enabled: false } }), old)[0] ?? "", /^error GZ403 .*runtime: /);
  });

  const kubelets: [kubelet: string, wrong: boolean][] = [
    ["v1.34.0", false],
    ["v1.31.9+k3s1", false],
    ["v1.30.0", true],
    ["v1.35.0", true],
  ];
  for (const [kubelet, wrong] of kubelets) {
    it(`with kubelet ${kubelet} are ${wrong ? "told of" : "right"} under an API server ${SERVER}`, () => {
      const problems = told(pool(), { n1: { kubelet } });
      assert.equal(problems.length, wrong ? 1 : 0);
      if (wrong) assert.match(problems[0] ?? "", /^warning GZ404 .*: Kubernetes does not support that$/);
      assert.deepEqual(compare(pool(), [machineOf(t4Node("n1", { kubelet }))], undefined).problems, []);
    });
  }

  it("are counted where a selector chooses them, and fewer are no contradiction", () => {
    const zone = zoneOf({ t4: { product: "Tesla-T4", selector: { "nvidia.com/gpu.count": "1" }, count: 2 } });
    assert.deepEqual(told(zone, { n1: {}, n2: {} }), []);
    assert.match(told(zone, { n1: {} })[0] ?? "", /^warning GZ309 .*wanted 2 nodes of pool t4, got 1/);
    assert.match(told(zone, { n1: {}, n2: {}, n3: {} })[0] ?? "", /^warning GZ403 .*got 3/);
  });

  it("stand in a table with what is wrong beside what was wanted", () => {
    const zone = pool({ os: "ubuntu24.04", nodes: ["n1", "n2", "n3"] });
    const text = stripVTControlCharacters(
      preflightText(compared(zone, { n1: {}, n2: { ready: false, labels: {} } })),
    );
    assert.deepEqual(
      text.split("\n").map((line) => line.split(/ {2,}/)),
      [
        ["POOL", "NODE", "STATE", "BOARD", "GPUS", "OS", "KERNEL", "RUNTIME", "KUBELET"],
        [
          ...["t4", "n1", "Ready", "Tesla-T4", "1", "ubuntu22.04 (wanted ubuntu24.04)"],
          ...["5.15.0-118-generic", "containerd@2.1.4", "1.34.2"],
        ],
        [
          ...["t4", "n2", "NotReady", "-", "-", "ubuntu22.04 (wanted ubuntu24.04)"],
          ...["5.15.0-118-generic", "containerd@2.1.4", "1.34.2"],
        ],
        ["t4", "n3", "absent", "-", "-", "-", "-", "-", "-"],
      ],
    );
  });
});

describe("the operating system of a node", () => {
  const images: [osImage: string, os: string | undefined][] = [
    ["Ubuntu 24.04.1 LTS", "ubuntu24.04"],
    ["Red Hat Enterprise Linux 9.4 (Plow)", "rhel9.4"],
    ["Rocky Linux 9.5 (Blue Onyx)", "rocky9.5"],
    ["Debian GNU/Linux 12 (bookworm)", "debian12"],
    ["Talos (v1.9.0)", "Talos (v1.9.0)"],
    ["", undefined],
  ];
  for (const [osImage, os] of images) {
    it(`is ${os ?? "not known"} by its image "${osImage}" where nobody labels it`, () => {
      assert.equal(machineOf(t4Node("n1", { labels: {}, osImage })).os, os);
    });
  }

  it("is a declared one by its major version where images are made for that, and in full elsewhere", () => {
    assert.ok(isOs("rhel9.4", ["rhel9"]));
    assert.ok(!isOs("rhel9.4", ["rhel8", "ubuntu22.04"]));
    assert.ok(!isOs("rhel10.0", ["rhel1"]));
    assert.ok(!isOs("ubuntu22.04", ["ubuntu22"]));
  });
});
