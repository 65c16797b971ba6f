import assert from "node:assert/strict";
import type { V1DaemonSet, V1PodSpec } from "@kubernetes/client-node";
import { containerToolkit } from "../../../components/operands/container-toolkit.ts";
import { runtimeClasses } from "../../../components/operands/runtime-classes.ts";
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
} from "./operand-objects.ts";

const TOOLKIT = "nvidia-container-toolkit-ctr";
const NAME = "nvidia-container-toolkit-daemonset";

const one = (runtime: string, more = ""): string => poolsText(poolText("a", `runtime: ${runtime}`)) + more;
const gpu = (keys: string): string => one("containerd@2.1", `gpu: { ${keys} }\n`);
const platform = (name: string): string => `cluster: { platform: ${name} }\n`;
const pod = (zone: string): V1PodSpec => podOf(containerToolkit, zone);
const env = (zone: string) => envOf(pod(zone), TOOLKIT);

function sets(zone: string): V1DaemonSet[] {
  return objectsOf(containerToolkit, zone).filter(({ kind }) => kind === "DaemonSet");
}

/** What the toolkit is told of the runtime, with the host's paths behind those of the container. */
function told(of: V1PodSpec) {
  const { env: all } = { env: envOf(of, TOOLKIT) };
  const host = (file: string | undefined): string | undefined => {
    const [directory = "", name = ""] = (file ?? "").split(/(?<=\/)(?=[^/]*$)/);
    const root = mountOf(of, TOOLKIT, directory);
    return root === undefined ? undefined : `${root}/${name}`;
  };
  assert.equal(all["RUNTIME_CONFIG"], all["CONTAINERD_CONFIG"] ?? all["CRIO_CONFIG"]);
  assert.equal(all["RUNTIME_SOCKET"], all["CONTAINERD_SOCKET"]);
  assert.equal(host(all["RUNTIME_DROP_IN_CONFIG"]), all["RUNTIME_DROP_IN_CONFIG_HOST_PATH"]);
  return {
    runtime: all["RUNTIME"],
    source: all["RUNTIME_CONFIG_SOURCE"],
    config: host(all["RUNTIME_CONFIG"]),
    dropIn: host(all["RUNTIME_DROP_IN_CONFIG"]),
    socket: host(all["RUNTIME_SOCKET"]),
  };
}

const CONTAINERD = {
  runtime: "containerd",
  config: "/etc/containerd/config.toml",
  dropIn: "/etc/containerd/conf.d/99-nvidia.toml",
  socket: "/run/containerd/containerd.sock",
};
const CRIO = {
  runtime: "crio",
  config: "/etc/crio/config.toml",
  dropIn: "/etc/crio/crio.conf.d/99-nvidia.conf",
  socket: undefined,
};
const rancher = (name: string, version: string) => ({
  runtime: "containerd",
  source: "file",
  config: `/var/lib/rancher/${name}/agent/etc/containerd/config.toml`,
  dropIn: `/var/lib/rancher/${name}/agent/etc/containerd/config${version}.toml.d/99-nvidia.toml`,
  socket: "/run/k3s/containerd/containerd.sock",
});

