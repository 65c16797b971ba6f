import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { parse } from "yaml";
import { migManager, migManagerWith } from "../../../components/operands/mig-manager.ts";
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
  withGpu,
} from "./operand-objects.ts";

const NAME = "nvidia-mig-manager";
const A100 = poolsText(poolText("a100"));
const pod = (more = "") => podOf(migManager, A100 + more);
const env = (more = "") => envOf(pod(more), NAME);

/** The operand of a zone that has layouts of its own. */
const custom = (text: string) => migManagerWith(() => text);

function dataOf(name: string, operand = migManager): Record<string, string> {
  const found = objectsOf(operand, A100).find(({ metadata }) => metadata.name === name);
  return (found as { data?: Record<string, string> } | undefined)?.data ?? {};
}

describe("the MIG manager", () => {
  const boards: [title: string, pools: string[], isThere: boolean][] = [
    ["a board that can be cut", [poolText("a")], true],
    ["a board that nobody knows", [poolText("a", "", "NVIDIA-X1")], true],
    ["a board without MIG beside one that can be cut", [poolText("t", "", "Tesla-T4"), poolText("a")], true],
    ["boards without MIG alone", [poolText("t", "", "Tesla-T4"), poolText("l", "", "NVIDIA-L4")], false],
  ];
  for (const [title, pools, isThere] of boards) {
    it(`is ${isThere ? "" : "not "}there for ${title}`, () => {
      const kinds = objectsOf(migManager, poolsText(...pools)).map(({ kind }) => kind);
      assert.equal(kinds.includes("DaemonSet"), isThere);
      if (!isThere) assert.deepEqual(kinds, []);
    });
  }

  it("is not there without pools, nor when it is disabled", () => {
    assert.deepEqual(objectsOf(migManager, ""), []);
    assert.deepEqual(objectsOf(migManager, `${A100}gpu: { migManager: { enabled: false } }\n`), []);
  });

  it("runs where the labeller saw boards that can be cut, and selects its own pods", () => {
    const { spec } = daemonSetOf(migManager, A100);
    assert.deepEqual(spec?.template.spec?.nodeSelector, { "nvidia.com/gpu.deploy.mig-manager": "true" });
    assert.deepEqual(spec.selector, { matchLabels: { app: NAME } });
    assert.deepEqual(spec.template.metadata?.labels, { app: NAME });
  });

  it("sees the host's processes, files and shared memory, by NVIDIA's runtime", () => {
    assert.deepEqual([pod().hostPID, pod().hostIPC, pod().runtimeClassName], [true, true, "nvidia"]);
    const mounts = Object.fromEntries(
      ["/sys", "/host", "/driver-root", "/var/run/cdi", "/run/nvidia/validations"].map((path) => [
        path,
        mountOf(pod(), NAME, path),
      ]),
    );
    assert.deepEqual(mounts, {
      "/sys": "/sys",
      "/host": "/",
      "/driver-root": "/run/nvidia/driver",
      "/var/run/cdi": "/var/run/cdi",
      "/run/nvidia/validations": "/run/nvidia/validations",
    });
    const host = containerOf(pod(), NAME).volumeMounts?.find(({ mountPath }) => mountPath === "/host");
    assert.deepEqual(host, { name: "host-root", mountPath: "/host", mountPropagation: "HostToContainer" });
    assertVolumesFit(pod());
  });

  it("has the rights that it uses, and no more", () => {
    const rules = Object.fromEntries(
      objectsOf(migManager, A100).flatMap((each) =>
        each["rules"] === undefined ? [] : [[each.kind, each["rules"]]],
      ),
    ) as unknown;
    assert.deepEqual(rules, {
      ClusterRole: [
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch", "update", "patch"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
      ],
      Role: [
        { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "delete"] },
        { apiGroups: [""], resources: ["configmaps"], verbs: ["create", "get", "list", "update", "patch"] },
      ],
    });
    assert.equal(pod().serviceAccountName, NAME);
  });

  it("knows its node, its pod and its namespace", () => {
    const { NODE_NAME, POD_NAME, POD_NAMESPACE, DEFAULT_GPU_CLIENTS_NAMESPACE } = env();
    assert.deepEqual(
      [NODE_NAME, POD_NAME, POD_NAMESPACE, DEFAULT_GPU_CLIENTS_NAMESPACE],
      ["spec.nodeName", "metadata.name", "metadata.namespace", "metadata.namespace"],
    );
  });

  it("stops the host's clients where the driver is the host's, unless somebody said otherwise", () => {
    const script = dataOf("nvidia-mig-manager-entrypoint")["entrypoint.sh"] ?? "";
    const started = (environment: Record<string, string>): string =>
      execFileSync(
        "/bin/sh",
        [
          "-c",
          script
            .replace(/^until .*?^done$/ms, "")
            .replace(". /run/nvidia/validations/driver-ready", "IS_HOST_DRIVER=$HOST")
            .replace("exec nvidia-mig-manager", "sh -c 'echo $WITH_SHUTDOWN_HOST_GPU_CLIENTS'"),
        ],
        { env: environment, encoding: "utf8" },
      );
    assert.equal(started({ HOST: "true" }), "true\n");
    assert.equal(started({ HOST: "false" }), "false\n");
    assert.equal(started({ HOST: "true", WITH_SHUTDOWN_HOST_GPU_CLIENTS: "false" }), "false\n");
    assert.deepEqual(containerOf(pod(), NAME).args, ["/bin/entrypoint.sh"]);
    assert.equal(mountOf(pod(), NAME, "/bin/entrypoint.sh"), "nvidia-mig-manager-entrypoint");
  });

  it("knows NVIDIA's services that hold GPUs, or those of the zone's own ConfigMap", () => {
    assert.deepEqual(parse(dataOf("default-gpu-clients")["clients.yaml"] ?? ""), {
      version: "v1",
      "systemd-services": [
        "nvsm.service",
        "nvsm-mqtt.service",
        "nvsm-core.service",
        "nvsm-api-gateway.service",
        "nvsm-notifier.service",
        "nv_peer_mem.service",
        "nvidia-dcgm.service",
        "dcgm.service",
        "dcgm-exporter.service",
      ],
    });
    assert.equal(mountOf(pod(), NAME, "/gpu-clients"), "default-gpu-clients");
    assert.equal(env()["GPU_CLIENTS_FILE"], "/gpu-clients/clients.yaml");
    const own = "gpu: { migManager: { gpuClientsConfig: { name: mine } } }\n";
    assert.equal(mountOf(pod(own), NAME, "/gpu-clients"), "mine");
    assert.ok(!namesOf(objectsOf(migManager, A100 + own)).includes("ConfigMap default-gpu-clients"));
  });

  it("follows the zone's host paths and CDI, as the device plugin does", () => {
    const paths = { rootFS: "/sysroot", driverInstallDir: "/opt/driver" };
    const own = podOf(migManager, withGpu(zoneOf(A100), { hostPaths: paths, cdi: { enabled: false } }));
    assert.equal(mountOf(own, NAME, "/host"), "/sysroot");
    assert.equal(mountOf(own, NAME, "/driver-root"), "/opt/driver");
    for (const { name } of containersOf(own)) assert.equal(envOf(own, name)["HOST_ROOT"], "/sysroot", name);
    assert.equal(envOf(own, NAME)["CDI_ENABLED"], undefined);
    assert.equal(env()["CDI_ENABLED"], "true");
    assert.equal(env()["NVIDIA_CDI_HOOK_PATH"], "/usr/local/nvidia/toolkit/nvidia-cdi-hook");
  });

  it("reboots nodes only where the zone's own variables say so", () => {
    assert.equal(env()["WITH_REBOOT"], undefined);
    const own = 'gpu: { migManager: { env: [{ name: WITH_REBOOT, value: "true" }] } }\n';
    assert.equal(env(own)["WITH_REBOOT"], "true");
  });

  it("takes image, version, resources and tolerations of its key", () => {
    const own =
      "gpu: { migManager: { image: r:5000/x, version: v9, resources: { cpu: 1 }, tolerations: [{ key: own, operator: Exists }] } }\n";
    assert.equal(containerOf(pod(), NAME).image, "nvcr.io/nvidia/cloud-native/k8s-mig-manager:v0.15.0");
    assert.equal(containerOf(pod(own), NAME).image, "r:5000/x:v9");
    assert.deepEqual(containerOf(pod(own), NAME).resources, { requests: { cpu: "1" }, limits: { cpu: "1" } });
    assert.deepEqual(pod(own).tolerations?.at(-1), { key: "own", operator: "Exists" });
  });
});

