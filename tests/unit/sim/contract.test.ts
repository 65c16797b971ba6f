import assert from "node:assert/strict";
import type { V1DaemonSet } from "@kubernetes/client-node";
import type { KubernetesObject } from "../../../plan/object.ts";
import { readHost } from "../../../sim/annotations.ts";
import { config, DEPLOY_LABELS, driver, driverWait, fullStack, plugin, validator } from "./full-stack.ts";
import { A100, bareNode, sharedBy } from "./gpu-node.ts";
import { TestCluster } from "./test-cluster.ts";

const DRIVER = "nvidia-driver-595.91.07-ubuntu22.04";
const TOOLKIT = "nvidia-container-toolkit-daemonset";
const VALIDATOR = "nvidia-operator-validator";
const PLUGIN = "nvidia-device-plugin-daemonset";

function cluster(objects: readonly KubernetesObject[], labels: Record<string, string> = {}): TestCluster {
  const node = bareNode(A100);
  return new TestCluster([{ ...node, labels: { ...node.labels, ...DEPLOY_LABELS, ...labels } }], objects);
}

const files = (zone: TestCluster) =>
  Object.keys(readHost(zone.node.annotations)?.files ?? {})
    .filter((file) => file.startsWith("/run/nvidia/validations/") && !file.endsWith("/"))
    .map((file) => file.slice("/run/nvidia/validations/".length))
    .toSorted();
const container = (zone: TestCluster, daemonSet: string, name: string) =>
  zone.podOf(daemonSet)?.progress.containers[name]?.is;
const template = (object: KubernetesObject) => (object as unknown as V1DaemonSet).spec!.template;