describe("the container toolkit and the nodes' runtime", () => {
  const cases: [title: string, zone: string, wanted: object][] = [
    ["containerd 1.7", one("containerd@1.7"), { ...CONTAINERD, source: "command,file" }],
    ["containerd 1.7.24", one("containerd@1.7.24"), { ...CONTAINERD, source: "command,file" }],
    ["containerd 2.0", one("containerd@2.0"), { ...CONTAINERD, source: "file" }],
    ["containerd 2.1", one("containerd@2.1"), { ...CONTAINERD, source: "file" }],
    ["a runtime that nobody named", poolsText(poolText("a")), { ...CONTAINERD, source: "file" }],
    ["CRI-O", one("crio@1.34"), { ...CRIO, source: "command,file" }],
    [
      "containerd where the driver is on the hosts",
      one("containerd@2.1", platform("preinstalled")),
      { ...CONTAINERD, source: "file" },
    ],
    ["K3s", one("containerd@2.1", platform("k3s")), rancher("k3s", "-v3")],
    ["K3s with containerd 1.7", one("containerd@1.7", platform("k3s")), rancher("k3s", "")],
    ["RKE2", one("containerd@2.1", platform("rke2")), rancher("rke2", "-v3")],
    [
      "RKE2 of a runtime that nobody named",
      poolsText(poolText("a")) + platform("rke2"),
      rancher("rke2", "-v3"),
    ],
    ["CRI-O under K3s", one("crio@1.34", platform("k3s")), { ...CRIO, source: "command,file" }],
  ];
  for (const [title, zone, wanted] of cases)
    it(`reads and extends the configuration of ${title} where it is`, () => {
      assert.deepEqual(told(pod(zone)), wanted);
    });

  it("takes other paths of the host from the zone's variables, as the operator does", () => {
    const zone = gpu(
      "toolkit: { env: [{ name: CONTAINERD_CONFIG, value: /etc/k0s/c.toml }, { name: RUNTIME_DROP_IN_CONFIG, value: /etc/k0s/d/n.toml }, { name: CONTAINERD_SOCKET, value: /run/k0s.sock }, { name: RUNTIME_CONFIG_SOURCE, value: 'command,file=/etc/k0s/c.toml' }] }",
    );
    assert.deepEqual(told(pod(zone)), {
      runtime: "containerd",
      source: "command,file=/host/etc/k0s/c.toml",
      config: "/etc/k0s/c.toml",
      dropIn: "/etc/k0s/d/n.toml",
      socket: "/run/k0s.sock",
    });
    assertVolumesFit(pod(zone));
    const source = (value: string): string | undefined =>
      told(pod(gpu(`toolkit: { env: [{ name: RUNTIME_CONFIG_SOURCE, value: "${value}" }] }`))).source;
    assert.equal(
      source("file=/host/etc/k0s/c.toml"),
      "file=/host/etc/k0s/c.toml",
      "as upstream has it written",
    );
    assert.equal(source("file=/hosts/c.toml"), "file=/host/hosts/c.toml");
  });

  it("makes a handler for containerd, and finds the hooks of CRI-O", () => {
    const hooks = "/usr/share/containers/oci/hooks.d";
    assert.equal(env(one("containerd@2.1"))["CONTAINERD_RUNTIME_CLASS"], "nvidia");
    assert.equal(mountOf(pod(one("containerd@2.1")), TOOLKIT, hooks), undefined);
    assert.equal(env(one("crio@1.34"))["CONTAINERD_RUNTIME_CLASS"], undefined);
    assert.equal(mountOf(pod(one("crio@1.34")), TOOLKIT, hooks), hooks);
  });
});

describe("the container toolkit of a zone with several runtimes", () => {
  const zone = poolsText(
    poolText("a", "runtime: containerd@2.1"),
    poolText("b", "runtime: crio@1.34"),
    poolText("c"),
    poolText("d", "runtime: containerd@1.7"),
  );

  it("is one DaemonSet for each, the first of the contract's name", () => {
    assert.deepEqual(
      sets(zone).map(({ metadata }) => metadata?.name),
      [NAME, `${NAME}-crio`, `${NAME}-containerd-1`],
    );
    assert.deepEqual(
      sets(zone).map((each) => {
        const { runtime, source } = told(each.spec?.template.spec as V1PodSpec);
        return `${runtime ?? ""} ${source ?? ""}`;
      }),
      ["containerd file", "crio command,file", "containerd command,file"],
    );
  });

  it("runs each on the nodes of its pools alone", () => {
    assert.deepEqual(
      sets(zone).map(
        (each) =>
          each.spec?.template.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
            ?.nodeSelectorTerms,
      ),
      [["a", "c"], ["b"], ["d"]].map((values) => [
        { matchExpressions: [{ key: "gpu-zones.dev/pool", operator: "In", values }] },
      ]),
    );
    assert.equal(pod(one("crio@1.34")).affinity, undefined, "one runtime needs no choice");
  });

  it("is found by one label app, for which driver-manager waits, and selects each its own pods", () => {
    const selectors = sets(zone).map(({ spec }) => {
      const selected = spec?.selector.matchLabels ?? {};
      assert.deepEqual(spec?.template.metadata?.labels, selected);
      assert.equal(selected["app"], NAME);
      return selected["gpu-zones.dev/toolkit"];
    });
    assert.deepEqual(selectors, ["default", "crio", "containerd-1"]);
  });

  it("keeps the first one's selector when runtimes come, change and go: it can never be changed", () => {
    const selector = (of: string) => sets(of)[0]?.spec?.selector;
    for (const other of ["containerd@1.7", "crio@1.34"])
      assert.deepEqual(selector(one(other)), selector(zone));
  });
});

