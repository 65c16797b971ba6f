import assert from "node:assert/strict";
import { devicePlugin } from "../../../components/operands/device-plugin.ts";
import { gpuFeatureDiscovery } from "../../../components/operands/gpu-feature-discovery.ts";
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
} from "./operand-objects.ts";

const NAME = "gpu-feature-discovery";
const ACCOUNT = "nvidia-gpu-feature-discovery";
const pod = (zone = "") => podOf(gpuFeatureDiscovery, zone);
const env = (zone = "") => envOf(pod(zone), NAME);

describe("GPU Feature Discovery", () => {
  it("has the names by which the other operands know it", () => {
    const { metadata, spec } = daemonSetOf(gpuFeatureDiscovery, "");
    const labels = { app: NAME, "app.kubernetes.io/part-of": "nvidia-gpu" };
    assert.equal(metadata?.name, NAME);
    assert.deepEqual(metadata.labels, labels);
    assert.deepEqual(spec?.template.metadata?.labels, labels);
    assert.deepEqual(spec.selector, { matchLabels: { app: NAME } });
    assert.deepEqual(spec.template.spec?.nodeSelector, {
      "nvidia.com/gpu.deploy.gpu-feature-discovery": "true",
    });
    assert.equal(metadata.annotations?.["pulumi.com/skipAwait"], "true");
  });

  it("writes the NodeFeature of its node and nothing else of the cluster", () => {
    const objects = objectsOf(gpuFeatureDiscovery, "");
    assert.deepEqual(namesOf(objects), [
      ...["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].map(
        (kind) => `${kind} ${ACCOUNT}`,
      ),
      `DaemonSet ${NAME}`,
    ]);
    const rules = (kind: string): unknown => objects.find((each) => each.kind === kind)?.["rules"];
    assert.deepEqual(rules("ClusterRole"), [
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
    ]);
    assert.deepEqual(rules("Role"), [
      {
        apiGroups: ["nfd.k8s-sigs.io"],
        resources: ["nodefeatures"],
        verbs: ["get", "list", "watch", "create", "update"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
    ]);
    assert.equal(pod().serviceAccountName, ACCOUNT);
  });

  it("knows where it is, so that its NodeFeature goes with it", () => {
    const { NAMESPACE, NODE_NAME, POD_NAME } = env();
    assert.deepEqual(
      [NAMESPACE, NODE_NAME, POD_NAME],
      ["metadata.namespace", "spec.nodeName", "metadata.name"],
    );
  });

  it("looks every minute, and says so when it cannot", () => {
    assert.equal(env()["GFD_SLEEP_INTERVAL"], "60s");
    assert.equal(env()["GFD_FAIL_ON_INIT_ERROR"], "true");
    assert.deepEqual(containerOf(pod(), NAME).command, [NAME]);
  });

  it("starts with NVIDIA's runtime, after the toolkit, as the host's root would", () => {
    assert.equal(pod().runtimeClassName, "nvidia");
    assert.deepEqual(containerOf(pod(), NAME).securityContext, { privileged: true });
    assert.equal(pod().initContainers?.[0]?.name, "toolkit-validation");
    assert.equal(mountOf(pod(), "toolkit-validation", "/run/nvidia/validations"), "/run/nvidia/validations");
    assertVolumesFit(pod());
  });

  it("reads the host's /sys, and leaves features where Node Feature Discovery looks for them", () => {
    const features = "/etc/kubernetes/node-feature-discovery/features.d";
    assert.equal(mountOf(pod(), NAME, features), features);
    assert.equal(mountOf(pod(), NAME, "/sys"), "/sys");
    const sys = containerOf(pod(), NAME).volumeMounts?.find(({ mountPath }) => mountPath === "/sys");
    assert.equal(sys?.readOnly, true);
  });

  for (const strategy of ["none", "single", "mixed"]) {
    it(`labels by the MIG strategy ${strategy}, as the device plugin offers`, () => {
      const zone = `gpu: { mig: { strategy: ${strategy} } }\n`;
      const plugin = envOf(podOf(devicePlugin, zone), "nvidia-device-plugin");
      assert.equal(env(zone)["MIG_STRATEGY"], strategy);
      for (const name of ["MIG_STRATEGY", "NVIDIA_MIG_MONITOR_DEVICES"])
        assert.equal(env(zone)[name], plugin[name]);
    });
  }

  it("reads the entry that the device plugin reads, and is told of another one by its own name", () => {
    const plugin = podOf(devicePlugin, "");
    for (const name of ["config-manager-init", "config-manager"]) {
      const [ours, its] = [envOf(pod(), name), envOf(plugin, name)];
      const { PROCESS_TO_SIGNAL: told, ...rest } = ours;
      const { PROCESS_TO_SIGNAL: toldThere, ...restThere } = its;
      assert.deepEqual(rest, restThere);
      assert.equal(told, name === "config-manager" ? NAME : "");
      assert.equal(toldThere, name === "config-manager" ? "nvidia-device-plugin" : "");
      assert.equal(mountOf(pod(), name, "/available-configs"), "nvidia-device-plugin-config");
    }
    assert.equal(env()["CONFIG_FILE"], envOf(pod(), "config-manager")["CONFIG_FILE_DST"]);
    assert.equal(mountOf(pod(), NAME, "/config"), "emptyDir");
    assert.equal(
      pod().shareProcessNamespace,
      true,
      "the config manager signals a process of another container",
    );
  });

  it("takes image, version, resources, variables and tolerations of its key", () => {
    const zone =
      "gpu: { gfd: { image: r:5000/x, version: v9, resources: { cpu: 1 }, env: [{ name: A, value: b }, { name: GFD_SLEEP_INTERVAL, value: 5s }], tolerations: [{ key: own, operator: Exists }] }, devicePlugin: { version: v1 } }\n";
    const own = containersOf(pod(zone)).filter(({ name }) => name !== "toolkit-validation");
    assert.deepEqual([...new Set(own.map(({ image }) => image))], ["r:5000/x:v9"]);
    assert.deepEqual(containerOf(pod(zone), NAME).resources, {
      requests: { cpu: "1" },
      limits: { cpu: "1" },
    });
    assert.equal(env(zone)["A"], "b");
    assert.equal(env(zone)["GFD_SLEEP_INTERVAL"], "5s");
    assert.deepEqual(pod(zone).tolerations?.at(-1), { key: "own", operator: "Exists" });
  });

  it("is not there when it is disabled, with nothing that is its own", () => {
    assert.deepEqual(objectsOf(gpuFeatureDiscovery, "gpu: { gfd: { enabled: false } }\n"), []);
  });
});