describe("a node under the whole stack", () => {
  // A native driver's validation does not wait for its startup probe (gpu-stack reference 18).
  it("offers its GPU once every part has done its own, in the order of the contract", () => {
    const zone = cluster(fullStack());
    const seen: string[] = [];
    for (let rounds = 0; rounds < 50 && zone.round(); rounds++)
      for (const file of files(zone)) if (!seen.includes(file)) seen.push(file);
    assert.deepEqual(seen, [
      ".driver-daemons-status",
      "driver-ready",
      "toolkit-ready",
      ".driver-ctr-ready",
      "cuda-ready",
      "plugin-ready",
    ]);
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
    assert.equal(zone.node.labels["nvidia.com/gpu.product"], A100.product);
    for (const set of [DRIVER, TOOLKIT, VALIDATOR, PLUGIN, "gpu-feature-discovery"])
      assert.equal(zone.podOf(set)?.progress.phase, "Running", set);
  });

  it("is not taken for a host with a driver of its own while the driver's pod is there and its DaemonSet not", () => {
    const zone = cluster(fullStack()).settle();
    const fresh = { phase: "Pending", containers: {} } as const;
    const pods = zone.pods.map((pod) => ({ ...pod, progress: fresh }));
    const alone = zone.look({ daemonSets: new Map(), pods });
    assert.equal(alone.labels["nvidia.com/gpu.deploy.driver"], "true");
  });

  it("waits for the driver's startup probe only where an init container of its own does", () => {
    const waiting = cluster(fullStack());
    for (const set of [TOOLKIT, VALIDATOR])
      waiting.daemonSets.get(set)!.spec!.template.spec!.initContainers!.unshift(driverWait());
    for (let rounds = 0; rounds < 50 && waiting.round(); rounds++)
      if (files(waiting).includes("driver-ready")) assert.ok(files(waiting).includes(".driver-ctr-ready"));
    assert.deepEqual(waiting.node.resources, { "nvidia.com/gpu": "1" });
  });

  it("is not waited on where a wait of its own finds a driver of the host's", () => {
    const zone = cluster(fullStack(), { "gpu-zones.dev/driver": "preinstalled" });
    const wait = driverWait();
    wait.args = wait.args!.map((script) =>
      script.replace("do ", "do chroot /host /bin/nvidia-smi && exit 0; "),
    );
    for (const set of [TOOLKIT, VALIDATOR])
      zone.daemonSets.get(set)!.spec!.template.spec!.initContainers!.unshift(wait);
    assert.deepEqual(zone.settle().node.resources, { "nvidia.com/gpu": "1" });
    const without = cluster(fullStack(), { "gpu-zones.dev/driver": "preinstalled" });
    for (const set of [TOOLKIT, VALIDATOR])
      without.daemonSets.get(set)!.spec!.template.spec!.initContainers!.unshift(driverWait());
    assert.deepEqual(without.settle().node.resources, {});
  });

  it("never has its plugin ready without the validator, which alone writes toolkit-ready", () => {
    const zone = cluster(fullStack(["validator"])).settle();
    assert.ok(!files(zone).includes("toolkit-ready"));
    assert.equal(container(zone, PLUGIN, "toolkit-validation"), "running");
    assert.deepEqual(zone.node.resources, {});
  });

  it("has no pod of an operand whose deploy label it lacks", () => {
    const { "nvidia.com/gpu.deploy.container-toolkit": _absent, ...labels } = DEPLOY_LABELS;
    const node = bareNode(A100);
    const zone = new TestCluster([{ ...node, labels: { ...node.labels, ...labels } }], fullStack()).settle();
    assert.equal(zone.podOf(TOOLKIT), undefined);
    assert.match([...zone.complaints].join("\n"), /no runtime for "nvidia" is configured/);
    assert.match(zone.podOf(PLUGIN)?.progress.containers["nvidia-device-plugin"]?.is ?? "", /waiting/);
    assert.deepEqual(zone.node.resources, {});
  });

  it("gets no workload pods of a validator whose DaemonSet has another name", () => {
    const zone = cluster([...fullStack(["validator"]), validator("our-validator")]).settle();
    assert.ok(files(zone).includes("toolkit-ready"));
    assert.ok(!files(zone).includes("cuda-ready"));
    assert.ok(!zone.pods.some(({ app }) => app === "nvidia-cuda-validator"));
    assert.deepEqual(zone.podOf("our-validator")?.progress.containers["cuda-validation"], {
      is: "failed",
      restarts: 1,
      why: 'daemonsets.apps "nvidia-operator-validator" not found',
    });
  });

  it("goes on as it was when the content of a config changes under its old name", () => {
    const zone = cluster(fullStack()).settle();
    zone.apply([config("plugin-configs", { default: sharedBy(4) })]);
    zone.settle();
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
    zone.label({ "nvidia.com/device-plugin.config": "shared-1" });
    zone.apply([config("plugin-configs", { default: sharedBy(4), "shared-1": sharedBy(2) })]);
    zone.settle();
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "2" });
  });

  const bent: [string, (objects: KubernetesObject[]) => void, string, string, RegExp][] = [
    [
      "the validator's containers run as the image's own user",
      (objects) => {
        for (const each of template(named(objects, VALIDATOR)).spec!.initContainers!)
          each.securityContext = { privileged: true };
      },
      VALIDATOR,
      "driver-validation",
      /permission denied/,
    ],
    [
      "the plugin's pod has no RuntimeClass",
      (objects) => {
        delete template(named(objects, PLUGIN)).spec!.runtimeClassName;
      },
      PLUGIN,
      "nvidia-device-plugin",
      /Incompatible strategy detected auto/,
    ],
    [
      "the toolkit is for another container runtime",
      (objects) => {
        template(named(objects, TOOLKIT)).spec!.containers[0]!.env = [{ name: "RUNTIME", value: "crio" }];
      },
      TOOLKIT,
      "nvidia-container-toolkit-ctr",
      /RUNTIME is crio, the node runs containerd/,
    ],
    [
      "the driver's image is for another operating system",
      (objects) => {
        template(named(objects, DRIVER)).spec!.containers[0]!.image =
          "nvcr.io/nvidia/driver:595.91.07-ubuntu24.04";
      },
      DRIVER,
      "nvidia-driver-ctr",
      /the image is for ubuntu24.04, the node runs ubuntu22.04/,
    ],
    [
      "the driver's modules are precompiled for another kernel",
      (objects) => {
        const image = "nvcr.io/nvidia/driver:535-5.15.0-117-generic-ubuntu22.04";
        template(named(objects, DRIVER)).spec!.containers[0]!.image = image;
      },
      DRIVER,
      "nvidia-driver-ctr",
      /no modules for kernel 5.15.0-118-generic/,
    ],
  ];
  for (const [reason, bend, set, name, why] of bent) {
    it(`offers nothing when ${reason}`, () => {
      const objects = fullStack();
      bend(objects);
      const nfd = "feature.node.kubernetes.io/";
      const zone = cluster(objects, {
        [`${nfd}system-os_release.ID`]: "ubuntu",
        [`${nfd}system-os_release.VERSION_ID`]: "22.04",
        [`${nfd}kernel-version.full`]: "5.15.0-118-generic",
      }).settle();
      assert.deepEqual(zone.node.resources, {});
      const progress = zone.podOf(set)?.progress.containers[name];
      assert.equal(progress?.is, "failed");
      assert.match(progress.why, why);
    });
  }

  it("keeps status files to itself that a container writes without the host's directory", () => {
    const objects = fullStack();
    const validation = template(named(objects, VALIDATOR)).spec!.initContainers![1]!;
    validation.volumeMounts = [];
    const zone = cluster(objects).settle();
    assert.ok(!files(zone).includes("toolkit-ready"));
    assert.equal(container(zone, PLUGIN, "toolkit-validation"), "running");
  });

  it("has no driver that anybody sees when its root is not passed on to the host", () => {
    const objects = fullStack();
    delete template(named(objects, DRIVER)).spec!.containers[0]!.volumeMounts![0]!.mountPropagation;
    const zone = cluster(objects).settle();
    assert.equal(container(zone, TOOLKIT, "driver-validation"), "running");
  });
});

