import assert from "node:assert/strict";
import type { V1PodSpec } from "@kubernetes/client-node";
import { driver } from "../../../components/operands/driver.ts";
import { poolTable } from "../../../components/operands/labeller.ts";
import { DRIVER, gpu, MANAGER, names, one, pod, pools, set, sets } from "./driver-pods.ts";
import { zoneOf } from "../render/zone-text.ts";
import { assertVolumesFit, containerOf, containersOf, envOf, mountOf, objectsOf } from "./operand-objects.ts";

const NFD = "feature.node.kubernetes.io/";
const images = (zone: string): (string | undefined)[] =>
  sets(zone).map((each) => each.spec?.template.spec?.containers[0]?.image);
const selectors = (zone: string) => sets(zone).map((each) => each.spec?.template.spec?.nodeSelector);

describe("the driver's DaemonSets", () => {
  it("are one for the pools of one driver and operating system, by the label that the labeller sets", () => {
    const zone = pools("", "");
    assert.deepEqual(names(zone), ["nvidia-driver-580.178.04-ubuntu22.04"]);
    assert.deepEqual(images(zone), ["nvcr.io/nvidia/driver:580.178.04-ubuntu22.04"]);
    assert.deepEqual(selectors(zone), [
      {
        "nvidia.com/gpu.deploy.driver": "true",
        "gpu-zones.dev/driver": poolTable(zoneOf(zone))[0]?.driver,
        [`${NFD}system-os_release.ID`]: "ubuntu",
        [`${NFD}system-os_release.VERSION_ID`]: "22.04",
      },
    ]);
  });

  it("are one for each operating system that a pool's nodes are moved between", () => {
    const zone = pools("os: [ubuntu22.04, rhel9.4]");
    assert.deepEqual(names(zone), ["nvidia-driver-580.178.04-ubuntu22.04", "nvidia-driver-580.178.04-rhel9"]);
    assert.deepEqual(selectors(zone)[1], {
      "nvidia.com/gpu.deploy.driver": "true",
      "gpu-zones.dev/driver": "580.178.04",
      [`${NFD}system-os_release.ID`]: "rhel",
      [`${NFD}system-os_release.VERSION_ID.major`]: "9",
    });
    assert.equal(images(zone)[1], "nvcr.io/nvidia/driver:580.178.04-rhel9");
  });

  it("are one for each version and kind of module, told apart by the nodes' label alone", () => {
    const zone = pools(
      "",
      "driver: { version: 595.91.07, kernelModuleType: open }",
      "driver: { kernelModuleType: proprietary }",
    );
    assert.deepEqual(names(zone), [
      "nvidia-driver-580.178.04-ubuntu22.04",
      "nvidia-driver-595.91.07-ubuntu22.04-open",
      "nvidia-driver-580.178.04-ubuntu22.04-proprietary",
    ]);
    assert.deepEqual(
      selectors(zone).map((each) => each?.["gpu-zones.dev/driver"]),
      poolTable(zoneOf(zone)).map((row) => row.driver),
    );
    assert.deepEqual(
      sets(zone).map((each) => {
        const env = envOf(each.spec?.template.spec as V1PodSpec, DRIVER);
        return [env["KERNEL_MODULE_TYPE"], env["OPEN_KERNEL_MODULES_ENABLED"]];
      }),
      [
        ["auto", undefined],
        ["open", "true"],
        ["proprietary", undefined],
      ],
    );
  });

  it("are one for each kernel where the driver is precompiled", () => {
    const zone = pools(
      "driver: { mode: precompiled }, kernel: [5.15.0-118-generic, 5.14.0-427.el9_4.x86_64]",
    );
    assert.deepEqual(names(zone), [
      "nvidia-driver-580-ubuntu22.04-5.15.0-118-generic",
      "nvidia-driver-580-ubuntu22.04-5.14.0-427.el9.4.x86.64",
    ]);
    assert.deepEqual(images(zone), [
      "nvcr.io/nvidia/driver:580-5.15.0-118-generic-ubuntu22.04",
      "nvcr.io/nvidia/driver:580-5.14.0-427.el9_4.x86_64-ubuntu22.04",
    ]);
    assert.deepEqual(
      selectors(zone).map((each) => [each?.["gpu-zones.dev/driver"], each?.[`${NFD}kernel-version.full`]]),
      [
        ["580-precompiled", "5.15.0-118-generic"],
        ["580-precompiled", "5.14.0-427.el9_4.x86_64"],
      ],
    );
    assert.equal(sets(zone)[0]?.spec?.template.metadata?.labels?.["nvidia.com/precompiled"], "true");
    assert.equal(set(one).spec?.template.metadata?.labels?.["nvidia.com/precompiled"], "false");
  });

  it("do not go by the kernel where the driver is built on the node", () => {
    assert.deepEqual(names(pools("kernel: 5.15.0-118-generic")), names(one));
    assert.deepEqual(selectors(pools("kernel: 5.15.0-118-generic")), selectors(one));
  });

  it("are none for hosts that bring their driver, with nothing that is their own", () => {
    for (const zone of [
      gpu("{ enabled: false }"),
      pools("driver: { mode: preinstalled }"),
      `${one}cluster: { platform: preinstalled }\n`,
      "",
    ])
      assert.deepEqual(objectsOf(driver, zone), [], zone);
    assert.deepEqual(names(pools("driver: { mode: preinstalled }", "")), names(one));
  });

  it("have names that fit into the label of their pods, and stay different", () => {
    const kernels = ["a", "b"].map((end) => `6.8.0-1071-nvidia-64k-with-a-very-long-flavour-${end}`);
    const zone = pools(
      `driver: { mode: precompiled, kernelModuleType: proprietary }, kernel: [${kernels.join(", ")}]`,
    );
    const found = names(zone);
    assert.equal(new Set(found).size, 2);
    for (const name of found) {
      assert.ok((name?.length ?? 0) <= 63, name);
      assert.match(name ?? "", /^nvidia-driver-580-ubuntu22\.04-6\.8\.0-1071-nvidia-64k.*[a-z0-9]$/);
    }
  });

  it("select their own pods alone, and keep two drivers off one node", () => {
    const zone = pools("", "driver: { version: 595.91.07 }");
    for (const { metadata, spec } of sets(zone)) {
      assert.deepEqual(spec?.selector, { matchLabels: { app: metadata?.name } });
      const labels = spec.template.metadata?.labels ?? {};
      assert.equal(labels["app"], metadata?.name);
      assert.equal(labels["app.kubernetes.io/component"], "nvidia-driver");
      const [term] =
        spec.template.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
      assert.deepEqual(term, {
        labelSelector: { matchLabels: { "app.kubernetes.io/component": "nvidia-driver" } },
        topologyKey: "kubernetes.io/hostname",
      });
    }
  });

  it("never restart a driver by themselves, whatever the zone's operands do, and the engine waits for none", () => {
    for (const more of ["", "gpu: { daemonsets: { updateStrategy: RollingUpdate } }\n"]) {
      assert.deepEqual(set(one + more).spec?.updateStrategy, { type: "OnDelete" });
      assert.equal(set(one + more).metadata?.annotations?.["pulumi.com/skipAwait"], "true");
    }
  });

  it("have no RuntimeClass, for there is none before the driver, and see the host's processes", () => {
    assert.equal(pod(one).runtimeClassName, undefined);
    assert.equal(pod(one).hostPID, true);
    assert.equal(
      set(one).spec?.template.metadata?.annotations?.["kubectl.kubernetes.io/default-container"],
      DRIVER,
    );
  });

  it("tolerate the pools' taints, the zone's and their own, and have the zone's priority", () => {
    const zone = `${pools("taints: [{ key: dedicated, effect: NoExecute }]")}gpu:\n  driver: { tolerations: [{ key: own, operator: Exists }] }\n  daemonsets: { priorityClassName: high, tolerations: [{ key: all, operator: Exists }] }\n`;
    assert.deepEqual(
      pod(zone).tolerations?.map(({ key }) => key),
      ["nvidia.com/gpu", "dedicated", "all", "own"],
    );
    assert.equal(pod(zone).priorityClassName, "high");
  });

  it("mount volumes that they have, in every variant", () => {
    for (const zone of [
      one,
      pools("os: rhel9"),
      pools("driver: { mode: precompiled }, kernel: 5.15.0-118-generic"),
      gpu("{ repoConfig: { configMapName: r }, certConfig: { name: c }, kernelModuleConfig: { name: k } }"),
      `${one}gpu: { hostPaths: { rootFS: /sysroot } }\n`,
    ])
      assertVolumesFit(pod(zone));
  });
});

