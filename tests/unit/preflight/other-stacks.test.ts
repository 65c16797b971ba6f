import assert from "node:assert/strict";
import type {
  V1Container,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1RuntimeClass,
} from "@kubernetes/client-node";
import { operandObjects } from "../../../components/operands/operands.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { withOwner } from "../../../plan/planned-object.ts";
import {
  lacksRuntimeClass,
  otherFeatureDiscoveries,
  otherStacks,
  stackInWords,
  type StackObjects,
} from "../../../plan/preflight/other-stacks.ts";
import { zoneOf } from "../sim/zone-builder.ts";

const ZONE = "zone-1-dev";
const OURS = { "gpu-zones.dev/zone": ZONE };
const PLUGINS = "/var/lib/kubelet/device-plugins";

function daemonSet(
  name: string,
  container: Partial<V1Container>,
  path = PLUGINS,
  labels: Record<string, string> = {},
): V1DaemonSet {
  return {
    kind: "DaemonSet",
    metadata: { name, namespace: "kube-system", labels },
    spec: {
      selector: {},
      template: {
        spec: {
          containers: [{ name: "main", ...container }],
          volumes: [{ name: "sockets", hostPath: { path } }],
        },
      },
    },
  };
}

const runtimeClass = (name: string, labels: Record<string, string> = {}): V1RuntimeClass => ({
  metadata: { name, labels },
  handler: name,
});

const EMPTY: StackObjects = {
  daemonSets: [],
  deployments: [],
  runtimeClasses: [],
  customResources: {},
  definitions: [],
};
const on = (platform: Zone["cluster"]["platform"], name = ZONE): Pick<Zone, "name" | "cluster"> => ({
  name,
  cluster: { platform, context: name },
});
const found = (live: Partial<StackObjects>, zone = on("kubeadm")): string[] =>
  otherStacks(zone, { ...EMPTY, ...live }).map(stackInWords);