describe("a node whose driver changes", () => {
  const restartDriver = (zone: TestCluster, object: KubernetesObject): TestCluster => {
    zone.apply([object]);
    zone.delete(zone.podOf(DRIVER)!);
    return zone.settle();
  };
  const loaded = (zone: TestCluster) => readHost(zone.node.annotations)?.module?.digest;

  it("gets the new one after its operands have made way, and comes back", () => {
    const zone = cluster(fullStack()).settle();
    const before = zone.podOf(PLUGIN)!.uid;
    restartDriver(zone, driver("2"));
    assert.equal(loaded(zone), "2");
    assert.notEqual(zone.podOf(PLUGIN)!.uid, before);
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
    assert.deepEqual(
      Object.entries(zone.node.labels).filter(([, value]) => value.includes("paused")),
      [],
    );
  });

  it("keeps its GPU pods where the digest is the same: the module stays", () => {
    const zone = cluster(fullStack()).settle();
    const user = zone.add(
      {},
      { containers: [{ name: "app", resources: { limits: { "nvidia.com/gpu": "1" } } }] },
    );
    restartDriver(zone, driver("1"));
    assert.equal(zone.podOf(DRIVER)?.progress.phase, "Running");
    assert.ok(zone.pods.some(({ uid }) => uid === user.uid));
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
  });

  it("has its GPU pods evicted, and can be scheduled to again", () => {
    const zone = cluster(fullStack()).settle();
    const user = zone.add(
      {},
      { containers: [{ name: "app", resources: { limits: { "nvidia.com/gpu": "1" } } }] },
    );
    restartDriver(zone, driver("2"));
    assert.ok(!zone.pods.some(({ uid }) => uid === user.uid));
    assert.equal(zone.node.unschedulable, false);
    assert.equal(loaded(zone), "2");
  });

  it("keeps the old one while a GPU pod holds it that nobody evicts", () => {
    const zone = cluster(fullStack()).settle();
    zone.annotate({ "nvidia.com/gpu-driver-upgrade-enabled": "true" });
    const user = zone.add(
      {},
      { containers: [{ name: "app", resources: { limits: { "nvidia.com/gpu": "1" } } }] },
    );
    restartDriver(zone, driver("2"));
    assert.equal(loaded(zone), "1");
    const progress = zone.podOf(DRIVER)?.progress.containers["k8s-driver-manager"];
    assert.equal(progress?.is, "failed");
    assert.match(progress.why, new RegExp(`module nvidia is in use by default/${user.name}`));
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
  });

  it("keeps the old one when the plugin's pods have another app label: nobody waits for them", () => {
    const zone = cluster([...fullStack(["plugin"]), plugin("our-plugin"), ...pluginConfigs()]).settle();
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
    restartDriver(zone, driver("2"));
    assert.equal(loaded(zone), "1");
    const progress = zone.podOf(DRIVER)?.progress.containers["k8s-driver-manager"];
    assert.match(
      progress?.is === "failed" ? progress.why : "",
      /in use by gpu-operator\/nvidia-device-plugin/,
    );
  });

  it("gets no driver of ours where it is labelled as having its own", () => {
    const zone = cluster(fullStack(), { "gpu-zones.dev/driver": "preinstalled" }).settle();
    assert.equal(zone.node.labels["nvidia.com/gpu.deploy.driver"], "pre-installed");
    assert.equal(zone.podOf(DRIVER), undefined);
    assert.deepEqual(zone.node.resources, { "nvidia.com/gpu": "1" });
  });

  function pluginConfigs(): KubernetesObject[] {
    return fullStack(["driver", "toolkit", "validator", "discovery"]).filter(
      ({ kind }) => kind === "ConfigMap",
    );
  }
});

function named(objects: readonly KubernetesObject[], name: string): KubernetesObject {
  return objects.find(({ kind, metadata }) => kind === "DaemonSet" && metadata.name === name)!;
}
