import assert from "node:assert/strict";
import { dcgmExporter } from "../../../components/operands/dcgm-exporter.ts";
import { devicePlugin } from "../../../components/operands/device-plugin.ts";
import { gpuFeatureDiscovery } from "../../../components/operands/gpu-feature-discovery.ts";
import { OPERANDS } from "../../../components/operands/operands.ts";
import { nodeStatusExporter } from "../../../components/operands/node-status-exporter.ts";
import type { Operand } from "../../../components/operands/operand.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { podTemplate } from "../../../plan/workload.ts";
import { zoneOf } from "../render/zone-text.ts";
import {
  containersOf,
  envOf,
  mountOf,
  objectsOf,
  podOf,
  poolsText,
  poolText,
  withGpu,
  withPool,
} from "./operand-objects.ts";

const PLUGIN = "nvidia-device-plugin";
const plugin = (gpu: Readonly<Record<string, unknown>>, text = "") =>
  podOf(devicePlugin, withGpu(zoneOf(text), gpu));
const hostPaths = (paths: Readonly<Record<string, string>>) => plugin({ hostPaths: paths });

describe("the device plugin's host paths", () => {
  it("are upstream's where the zone says nothing", () => {
    const pod = podOf(devicePlugin, "");
    assert.equal(mountOf(pod, PLUGIN, "/var/lib/kubelet/device-plugins"), "/var/lib/kubelet/device-plugins");
    assert.equal(mountOf(pod, PLUGIN, "/driver-root"), "/run/nvidia/driver");
    assert.equal(mountOf(pod, PLUGIN, "/host"), "/");
    assert.ok(containersOf(pod).every(({ env = [] }) => env.every(({ name }) => name !== "HOST_ROOT")));
  });

  it("follow the kubelet's directory, which it looks for where it always is", () => {
    const pod = hostPaths({ kubeletRootDir: "/data/kubelet" });
    assert.equal(mountOf(pod, PLUGIN, "/var/lib/kubelet/device-plugins"), "/data/kubelet/device-plugins");
  });

  it("follow the driver's directory", () => {
    assert.equal(
      mountOf(hostPaths({ driverInstallDir: "/opt/driver" }), PLUGIN, "/driver-root"),
      "/opt/driver",
    );
  });

  it("follow the host's root, of which every container is told", () => {
    const pod = hostPaths({ rootFS: "/sysroot" });
    assert.equal(mountOf(pod, PLUGIN, "/host"), "/sysroot");
    for (const { name } of containersOf(pod)) assert.equal(envOf(pod, name)["HOST_ROOT"], "/sysroot", name);
  });

  it("tell of the root once where the zone's own variables name it: the API server refuses a list that does it twice", () => {
    const own = [{ name: "HOST_ROOT", value: "/elsewhere" }];
    const pod = plugin({ hostPaths: { rootFS: "/sysroot" }, devicePlugin: { env: own } });
    const env = containersOf(pod).find(({ name }) => name === PLUGIN)?.env ?? [];
    assert.deepEqual(
      env.filter(({ name }) => name === "HOST_ROOT"),
      own,
    );
  });
});

describe("the exporters' host paths", () => {
  const of = (operand: Operand, paths: Readonly<Record<string, string>>) =>
    podOf(operand, withGpu(zoneOf(""), { hostPaths: paths }));
  const DCGM = "nvidia-dcgm-exporter";
  const STATUS = "nvidia-node-status-exporter";

  it("follow the kubelet's directory, in which it says which pod has which GPU", () => {
    const path = "/var/lib/kubelet/pod-resources";
    assert.equal(mountOf(of(dcgmExporter, {}), DCGM, path), path);
    assert.equal(
      mountOf(of(dcgmExporter, { kubeletRootDir: "/data/kubelet" }), DCGM, path),
      "/data/kubelet/pod-resources",
    );
  });

  it("follow the host's root, of which the one that looks into it is told", () => {
    const pod = of(nodeStatusExporter, { rootFS: "/sysroot" });
    assert.equal(mountOf(pod, STATUS, "/host"), "/sysroot");
    assert.equal(envOf(pod, STATUS)["HOST_ROOT"], "/sysroot");
    assert.equal(mountOf(of(nodeStatusExporter, {}), STATUS, "/host"), "/");
    assert.equal(envOf(of(nodeStatusExporter, {}), STATUS)["HOST_ROOT"], undefined);
  });
});

