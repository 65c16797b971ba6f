import assert from "node:assert/strict";
import type { Zone } from "../../../plan/config/zone.ts";
import { devicePlugin } from "../../../components/operands/device-plugin.ts";
import { mpsControlDaemon } from "../../../components/operands/mps-control-daemon.ts";
import { zoneOf } from "../render/zone-text.ts";
import {
  assertVolumesFit,
  containerOf,
  containersOf,
  daemonSetOf,
  envOf,
  mountOf,
  namesOf,
  objectsOf,
  podOf,
  poolsText,
  poolText,
  withPool,
} from "./operand-objects.ts";

const NAME = "nvidia-device-plugin-mps-control-daemon";
const MAIN = "mps-control-daemon-ctr";
const PROCESS = "/usr/bin/mps-control-daemon";

/** A zone whose pool t4 shares by MPS, beside one that does not share. */
function mpsZone(more = ""): Zone {
  const pools = poolsText(poolText("t4", "", "Tesla-T4"), poolText("a100"));
  return withPool(zoneOf(pools + more), "t4", { sharing: { mps: 4 } });
}
const pod = (more = "") => podOf(mpsControlDaemon, mpsZone(more));

describe("the MPS control daemon", () => {
  it("is there when a pool shares by MPS, and only then", () => {
    const pools = poolsText(poolText("a"), poolText("b", "sharing: { timeSlicing: 2 }"));
    for (const zone of ["", pools]) assert.deepEqual(objectsOf(mpsControlDaemon, zone), []);
    assert.deepEqual(namesOf(objectsOf(mpsControlDaemon, mpsZone())), [`DaemonSet ${NAME}`]);
  });

  it("goes with the device plugin: nobody would wait for it", () => {
    const zone = mpsZone("gpu: { devicePlugin: { enabled: false } }\n");
    assert.deepEqual(objectsOf(mpsControlDaemon, zone), []);
  });

  it("runs where the device plugin is deployed and the boards can be shared so, and selects its own pods", () => {
    const { spec } = daemonSetOf(mpsControlDaemon, mpsZone());
    assert.deepEqual(spec?.template.spec?.nodeSelector, {
      "nvidia.com/gpu.deploy.device-plugin": "true",
      "nvidia.com/mps.capable": "true",
    });
    assert.deepEqual(spec.selector, { matchLabels: { app: NAME } });
    assert.deepEqual(spec.template.metadata?.labels, { app: NAME });
  });

  it("runs as the device plugin's account, which the plan has", () => {
    const accounts = objectsOf(devicePlugin, mpsZone()).filter(({ kind }) => kind === "ServiceAccount");
    assert.deepEqual(
      accounts.map(({ metadata }) => metadata.name),
      [pod().serviceAccountName],
    );
  });

  it("is started by the path that its config manager looks for, to the letter", () => {
    assert.deepEqual(containerOf(pod(), MAIN).command, [PROCESS]);
    assert.equal(envOf(pod(), "config-manager")["PROCESS_TO_SIGNAL"], PROCESS);
    assert.equal(envOf(pod(), "config-manager-init")["PROCESS_TO_SIGNAL"], "");
  });

  it("shares the host's processes, so the pod has none of its own to share", () => {
    assert.equal(pod().hostPID, true);
    assert.equal(pod().shareProcessNamespace, undefined);
  });

  it("mounts its shared memory for the host to see, before it starts and after the toolkit", () => {
    assert.deepEqual(
      pod().initContainers?.map(({ name }) => name),
      ["toolkit-validation", "mps-control-daemon-mounts", "config-manager-init"],
    );
    const { command, securityContext, volumeMounts } = containerOf(pod(), "mps-control-daemon-mounts");
    assert.deepEqual(command, [PROCESS, "mount-shm"]);
    assert.deepEqual(securityContext, { privileged: true });
    assert.deepEqual(volumeMounts, [
      { name: "mps-root", mountPath: "/mps", mountPropagation: "Bidirectional" },
    ]);
  });

  it("sees all GPUs by NVIDIA's runtime", () => {
    assert.equal(pod().runtimeClassName, "nvidia");
    assert.deepEqual(envOf(pod(), MAIN), {
      NODE_NAME: "spec.nodeName",
      NVIDIA_VISIBLE_DEVICES: "all",
      NVIDIA_DRIVER_CAPABILITIES: "compute,utility",
      CONFIG_FILE: "/config/config.yaml",
    });
    assertVolumesFit(pod());
  });

  for (const [more, root] of [
    ["", "/run/nvidia/mps"],
    ["gpu: { devicePlugin: { mps: { root: /var/mps } } }\n", "/var/mps"],
  ] as const) {
    it(`meets the device plugin in ${root}${more === "" ? ", by default" : ""}`, () => {
      const plugin = podOf(devicePlugin, mpsZone(more));
      for (const [each, container] of [
        [pod(more), MAIN],
        [plugin, "nvidia-device-plugin"],
      ] as const) {
        assert.equal(mountOf(each, container, "/mps"), root);
        assert.equal(mountOf(each, container, "/dev/shm"), `${root}/shm`);
      }
      assert.equal(envOf(plugin, "nvidia-device-plugin")["MPS_ROOT"], root);
    });
  }

  it("takes image, version, resources and tolerations of the device plugin's key", () => {
    const more =
      "gpu: { devicePlugin: { image: r:5000/x, version: v9, resources: { cpu: 1 }, tolerations: [{ key: own, operator: Exists }] } }\n";
    const own = containersOf(pod(more)).filter(({ name }) => name !== "toolkit-validation");
    assert.deepEqual([...new Set(own.map(({ image }) => image))], ["r:5000/x:v9"]);
    assert.deepEqual(containerOf(pod(more), MAIN).resources, {
      requests: { cpu: "1" },
      limits: { cpu: "1" },
    });
    assert.deepEqual(pod(more).tolerations?.at(-1), { key: "own", operator: "Exists" });
  });
});