/** Everything of a zone, as its cluster holds it. */
function liveOf(name: string): StackObjects {
  const zone = zoneOf({ t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1"] } });
  const objects = operandObjects(zone).flatMap(({ name: owner, objects: all }) =>
    all.map((object) => withOwner(name, owner, object)),
  );
  const of = <Kind>(kind: string): Kind[] => objects.filter((each) => each.kind === kind) as Kind[];
  return {
    daemonSets: of<V1DaemonSet>("DaemonSet"),
    deployments: of<V1Deployment>("Deployment"),
    runtimeClasses: of<V1RuntimeClass>("RuntimeClass"),
    customResources: {},
    definitions: of<V1CustomResourceDefinition>("CustomResourceDefinition"),
  };
}

describe("who drives the GPUs of a cluster beside the zone", () => {
  it("is nobody in an empty one", () => {
    assert.deepEqual(found({}), []);
  });

  it("is nobody in a cluster that holds everything of the zone itself", () => {
    const live = liveOf(ZONE);
    assert.deepEqual(otherStacks(on("kubeadm"), live), []);
    // The same objects, seen by another zone, are another stack.
    assert.deepEqual(otherStacks(on("kubeadm", "zone-2-dev"), live).map(stackInWords), [
      "DaemonSet gpu-operator/nvidia-device-plugin-daemonset",
      "RuntimeClass nvidia",
    ]);
  });

  it("is whoever has custom resources of NVIDIA's operator", () => {
    assert.deepEqual(
      found({ customResources: { ClusterPolicy: ["cluster-policy"], NVIDIADriver: ["a100", "t4"] } }),
      ["ClusterPolicy cluster-policy", "NVIDIADriver a100", "NVIDIADriver t4"],
    );
  });

  const plugins: [what: string, daemonSet: V1DaemonSet][] = [
    ["NVIDIA's own image", daemonSet("gpus", { image: "nvcr.io/nvidia/k8s-device-plugin:v0.17.0" })],
    ["a provider's image", daemonSet("gpus", { image: "gke.gcr.io/nvidia-gpu-device-plugin@sha256:ab" })],
    [
      "a mirrored image with NVIDIA's variables",
      daemonSet("gpus", {
        image: "mirror.corp/dp:1",
        env: [{ name: "NVIDIA_VISIBLE_DEVICES", value: "all" }],
      }),
    ],
    [
      "a mirrored image with NVIDIA's arguments",
      daemonSet("gpus", { image: "mirror.corp/dp:1", args: ["--nvidia-driver-root=/"] }),
    ],
    [
      "a kubelet with another root directory",
      daemonSet("gpus", { image: "nvidia/k8s-device-plugin" }, "/mnt/kubelet/device-plugins/"),
    ],
    [
      "a DRA driver",
      daemonSet(
        "gpus",
        { image: "registry.k8s.io/dra-driver-nvidia/dra-driver-nvidia-gpu:v0.5.0" },
        "/var/lib/kubelet/plugins_registry",
      ),
    ],
    [
      "NVIDIA's image in a registry of the network team's",
      daemonSet("gpus", { image: "registry.network.corp:5000/nvidia/k8s-device-plugin:v0.17.0" }),
    ],
    [
      "another zone's label",
      daemonSet("gpus", { image: "nvidia/k8s-device-plugin" }, PLUGINS, { "gpu-zones.dev/zone": "zone-2" }),
    ],
  ];
  for (const [what, each] of plugins) {
    it(`is a DaemonSet of any name that is a device plugin by ${what}`, () => {
      assert.deepEqual(found({ daemonSets: [each] }), ["DaemonSet kube-system/gpus"]);
    });
  }

  const others: [what: string, daemonSet: V1DaemonSet][] = [
    ["a device plugin of another vendor", daemonSet("gpus", { image: "rocm/k8s-device-plugin" })],
    [
      "NVIDIA's plugin for network cards",
      daemonSet("rdma-shared-dp-ds", { image: "nvcr.io/nvidia/mellanox/k8s-rdma-shared-dev-plugin:v1.5" }),
    ],
    [
      "a plugin for network cards under any name of a registry",
      daemonSet("x", { image: "registry.corp/nvidia/sriov-network-device-plugin@sha256:ab" }),
    ],
    ["something of NVIDIA's that offers nothing", daemonSet("x", { image: "nvidia/dcgm-exporter" }, "/sys")],
    ["the zone's own", daemonSet("gpus", { image: "nvidia/k8s-device-plugin" }, PLUGINS, OURS)],
  ];
  for (const [what, each] of others) {
    it(`is not ${what}`, () => {
      assert.deepEqual(found({ daemonSets: [each] }), []);
    });
  }

  it("is whoever has the RuntimeClass nvidia, and no other name", () => {
    assert.deepEqual(
      found({ runtimeClasses: [runtimeClass("nvidia"), runtimeClass("kata-qemu-nvidia-gpu")] }),
      ["RuntimeClass nvidia"],
    );
    assert.deepEqual(found({ runtimeClasses: [runtimeClass("nvidia", OURS)] }), []);
  });

  for (const platform of ["k3s", "rke2"] as const) {
    it(`is not ${platform}, which brings the RuntimeClass nvidia itself, but whoever made another of it`, () => {
      const zone = on(platform);
      assert.deepEqual(found({ runtimeClasses: [runtimeClass("nvidia")] }, zone), []);
      const other = Object.assign(runtimeClass("nvidia"), { handler: "nvidia-legacy" });
      assert.deepEqual(found({ runtimeClasses: [other] }, zone), ["RuntimeClass nvidia"]);
    });

    it(`leaves the RuntimeClass nvidia to ${platform}, and misses it where it is not there`, () => {
      const zone = zoneOf({ t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1"] } });
      const names = (of: Zone): string[] =>
        operandObjects(of).flatMap(({ objects }) =>
          objects.flatMap(({ kind, metadata }) => (kind === "RuntimeClass" ? [metadata.name] : [])),
        );
      assert.deepEqual(names(zone), ["nvidia", "nvidia-cdi", "nvidia-legacy"]);
      const its = { ...zone, cluster: { ...zone.cluster, platform } };
      assert.deepEqual(names(its), ["nvidia-cdi", "nvidia-legacy"]);
      assert.equal(lacksRuntimeClass(its, EMPTY), true);
      assert.equal(lacksRuntimeClass(its, { ...EMPTY, runtimeClasses: [runtimeClass("nvidia")] }), false);
      assert.equal(lacksRuntimeClass(zone, EMPTY), false);
    });
  }
});

describe("who labels the nodes of a cluster beside the zone", () => {
  const found = (live: Partial<StackObjects>): string[] =>
    otherFeatureDiscoveries({ name: ZONE }, { ...EMPTY, ...live }).map(stackInWords);
  const deployment = (name: string, command: string[]): V1Deployment => ({
    metadata: { name, namespace: "nfd" },
    spec: { selector: {}, template: { spec: { containers: [{ name: "main", command }] } } },
  });

  it("is nobody in an empty cluster, and in one that holds everything of the zone itself", () => {
    assert.deepEqual(found({}), []);
    assert.deepEqual(found(liveOf(ZONE)), []);
  });

  it("is another zone's, with all that it has", () => {
    assert.deepEqual(found(liveOf("zone-2-dev")), [
      "DaemonSet gpu-operator/node-feature-discovery-worker",
      "Deployment gpu-operator/node-feature-discovery-master",
      "CustomResourceDefinition nodefeatures.nfd.k8s-sigs.io",
      "CustomResourceDefinition nodefeaturerules.nfd.k8s-sigs.io",
      "CustomResourceDefinition nodefeaturegroups.nfd.k8s-sigs.io",
    ]);
  });

  it("is who runs its programs, by any name and out of any image", () => {
    const worker = daemonSet("labels", { image: "mirror.corp/x:1", command: ["nfd-worker"] }, "/sys");
    const master = deployment("m", ["/usr/bin/nfd-master", "-port=8080"]);
    assert.deepEqual(found({ daemonSets: [worker], deployments: [master] }), [
      "DaemonSet kube-system/labels",
      "Deployment nfd/m",
    ]);
  });

  it("is not who only deletes what is left, nor who has something of the kind in its name", () => {
    const collector = deployment("nfd-gc", ["nfd-gc"]);
    const other = daemonSet("nfd-worker-logs", { command: ["tail", "/var/log/nfd-worker.log"] }, "/var/log");
    assert.deepEqual(found({ daemonSets: [other], deployments: [collector] }), []);
  });
});
