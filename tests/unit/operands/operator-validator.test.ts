import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { V1Container, V1DaemonSet, V1PodSpec } from "@kubernetes/client-node";
import { containerToolkit } from "../../../components/operands/container-toolkit.ts";
import { operandObjects } from "../../../components/operands/operands.ts";
import { operatorValidator } from "../../../components/operands/operator-validator.ts";
import { resolve, told } from "../config/layer-texts.ts";
import { zoneOf } from "../render/zone-text.ts";
import {
  assertVolumesFit,
  containerOf,
  containersOf,
  daemonSetOf,
  envOf,
  mountOf,
  objectsOf,
  podOf,
  poolsText,
  poolText,
} from "./operand-objects.ts";

const NAME = "nvidia-operator-validator";
const WAIT = "driver-ready-wait";
const IMAGE = "nvcr.io/nvidia/gpu-operator:v26.7.0";
const one = poolsText(poolText("a", "runtime: containerd@2.1"));
const HOST = poolsText(poolText("a", "driver: { mode: preinstalled }"));
const gpu = (keys: string): string => `${one}gpu: { ${keys} }\n`;
const pod = (zone: string): V1PodSpec => podOf(operatorValidator, zone);
const steps = (of: V1PodSpec) => (of.initContainers ?? []).map(({ name }) => name);