describe("the container toolkit's DaemonSet", () => {
  it("tells the toolkit what the contract says, and leaves other pods' runtime alone", () => {
    const { RUNTIME_CONFIG_SOURCE: source, ...all } = env(one("containerd@2.1"));
    assert.equal(source, "file");
    assert.deepEqual(all, {
      ROOT: "/usr/local/nvidia",
      NVIDIA_CONTAINER_RUNTIME_MODES_CDI_DEFAULT_KIND: "management.nvidia.com/gpu",
      NVIDIA_VISIBLE_DEVICES: "void",
      TOOLKIT_PID_FILE: "/run/nvidia/toolkit/toolkit.pid",
      NRI_NAMESPACE: "metadata.namespace",
      ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED: "false",
      CDI_ENABLED: "true",
      NVIDIA_RUNTIME_SET_AS_DEFAULT: "false",
      NVIDIA_CONTAINER_RUNTIME_MODE: "cdi",
      CRIO_CONFIG_MODE: "config",
      RUNTIME: "containerd",
      CONTAINERD_RUNTIME_CLASS: "nvidia",
      RUNTIME_CONFIG: "/runtime/config-dir/config.toml",
      CONTAINERD_CONFIG: "/runtime/config-dir/config.toml",
      RUNTIME_DROP_IN_CONFIG: "/runtime/config-dir.d/99-nvidia.toml",
      RUNTIME_DROP_IN_CONFIG_HOST_PATH: "/etc/containerd/conf.d/99-nvidia.toml",
      RUNTIME_SOCKET: "/runtime/sock-dir/containerd.sock",
      CONTAINERD_SOCKET: "/runtime/sock-dir/containerd.sock",
    });
  });

  const CDI = [
    "CDI_ENABLED",
    "NVIDIA_RUNTIME_SET_AS_DEFAULT",
    "NVIDIA_CONTAINER_RUNTIME_MODE",
    "CRIO_CONFIG_MODE",
    "ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED",
    "ACCEPT_NVIDIA_VISIBLE_DEVICES_AS_VOLUME_MOUNTS",
  ];
  const modes: [title: string, zone: string, wanted: (string | undefined)[]][] = [
    [
      "with CDI on, whoever says it",
      gpu("cdi: { enabled: true }"),
      ["true", "false", "cdi", "config", "false", undefined],
    ],
    [
      "by the runtime of every pod with CDI off, which no pod can turn to GPUs by a variable",
      gpu("cdi: { enabled: false }"),
      [undefined, "true", undefined, undefined, "false", "true"],
    ],
    [
      "by CRI-O's hook with CDI off",
      one("crio@1.34", "gpu: { cdi: { enabled: false } }\n"),
      [undefined, "false", undefined, "hook", "false", "true"],
    ],
  ];
  for (const [title, zone, wanted] of modes)
    it(`gives pods their GPUs ${title}`, () => {
      assert.deepEqual(
        CDI.map((name) => env(zone)[name]),
        wanted,
      );
    });

  it("is not there when it is disabled, with nothing that is its own", () => {
    assert.deepEqual(objectsOf(containerToolkit, gpu("toolkit: { enabled: false }")), []);
    assert.ok(objectsOf(containerToolkit, gpu("toolkit: { enabled: true }")).length > 0);
  });

  it("runs the image, variables, resources and tolerations that the zone says", () => {
    const zone = gpu(
      "toolkit: { image: r:5000/toolkit, version: v9, env: [{ name: A, value: b }, { name: NVIDIA_RUNTIME_SET_AS_DEFAULT, value: 'true' }], resources: { cpu: 1 }, tolerations: [{ key: own, operator: Exists }] }",
    );
    assert.equal(containerOf(pod(zone), TOOLKIT).image, "r:5000/toolkit:v9");
    assert.equal(env(zone)["A"], "b");
    assert.equal(env(zone)["NVIDIA_RUNTIME_SET_AS_DEFAULT"], "true");
    assert.deepEqual(containerOf(pod(zone), TOOLKIT).resources, {
      requests: { cpu: "1" },
      limits: { cpu: "1" },
    });
    assert.deepEqual(pod(zone).tolerations?.at(-1), { key: "own", operator: "Exists" });
    assert.equal(
      containerOf(pod(one("containerd@2.1")), TOOLKIT).image,
      "nvcr.io/nvidia/k8s/container-toolkit:v1.20.0",
    );
  });

  it("installs where the zone says", () => {
    const zone = gpu("toolkit: { installDir: /opt/nvidia }");
    assert.equal(env(zone)["ROOT"], "/opt/nvidia");
    assert.equal(mountOf(pod(zone), TOOLKIT, "/opt/nvidia"), "/opt/nvidia");
    assert.equal(mountOf(pod(gpu("")), TOOLKIT, "/usr/local/nvidia"), "/usr/local/nvidia");
  });

  it("follows the host paths of the zone", () => {
    const zone = gpu(
      "driver: { enabled: false }, hostPaths: { rootFS: /sysroot, driverInstallDir: /opt/driver }",
    );
    assert.equal(mountOf(pod(zone), TOOLKIT, "/driver-root"), "/opt/driver");
    assert.equal(mountOf(pod(zone), TOOLKIT, "/host"), "/sysroot");
    for (const { name } of containersOf(pod(zone)))
      assert.equal(envOf(pod(zone), name)["HOST_ROOT"], "/sysroot", name);
  });

  it("has time to take its part out of the runtime's configuration when it goes", () => {
    assert.ok((pod(one("containerd@2.1")).terminationGracePeriodSeconds ?? 0) >= 30);
  });

  it("needs no RuntimeClass, which it makes, and sees the host's processes", () => {
    assert.equal(pod(one("containerd@2.1")).runtimeClassName, undefined);
    assert.equal(pod(one("containerd@2.1")).hostPID, true);
  });

  it("starts by a script that waits for the driver's variables, and restarts when the script changes", () => {
    const [configMap] = objectsOf(containerToolkit, one("crio@1.34")).filter(
      ({ kind }) => kind === "ConfigMap",
    );
    assert.equal(configMap?.metadata.name, "nvidia-container-toolkit-entrypoint");
    const script = (configMap as { data?: Record<string, string> }).data?.["entrypoint.sh"] ?? "";
    assert.match(script, /until \[ -f \/run\/nvidia\/validations\/driver-ready \]/);
    assert.match(script, /\nsleep 5\nexec nvidia-toolkit\n$/);
    assert.equal(mountOf(pod(one("crio@1.34")), TOOLKIT, "/bin/entrypoint.sh"), configMap.metadata.name);
    const annotations = daemonSetOf(containerToolkit, one("crio@1.34")).spec?.template.metadata?.annotations;
    assert.match(annotations?.["gpu-zones.dev/entrypoint-hash"] ?? "", /^[0-9a-f]{10}$/);
  });

  it("mounts volumes that it has, in every variant", () => {
    for (const zone of [
      "",
      one("crio@1.34"),
      one("containerd@2.1", platform("k3s")),
      gpu("driver: { enabled: false }"),
      gpu(
        "cdi: { enabled: false }, driver: { enabled: false }, hostPaths: { rootFS: /sysroot, driverInstallDir: /opt/driver }",
      ),
    ])
      for (const each of sets(zone)) assertVolumesFit(each.spec?.template.spec as V1PodSpec);
  });

  it("has a service account that may list DaemonSets in the operands' namespace, and nothing in the cluster", () => {
    const objects = objectsOf(containerToolkit, one("containerd@2.1"));
    assert.deepEqual(
      namesOf(objects).filter((name) => !/^(ConfigMap|DaemonSet) /.test(name)),
      ["ServiceAccount", "Role", "RoleBinding"].map((kind) => `${kind} nvidia-container-toolkit`),
    );
    assert.deepEqual(objects.find(({ kind }) => kind === "Role")?.["rules"], [
      { apiGroups: ["apps"], resources: ["daemonsets"], verbs: ["list"] },
    ]);
    assert.equal(pod(one("containerd@2.1")).serviceAccountName, "nvidia-container-toolkit");
  });
});

describe("the RuntimeClasses", () => {
  const names = (zone: string) => objectsOf(runtimeClasses, zone).map(({ metadata }) => metadata.name);

  it("are the handlers that the toolkit makes: three with CDI, one without", () => {
    assert.deepEqual(names(""), ["nvidia", "nvidia-cdi", "nvidia-legacy"]);
    assert.deepEqual(names(gpu("cdi: { enabled: true }")), ["nvidia", "nvidia-cdi", "nvidia-legacy"]);
    assert.deepEqual(names(gpu("cdi: { enabled: false }")), ["nvidia"]);
  });
});
