import assert from "node:assert/strict";
import type { V1Container, V1DaemonSet, V1RuntimeClass } from "@kubernetes/client-node";
import { operandObjects } from "../../../components/operands/operands.ts";
import { withOwner } from "../../../plan/planned-object.ts";
import { otherStacks, stackInWords, type StackObjects } from "../../../plan/preflight/other-stacks.ts";
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

const found = (live: Partial<StackObjects>): string[] =>
  otherStacks(ZONE, { daemonSets: [], runtimeClasses: [], customResources: {}, ...live }).map(stackInWords);

describe("who drives the GPUs of a cluster beside the zone", () => {
  it("is nobody in an empty one", () => {
    assert.deepEqual(found({}), []);
  });

  it("is nobody in a cluster that holds everything of the zone itself", () => {
    const zone = zoneOf({ t4: { product: "Tesla-T4", os: "ubuntu22.04", nodes: ["n1"] } });
    const objects = operandObjects(zone).flatMap(({ name, objects: all }) =>
      all.map((object) => withOwner(ZONE, name, object)),
    );
    const of = <Kind>(kind: string): Kind[] => objects.filter((each) => each.kind === kind) as Kind[];
    const live = {
      daemonSets: of<V1DaemonSet>("DaemonSet"),
      runtimeClasses: of<V1RuntimeClass>("RuntimeClass"),
      customResources: {},
    };
    assert.deepEqual(otherStacks(ZONE, live), []);
    // The same objects, seen by another zone, are another stack.
    assert.deepEqual(otherStacks("zone-2-dev", live).map(stackInWords), [
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
});