describe("the device plugin's way to containers", () => {
  const CDI = ["CDI_ENABLED", "CDI_ANNOTATION_PREFIX", "NVIDIA_CDI_HOOK_PATH"];
  const of = (gpu: Readonly<Record<string, unknown>>): (string | undefined)[] => {
    const env = envOf(plugin(gpu), PLUGIN);
    return ["DEVICE_LIST_STRATEGY", ...CDI].map((name) => env[name]);
  };
  const HOOK = "/usr/local/nvidia/toolkit/nvidia-cdi-hook";
  const cases: [title: string, gpu: Readonly<Record<string, unknown>>, wanted: (string | undefined)[]][] = [
    ["is CDI by default", {}, ["cdi-annotations,cdi-cri", "true", "cdi.k8s.io/", HOOK]],
    [
      "is CDI where it is asked for",
      { cdi: { enabled: true } },
      ["cdi-annotations,cdi-cri", "true", "cdi.k8s.io/", HOOK],
    ],
    [
      "is mounts that only the kubelet sets where CDI is off",
      { cdi: { enabled: false } },
      ["volume-mounts", undefined, undefined, undefined],
    ],
    [
      "is a variable where CDI is off and the toolkit is somebody else's, which takes no mounts by default",
      { cdi: { enabled: false }, toolkit: { enabled: false } },
      ["envvar", undefined, undefined, undefined],
    ],
    [
      "goes by the hook of the toolkit's own directory",
      { toolkit: { installDir: "/opt/nvidia" } },
      ["cdi-annotations,cdi-cri", "true", "cdi.k8s.io/", "/opt/nvidia/toolkit/nvidia-cdi-hook"],
    ],
    [
      "names no hook where the toolkit is somebody else's",
      { toolkit: { enabled: false } },
      ["cdi-annotations,cdi-cri", "true", "cdi.k8s.io/", undefined],
    ],
  ];
  for (const [title, gpu, wanted] of cases)
    it(title, () => {
      assert.deepEqual(of(gpu), wanted);
    });

  it("needs no RuntimeClass under CRI-O without CDI, which has none of that name; nor does any other operand", () => {
    const crio = poolsText(poolText("a", "runtime: crio@1.34"));
    const both = poolsText(poolText("a", "runtime: crio@1.34"), poolText("b", "runtime: containerd@2.1"));
    const off = { cdi: { enabled: false } };
    const class_ = (gpu: Readonly<Record<string, unknown>>, text: string) =>
      plugin(gpu, text).runtimeClassName;
    assert.deepEqual(
      [class_(off, crio), class_({}, crio), class_(off, both), class_(off, "")],
      [undefined, "nvidia", "nvidia", "nvidia"],
    );
    for (const operand of OPERANDS)
      for (const object of objectsOf(operand, withGpu(zoneOf(crio), off)))
        assert.equal(podTemplate(object)?.spec?.runtimeClassName, undefined, operand.name);
  });
});

describe("the MIG strategy of a mixed zone that shares a pool by MPS", () => {
  const text = `gpu: { mig: { strategy: mixed } }\n${poolsText(poolText("t4", "", "Tesla-T4"), poolText("a100", "mig: all-1g.5gb"))}`;
  const zone: Zone = withPool(zoneOf(text), "t4", { sharing: { mps: 4 } });

  for (const [operand, container] of [
    [devicePlugin, PLUGIN],
    [gpuFeatureDiscovery, "gpu-feature-discovery"],
  ] as const) {
    it(`is left to the entries by ${operand.name}: its environment would win over them`, () => {
      const env = envOf(podOf(operand, zone), container);
      assert.equal(env["MIG_STRATEGY"], undefined);
      assert.equal(env["NVIDIA_MIG_MONITOR_DEVICES"], "all");
      assert.equal(envOf(podOf(operand, text), container)["MIG_STRATEGY"], "mixed", "where no pool differs");
    });
  }
});