describe("the MIG manager's layouts", () => {
  it("are generated from the hardware while all are standard ones: it is given no file", () => {
    assert.equal(env()["CONFIG_FILE"], undefined);
    assert.equal(mountOf(pod(), NAME, "/mig-parted-config"), undefined);
    const own = `${A100}gpu: { mig: { strategy: mixed } }\n`;
    assert.ok(!namesOf(objectsOf(migManager, own)).includes("ConfigMap custom-mig-parted-config"));
  });

  it("are those of the zone's file where there is one", () => {
    const operand = custom("version: v1\n");
    assert.deepEqual(dataOf("custom-mig-parted-config", operand), { "config.yaml": "version: v1\n" });
    const own = podOf(operand, A100);
    assert.equal(envOf(own, NAME)["CONFIG_FILE"], "/mig-parted-config/config.yaml");
    assert.equal(mountOf(own, NAME, "/mig-parted-config"), "custom-mig-parted-config");
    assertVolumesFit(own);
  });

  it("change without a restart of the manager, which would apply every node's label again", () => {
    const templates = ["a: 1\n", "a: 2\n"].map((text) => daemonSetOf(custom(text), A100).spec?.template);
    assert.deepEqual(templates[0], templates[1]);
    const mount = containerOf(podOf(custom(""), A100), NAME).volumeMounts?.find(
      ({ mountPath }) => mountPath === "/mig-parted-config",
    );
    assert.equal(mount?.subPath, undefined, "a file mounted by subPath never changes in a running pod");
  });
});