describe("the operator validator", () => {
  it("looks at driver, toolkit, CUDA and plugin in this order, after the driver container's own word", () => {
    assert.deepEqual(steps(pod(one)), [
      WAIT,
      "driver-validation",
      "toolkit-validation",
      "cuda-validation",
      "plugin-validation",
    ]);
    assert.deepEqual(
      (pod(one).initContainers ?? []).flatMap(({ args = [] }) => args.slice(0, 1)).slice(1),
      Array.from({ length: 4 }, () => "nvidia-validator"),
    );
  });

  it("tells each step what the contract says", () => {
    const NAMESPACE = { OPERATOR_NAMESPACE: "metadata.namespace" };
    const WORKLOAD = {
      ...NAMESPACE,
      WITH_WAIT: "false",
      NODE_NAME: "spec.nodeName",
      VALIDATOR_IMAGE: IMAGE,
      VALIDATOR_IMAGE_PULL_POLICY: "IfNotPresent",
      VALIDATOR_RUNTIME_CLASS: "nvidia",
    };
    const of = pod(one);
    assert.deepEqual(envOf(of, "driver-validation"), {
      ...NAMESPACE,
      COMPONENT: "driver",
      WITH_WAIT: "true",
    });
    assert.deepEqual(envOf(of, "toolkit-validation"), {
      ...NAMESPACE,
      COMPONENT: "toolkit",
      WITH_WAIT: "false",
      NVIDIA_VISIBLE_DEVICES: "all",
    });
    assert.deepEqual(envOf(of, "cuda-validation"), { ...WORKLOAD, COMPONENT: "cuda" });
    assert.deepEqual(envOf(of, "plugin-validation"), {
      ...WORKLOAD,
      COMPONENT: "plugin",
      WITH_WORKLOAD: "false",
      MIG_STRATEGY: "single",
    });
    assert.equal(envOf(pod(gpu("mig: { strategy: mixed }")), "plugin-validation")["MIG_STRATEGY"], "mixed");
  });

  it("writes to the node as root, where the whole node sees it", () => {
    for (const { name, securityContext, volumeMounts = [] } of containersOf(pod(one))) {
      assert.equal(securityContext?.runAsUser, 0, name);
      assert.equal(securityContext.privileged, true, name);
      const mount = volumeMounts.find(({ mountPath }) => mountPath === "/run/nvidia/validations");
      assert.equal(mount?.mountPropagation, name === WAIT ? "HostToContainer" : "Bidirectional", name);
    }
    assert.equal(containerOf(pod(one), "driver-validation").securityContext?.seLinuxOptions?.level, "s0");
  });

  it("sees of the host what the driver's validation looks at", () => {
    const seen = (zone: string) =>
      ["/host", "/run/nvidia/driver", "/host-dev-char"].map((at) =>
        mountOf(pod(zone), "driver-validation", at),
      );
    assert.deepEqual(seen(one), ["/", "/run/nvidia/driver", "/dev/char"]);
  });

  it("follows the host paths of the zone, and tells the driver's validation", () => {
    const of = pod(
      gpu("driver: { enabled: false }, hostPaths: { rootFS: /sysroot, driverInstallDir: /opt/driver }"),
    );
    assert.equal(mountOf(of, "driver-validation", "/host"), "/sysroot");
    assert.equal(mountOf(of, "driver-validation", "/host-dev-char"), "/sysroot/dev/char");
    assert.equal(mountOf(of, "driver-validation", "/opt/driver"), "/opt/driver");
    assert.equal(envOf(of, "driver-validation")["DRIVER_INSTALL_DIR"], "/opt/driver");
    assert.equal(envOf(of, "driver-validation")["DRIVER_INSTALL_DIR_CTR_PATH"], "/opt/driver");
    for (const { name } of containersOf(of)) assert.equal(envOf(of, name)["HOST_ROOT"], "/sysroot", name);
  });

  it("runs the image that the zone names, in every step and in the pods that it makes", () => {
    const of = pod(gpu("validator: { image: r:5000/operator, version: v9 }"));
    for (const { name, image } of containersOf(of)) assert.equal(image, "r:5000/operator:v9", name);
    assert.equal(envOf(of, "cuda-validation")["VALIDATOR_IMAGE"], "r:5000/operator:v9");
    assert.ok(containersOf(pod(one)).every(({ image }) => image === IMAGE));
  });

  it("names the image of everything else that waits or validates in the operator's", () => {
    const zone = zoneOf(gpu("validator: { image: r:5000/operator, version: v9 }"));
    const images = operandObjects(zone)
      .flatMap(({ objects }) => objects)
      .filter(({ kind }) => kind === "DaemonSet")
      .flatMap((each) => containersOf((each as V1DaemonSet).spec?.template.spec as V1PodSpec))
      .filter(({ name }) => /-validation$|-wait$/.test(name))
      .map(({ image }) => image);
    assert.ok(images.length >= 8);
    assert.deepEqual([...new Set(images)], ["r:5000/operator:v9"]);
  });

  it("gets the zone's variables: all steps, or one, whose own win", () => {
    const own = (value: string): string => `env: [{ name: SLEEP_INTERVAL_SECONDS, value: "${value}" }]`;
    const zone = gpu(
      `validator: { ${own("1")}, driver: { ${own("2")} }, toolkit: { ${own("3")} }, cuda: { ${own("4")} }, plugin: { env: [{ name: WITH_WORKLOAD, value: "true" }] } }`,
    );
    const values = ["driver", "toolkit", "cuda", "plugin"].map(
      (step) => envOf(pod(zone), `${step}-validation`)["SLEEP_INTERVAL_SECONDS"],
    );
    assert.deepEqual(values, ["2", "3", "4", "1"]);
    assert.equal(envOf(pod(zone), NAME)["SLEEP_INTERVAL_SECONDS"], "1");
    assert.equal(envOf(pod(zone), "plugin-validation")["WITH_WORKLOAD"], "true");
    assert.equal(
      envOf(podOf(containerToolkit, zone), "driver-validation")["SLEEP_INTERVAL_SECONDS"],
      "2",
      "the toolkit's look at the driver is the same look",
    );
  });

  it("asks for the zone's resources and tolerates what it says", () => {
    const zone = gpu(
      "validator: { resources: { memory: 64Mi }, tolerations: [{ key: own, operator: Exists }] }",
    );
    assert.deepEqual(containerOf(pod(zone), NAME).resources, {
      requests: { memory: "64Mi" },
      limits: { memory: "64Mi" },
    });
    assert.deepEqual(pod(zone).tolerations?.at(-1), { key: "own", operator: "Exists" });
  });

  it("does not look at a device plugin that the zone has not", () => {
    assert.deepEqual(steps(pod(gpu("devicePlugin: { enabled: false }"))).at(-1), "cuda-validation");
  });

  it("has the runtime that it looks at, unless CRI-O has none of that name", () => {
    const crio = `${poolsText(poolText("a", "runtime: crio@1.34"))}gpu: { cdi: { enabled: false } }\n`;
    assert.equal(pod(one).runtimeClassName, "nvidia");
    assert.equal(pod(crio).runtimeClassName, undefined);
    assert.equal(envOf(pod(crio), "cuda-validation")["VALIDATOR_RUNTIME_CLASS"], undefined);
  });

  it("has the name by which it looks itself up, and takes its word back when it goes", () => {
    const { metadata, spec } = daemonSetOf(operatorValidator, one);
    assert.equal(metadata?.name, NAME);
    assert.deepEqual(spec?.selector, { matchLabels: { app: NAME } });
    assert.deepEqual(spec.template.metadata?.labels, {
      app: NAME,
      "app.kubernetes.io/part-of": "gpu-operator",
    });
    assert.deepEqual(containerOf(pod(one), NAME).lifecycle?.preStop?.exec?.command, [
      "/bin/sh",
      "-c",
      "rm -f /run/nvidia/validations/*-ready",
    ]);
  });

  it("cannot be disabled", () => {
    const off = told(resolve("gpu: { validator: { enabled: false } }\n"));
    assert.equal(off.length, 1);
    assert.match(
      off[0] ?? "",
      /^error GZ003 Pulumi\.zone-x\.yaml:1 {2}gpu\.validator\.enabled\n {4}wanted true: without the validator, device plugins and GPU Feature Discovery wait for ever/,
    );
    assert.deepEqual(told(resolve("gpu: { validator: { enabled: true } }\n")), []);
  });

  it("mounts volumes that it has, in every variant", () => {
    for (const zone of [
      "",
      one,
      HOST,
      gpu("driver: { enabled: false }, hostPaths: { rootFS: /sysroot, driverInstallDir: /opt/driver }"),
    ])
      assertVolumesFit(pod(zone));
  });

  it("has a service account that may read nodes, and make pods in the operands' namespace", () => {
    const rules = (kind: string) =>
      objectsOf(operatorValidator, one).find((each) => each.kind === kind)?.["rules"];
    assert.deepEqual(rules("ClusterRole"), [
      { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
    ]);
    assert.deepEqual(rules("Role"), [
      {
        apiGroups: [""],
        resources: ["pods"],
        verbs: ["get", "list", "watch", "create", "update", "patch", "delete"],
      },
      { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["get", "list", "watch"] },
    ]);
  });
});

for (const operand of [operatorValidator, containerToolkit])
  describe(`${operand.name}'s wait for the driver container`, () => {
    const wait = (zone: string): V1Container | undefined =>
      podOf(operand, zone).initContainers?.find(({ name }) => name === WAIT);

    /** What the script says on a node until it ends, or until it has waited for the second time. */
    function said(node: { ready?: boolean; smi?: string; exit?: number }): string {
      const folder = mkdtempSync(path.join(tmpdir(), "gpu-zones-wait-"));
      const [bin, validations] = [path.join(folder, "bin"), path.join(folder, "validations")];
      const program = (name: string, text: string): void => {
        writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      };
      try {
        for (const directory of [bin, validations]) mkdirSync(directory);
        if (node.ready === true) writeFileSync(path.join(validations, ".driver-ctr-ready"), "");
        program("chroot", `[ "$1 $2" = "/host ${node.smi ?? "none"}" ] && exit ${node.exit ?? 0}; exit 127`);
        program(
          "sleep",
          `[ -e ${folder}/slept ] && touch ${validations}/.driver-ctr-ready; touch ${folder}/slept`,
        );
        const [script = ""] = wait(one)?.args ?? [];
        return execFileSync("/bin/sh", ["-c", script.replaceAll("/run/nvidia/validations", validations)], {
          env: { PATH: `${bin}:/usr/bin:/bin` },
          encoding: "utf8",
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }

    it("ends when the container says that it is ready", () => {
      assert.equal(said({ ready: true }), "");
      assert.equal(said({}), "waiting for the driver container\n".repeat(2));
    });

    it("lets the nodes of a mixed zone pass whose hosts have a driver, wherever the validation would find it", () => {
      for (const smi of ["/usr/bin/nvidia-smi", "/opt/bin/nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"])
        assert.equal(said({ smi }), "the host has a driver\n", smi);
    });

    it("is not misled by what a removed driver left on the host", () => {
      assert.match(said({ smi: "/usr/bin/nvidia-smi", exit: 9 }), /^waiting for the driver container\n/);
    });

    it("is in every zone that installs a driver, and comes first", () => {
      const mixed = poolsText(poolText("a", "driver: { mode: preinstalled }"), poolText("b"));
      const precompiled = poolsText(
        poolText("a", "driver: { mode: precompiled }, kernel: 5.15.0-118-generic"),
      );
      for (const zone of [one, mixed, precompiled]) assert.equal(steps(podOf(operand, zone))[0], WAIT, zone);
      for (const zone of [
        HOST,
        gpu("driver: { enabled: false }"),
        `${one}cluster: { platform: preinstalled }\n`,
      ])
        assert.equal(wait(zone), undefined, zone);
    });

    it("sees the host as the validation does", () => {
      const of = podOf(operand, gpu("hostPaths: { rootFS: /sysroot }"));
      assert.equal(mountOf(of, WAIT, "/host"), "/sysroot");
      assert.equal(mountOf(of, WAIT, "/run/nvidia/validations"), "/run/nvidia/validations");
    });
  });