describe("the driver's containers", () => {
  it("run the images that the zone names", () => {
    const zone = gpu("{ image: r:5000/driver, manager: { image: r:5000/manager, version: v9 } }");
    assert.equal(containerOf(pod(zone), DRIVER).image, "r:5000/driver:580.178.04-ubuntu22.04");
    assert.equal(containerOf(pod(zone), MANAGER).image, "r:5000/manager:v9");
    assert.equal(
      containerOf(pod(one), MANAGER).image,
      "nvcr.io/nvidia/cloud-native/k8s-driver-manager:v0.12.0",
    );
  });

  it("get the zone's variables, each its own", () => {
    const zone = gpu(
      "{ env: [{ name: A, value: b }], manager: { env: [{ name: ENABLE_AUTO_DRAIN, value: 'true' }] } }",
    );
    assert.equal(envOf(pod(zone), DRIVER)["A"], "b");
    assert.equal(envOf(pod(zone), DRIVER)["ENABLE_AUTO_DRAIN"], undefined);
    assert.equal(envOf(pod(zone), MANAGER)["ENABLE_AUTO_DRAIN"], "true");
    for (const { env = [] } of containersOf(pod(zone)))
      assert.equal(new Set(env.map(({ name }) => name)).size, env.length);
  });

  it("are told what the contract says by default", () => {
    assert.deepEqual(envOf(pod(one), MANAGER), {
      NODE_NAME: "spec.nodeName",
      NVIDIA_VISIBLE_DEVICES: "void",
      ENABLE_GPU_POD_EVICTION: "true",
      ENABLE_AUTO_DRAIN: "false",
      DRAIN_USE_FORCE: "false",
      DRAIN_POD_SELECTOR_LABEL: "",
      DRAIN_TIMEOUT_SECONDS: "0s",
      DRAIN_DELETE_EMPTYDIR_DATA: "false",
      OPERATOR_NAMESPACE: "metadata.namespace",
      DRIVER_CONFIG_DIGEST: envOf(pod(one), DRIVER)["DRIVER_CONFIG_DIGEST"],
    });
    const { DRIVER_CONFIG_DIGEST: digest = "", ...env } = envOf(pod(one), DRIVER);
    assert.match(digest, /^[0-9a-f]{10}$/);
    assert.deepEqual(env, {
      NODE_NAME: "spec.nodeName",
      NODE_IP: "status.hostIP",
      NVIDIA_VISIBLE_DEVICES: "void",
      KERNEL_MODULE_TYPE: "auto",
    });
    assert.deepEqual(containerOf(pod(one), DRIVER).command, ["nvidia-driver"]);
    assert.deepEqual(containerOf(pod(one), DRIVER).args, ["init"]);
    assert.deepEqual(containerOf(pod(one), MANAGER).args, ["uninstall_driver"]);
  });

  it("ask for the zone's resources", () => {
    const zone = gpu("{ resources: { cpu: 2, memory: 4Gi } }");
    assert.deepEqual(containerOf(pod(zone), DRIVER).resources, {
      requests: { cpu: "2", memory: "4Gi" },
      limits: { cpu: "2", memory: "4Gi" },
    });
  });

  it("see of the host what the contract says", () => {
    const mounts = (name: string) =>
      (containerOf(pod(one), name).volumeMounts ?? []).map(({ mountPath, mountPropagation, readOnly }) =>
        [
          mountPath,
          mountOf(pod(one), name, mountPath),
          mountPropagation ?? "-",
          ...(readOnly === true ? ["ro"] : []),
        ].join(" "),
      );
    assert.deepEqual(mounts(MANAGER), [
      "/run/nvidia /run/nvidia Bidirectional",
      "/host / HostToContainer ro",
      "/sys /sys -",
      "/run/mellanox/drivers /run/mellanox/drivers HostToContainer",
    ]);
    assert.deepEqual(mounts(DRIVER), [
      "/run/nvidia /run/nvidia Bidirectional",
      "/run/nvidia-fabricmanager /run/nvidia-fabricmanager -",
      "/run/nvidia-topologyd /run/nvidia-topologyd -",
      "/var/log /var/log -",
      "/dev/log /dev/log -",
      "/host-etc/os-release /etc/os-release - ro",
      "/run/mellanox/drivers/usr/src /run/mellanox/drivers/usr/src HostToContainer",
      "/run/mellanox/drivers /run/mellanox/drivers HostToContainer",
      "/sys/devices/system /sys/devices/system -",
      "/sys/module/firmware_class/parameters/path /sys/module/firmware_class/parameters/path -",
      "/lib/firmware /run/nvidia/driver/lib/firmware -",
      "/usr/local/bin/startup-probe.sh nvidia-driver-startup-probe - ro",
    ]);
  });

  it("follow the host's root, and show the driver where its script does", () => {
    const zone = `${one}gpu: { hostPaths: { rootFS: /sysroot } }\n`;
    assert.equal(mountOf(pod(zone), MANAGER, "/host"), "/sysroot");
    for (const name of [MANAGER, DRIVER]) {
      assert.equal(envOf(pod(zone), name)["HOST_ROOT"], "/sysroot");
    }
    assert.equal(mountOf(pod(zone), DRIVER, "/lib/firmware"), "/run/nvidia/driver/lib/firmware");
  });

  it("have a service account that may do what driver-manager does, and no more", () => {
    const rules = objectsOf(driver, one).find(({ kind }) => kind === "ClusterRole")?.["rules"];
    assert.deepEqual(rules, [
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch", "patch", "update"] },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
      { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get"] },
      { apiGroups: ["resource.k8s.io"], resources: ["resourceclaims"], verbs: ["get", "list"] },
    ]);
    assert.equal(pod(one).serviceAccountName, "nvidia-driver");
  });
});
