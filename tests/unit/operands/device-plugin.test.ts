import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { V1Container, V1DaemonSet, V1PodSpec, V1Toleration } from "@kubernetes/client-node";
import fc from "fast-check";
import { parse } from "yaml";
import { contentHash } from "../../../components/operands/content-hash.ts";
import { devicePlugin } from "../../../components/operands/device-plugin.ts";
import { poolTable } from "../../../components/operands/labeller.ts";
import { RELEASES } from "../../../components/releases/releases.ts";
import type { KubernetesObject } from "../../../plan/object.ts";
import { zoneOf } from "../render/zone-text.ts";

const RELEASE = RELEASES["26.7"];
const IMAGE = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0";
const CONFIG = "nvidia-device-plugin-config";

function objects(zone: string): KubernetesObject[] {
  return devicePlugin.manifests(zoneOf(zone), RELEASE);
}

function daemonSet(zone: string): V1DaemonSet {
  const found = objects(zone).find(({ kind }) => kind === "DaemonSet");
  assert.ok(found !== undefined);
  return found;
}

function pod(zone: string): V1PodSpec {
  const spec = daemonSet(zone).spec?.template.spec;
  assert.ok(spec !== undefined);
  return spec;
}

/** The container that serves the GPUs. */
function plugin(zone: string): V1Container {
  const container = pod(zone).containers.find(({ name }) => name === "nvidia-device-plugin");
  assert.ok(container !== undefined);
  return container;
}

function variable(zone: string, name: string): string | undefined {
  return plugin(zone).env?.find((each) => each.name === name)?.value;
}

/** The script with which the plugin starts. */
function script(zone: string): string {
  const configMap = objects(zone).find(({ metadata }) => metadata.name === "nvidia-device-plugin-entrypoint");
  return (configMap as { data?: Record<string, string> } | undefined)?.data?.["entrypoint.sh"] ?? "";
}

/** The script over a folder of its own: MODULES are loaded, the driver is ready, the plugin prints what it sees. */
function runnable(text: string): string {
  return `root=$(mktemp -d); for m in $MODULES; do mkdir -p "$root/sys/module/$m"; done
echo FROM_DRIVER=driver > "$root/driver-ready"
${text
  .replaceAll("/run/nvidia/validations/driver-ready", '"$root/driver-ready"')
  .replaceAll("/sys/module", "$root/sys/module")
  .replace(
    "exec nvidia-device-plugin",
    "sh -c 'echo \"$FROM_DRIVER $GDRCOPY_ENABLED $GDS_ENABLED $MOFED_ENABLED\"'",
  )}
rm -r "$root"`;
}

/** Entries of the plugin's ConfigMap, read. */
function entries(zone: string): Record<string, unknown> {
  const configMap = objects(zone).find(
    ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === CONFIG,
  );
  const data = (configMap as { data?: Record<string, string> } | undefined)?.data ?? {};
  return Object.fromEntries(Object.entries(data).map(([name, text]) => [name, parse(text) as unknown]));
}

/** Names of the entries beside the default one. */
function names(zone: string): string[] {
  return Object.keys(entries(zone)).filter((name) => name !== "default");
}

/** What a zone's nodes are labelled with, by pool. */
function poolLabels(zone: string): Record<string, string | null> {
  const rows = poolTable(zoneOf(zone));
  return Object.fromEntries(rows.map((row) => [row.pool, row.devicePluginConfig]));
}

function pools(...lines: string[]): string {
  const board = "product: NVIDIA-A100-PCIE-40GB, gpusPerNode: 8, os: ubuntu22.04";
  return `nodePools:\n${lines.map((line, index) => `  p${index}: { ${board}, nodes: [n${index}]${line === "" ? "" : `, ${line}`} }\n`).join("")}`;
}

const strategy = (name: string): string => `gpu: { mig: { strategy: ${name} } }\n`;

const GPU_TAINT: V1Toleration = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };

describe("the device plugin's DaemonSet", () => {
  it("selects exactly its own pods, by a selector that nothing changes", () => {
    const everything = `${pools("sharing: { timeSlicing: 2 }, taints: [{ key: a, effect: NoSchedule }]")}gpu: { devicePlugin: { version: v9, env: [{ name: A, value: b }] }, daemonsets: { updateStrategy: OnDelete } }\n`;
    for (const zone of ["", everything]) {
      const { spec } = daemonSet(zone);
      assert.deepEqual(spec?.selector, { matchLabels: { app: "nvidia-device-plugin-daemonset" } });
      assert.deepEqual(spec.template.metadata?.labels, spec.selector.matchLabels);
    }
  });

  it("runs where the labeller deploys it, and the engine does not wait for it", () => {
    assert.deepEqual(pod("").nodeSelector, { "nvidia.com/gpu.deploy.device-plugin": "true" });
    assert.equal(daemonSet("").metadata?.annotations?.["pulumi.com/skipAwait"], "true");
  });

  it("restarts when its entrypoint changes, and not when an entry of its configuration does", () => {
    const hash = (zone: string): string | undefined =>
      daemonSet(zone).spec?.template.metadata?.annotations?.["gpu-zones.dev/entrypoint-hash"];
    assert.match(hash("") ?? "", /^[0-9a-f]{10}$/);
    assert.deepEqual(
      daemonSet(pools("sharing: { timeSlicing: 2 }")).spec?.template,
      daemonSet(pools("sharing: { timeSlicing: 3 }")).spec?.template,
    );
    assert.equal(hash(""), contentHash(script("")));
  });

  it("offers GDRCopy and GPUDirect Storage where their modules are loaded, unless somebody said otherwise", () => {
    const started = (env: Record<string, string>): string =>
      execFileSync("/bin/sh", ["-c", runnable(script(""))], { env, encoding: "utf8" });
    assert.equal(started({ MODULES: "gdrdrv nvidia_fs" }), "driver true true true\n");
    assert.equal(started({ MODULES: "gdrdrv" }), "driver true  \n");
    assert.equal(started({ MODULES: "" }), "driver   \n");
    assert.equal(
      started({ MODULES: "gdrdrv nvidia_fs", GDS_ENABLED: "false", GDRCOPY_ENABLED: "false" }),
      "driver false false true\n",
    );
  });

  it("tolerates the taints that any pool declares, with their values and effects, and NVIDIA's own", () => {
    const zone = pools(
      "taints: [{ key: dedicated, value: ml, effect: NoExecute }, { key: spot, effect: PreferNoSchedule }]",
      "taints: [{ key: dedicated, value: ml, effect: NoExecute }, { key: nvidia.com/gpu, effect: NoSchedule }]",
    );
    assert.deepEqual(pod(zone).tolerations, [
      GPU_TAINT,
      { key: "dedicated", operator: "Equal", value: "ml", effect: "NoExecute" },
      { key: "spot", operator: "Exists", effect: "PreferNoSchedule" },
    ]);
  });

  it("tolerates what the zone says for all operands, and for this one", () => {
    const zone =
      "gpu:\n  daemonsets: { tolerations: [{ key: all, operator: Exists }] }\n  devicePlugin: { tolerations: [{ key: own, operator: Equal, value: x, effect: NoExecute, tolerationSeconds: 60 }] }\n";
    assert.deepEqual(pod(zone).tolerations, [
      GPU_TAINT,
      { key: "all", operator: "Exists" },
      { key: "own", operator: "Equal", value: "x", effect: "NoExecute", tolerationSeconds: 60 },
    ]);
  });

  it("has the priority of the zone's operands", () => {
    assert.equal(pod("").priorityClassName, "system-node-critical");
    assert.equal(pod("gpu: { daemonsets: { priorityClassName: gpu } }\n").priorityClassName, "gpu");
  });

  it("is updated node by node, or when its pods are deleted", () => {
    const rolling = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } };
    assert.deepEqual(daemonSet("").spec?.updateStrategy, rolling);
    const explicit = "gpu: { daemonsets: { updateStrategy: RollingUpdate } }\n";
    assert.deepEqual(daemonSet(explicit).spec?.updateStrategy, rolling);
    const onDelete = "gpu: { daemonsets: { updateStrategy: OnDelete } }\n";
    assert.deepEqual(daemonSet(onDelete).spec?.updateStrategy, { type: "OnDelete" });
  });

  const DIGEST = `sha256:${"0a1b".repeat(16)}`;
  const images: [settings: string, image: string][] = [
    ["{}", IMAGE],
    ["{ version: v0.21.0 }", "nvcr.io/nvidia/k8s-device-plugin:v0.21.0"],
    ["{ image: registry:5000/plugin }", "registry:5000/plugin:v0.20.0"],
    ["{ image: registry:5000/plugin, version: v1 }", "registry:5000/plugin:v1"],
    [`{ version: "${DIGEST}" }`, `nvcr.io/nvidia/k8s-device-plugin@${DIGEST}`],
  ];
  for (const [settings, image] of images) {
    it(`runs ${image} for ${settings}, in the plugin and its config managers alike`, () => {
      const { containers, initContainers = [] } = pod(`gpu: { devicePlugin: ${settings} }\n`);
      const own = [...containers, ...initContainers].filter(({ name }) => name !== "toolkit-validation");
      assert.deepEqual(
        own.map((container) => `${container.name} ${container.image ?? ""}`),
        ["nvidia-device-plugin", "config-manager", "config-manager-init"].map((name) => `${name} ${image}`),
      );
    });
  }

  it("waits for the container toolkit with the operator's image, whatever its own is", () => {
    const [first] = pod("gpu: { devicePlugin: { image: x/y } }\n").initContainers ?? [];
    assert.deepEqual(
      [first?.name, first?.image],
      ["toolkit-validation", "nvcr.io/nvidia/gpu-operator:v26.7.0"],
    );
  });

  it("gets the zone's variables, which replace ours of their name", () => {
    const zone =
      "gpu: { devicePlugin: { env: [{ name: NEW, value: a }, { name: DEVICE_ID_STRATEGY, value: index }] } }\n";
    assert.equal(variable(zone, "NEW"), "a");
    assert.equal(variable(zone, "DEVICE_ID_STRATEGY"), "index");
    const all = plugin(zone).env?.map(({ name }) => name) ?? [];
    assert.deepEqual(all, [...new Set(all)], "the API server refuses a name twice");
  });

  const resources: [settings: string, wanted: object | undefined][] = [
    ["", undefined],
    [
      "{ cpu: 100m, memory: 64Mi }",
      { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "100m", memory: "64Mi" } },
    ],
    ["{ cpu: 1 }", { requests: { cpu: "1" }, limits: { cpu: "1" } }],
    ["{ requests: { cpu: 50m } }", { requests: { cpu: "50m" } }],
    [
      "{ memory: 64Mi, limits: { memory: 128Mi } }",
      { requests: { memory: "64Mi" }, limits: { memory: "128Mi" } },
    ],
  ];
  for (const [settings, wanted] of resources) {
    it(`asks for ${JSON.stringify(wanted ?? "nothing")} for the resources ${settings === "" ? "of nobody" : settings}`, () => {
      const zone = settings === "" ? "" : `gpu: { devicePlugin: { resources: ${settings} } }\n`;
      assert.deepEqual(plugin(zone).resources, wanted);
    });
  }

  it("goes by the zone's MIG strategy, and watches MIG devices unless there are none to watch", () => {
    const found = ["none", "single", "mixed"].map((name) => [
      variable(strategy(name), "MIG_STRATEGY"),
      variable(strategy(name), "NVIDIA_MIG_MONITOR_DEVICES"),
    ]);
    assert.deepEqual(found, [
      ["none", undefined],
      ["single", "all"],
      ["mixed", "all"],
    ]);
    assert.equal(variable("", "MIG_STRATEGY"), "single", "as upstream");
  });

  it("is not there when it is disabled; its configuration is, while GPU Feature Discovery reads it", () => {
    const left = objects("gpu: { devicePlugin: { enabled: false } }\n");
    assert.deepEqual(
      left.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      [`ConfigMap ${CONFIG}`],
    );
    assert.deepEqual(objects("gpu: { devicePlugin: { enabled: false }, gfd: { enabled: false } }\n"), []);
    const enabled = "gpu: { devicePlugin: { enabled: true }, gfd: { enabled: false } }\n";
    assert.deepEqual(objects(enabled), objects(""));
  });

  it("mounts volumes that it has, and ConfigMaps that the plan has", () => {
    const { volumes = [], containers, initContainers = [] } = pod("");
    const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) =>
      volumeMounts.map(({ name }) => name),
    );
    assert.deepEqual([...new Set(mounted)].toSorted(), volumes.map(({ name }) => name).toSorted());
    const made = objects("")
      .filter(({ kind }) => kind === "ConfigMap")
      .map(({ metadata }) => metadata.name);
    assert.deepEqual(volumes.flatMap(({ configMap }) => configMap?.name ?? []).toSorted(), made.toSorted());
  });

  it("has a service account that may read nodes and nothing else", () => {
    const rules = objects("").find(({ kind }) => kind === "ClusterRole")?.["rules"];
    assert.deepEqual(rules, [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }]);
    assert.equal(pod("").serviceAccountName, "nvidia-device-plugin");
  });
});

describe("the device plugin's entries", () => {
  it("share by MPS where a pool says so, without the mixed strategy, with which the plugin does not start", () => {
    const zone = `${strategy("mixed")}${pools("sharing: { mps: 4 }", "sharing: { timeSlicing: 4 }")}`;
    const [mps = "", sliced = ""] = names(zone);
    const resources = [{ name: "nvidia.com/gpu", replicas: 4 }];
    assert.deepEqual(entries(zone)[mps], {
      version: "v1",
      flags: { migStrategy: "none" },
      sharing: { mps: { failRequestsGreaterThanOne: true, resources } },
    });
    assert.deepEqual(entries(zone)[sliced], {
      version: "v1",
      flags: { migStrategy: "mixed" },
      sharing: { timeSlicing: { failRequestsGreaterThanOne: true, resources } },
    });
  });

  it("are the default alone where nobody shares, with the zone's strategy", () => {
    assert.deepEqual(entries(`${strategy("mixed")}${pools("", "mig: all-1g.5gb")}`), {
      default: { version: "v1", flags: { migStrategy: "mixed" } },
    });
  });

  const shared: [title: string, zone: string, resources: { name: string; replicas: number }[]][] = [
    [
      "whole boards",
      strategy("mixed") + pools("sharing: { timeSlicing: 4 }"),
      [{ name: "nvidia.com/gpu", replicas: 4 }],
    ],
    [
      "equal slices under mixed, by their profile",
      strategy("mixed") + pools("mig: all-1g.5gb, sharing: { timeSlicing: 2 }"),
      [{ name: "nvidia.com/mig-1g.5gb", replicas: 2 }],
    ],
    [
      "equal slices under single",
      strategy("single") + pools("mig: all-1g.5gb, sharing: { timeSlicing: 2 }"),
      [{ name: "nvidia.com/gpu", replicas: 2 }],
    ],
    [
      "unequal slices under mixed, each profile",
      strategy("mixed") + pools("mig: all-balanced, sharing: { timeSlicing: 3 }"),
      ["1g.5gb", "2g.10gb", "3g.20gb"].map((profile) => ({ name: `nvidia.com/mig-${profile}`, replicas: 3 })),
    ],
    [
      "boards out of MIG mode",
      strategy("mixed") + pools("mig: all-disabled, sharing: { timeSlicing: 2 }"),
      [{ name: "nvidia.com/gpu", replicas: 2 }],
    ],
  ];
  for (const [title, zone, wanted] of shared) {
    it(`share ${title}, and refuse more than one share to a container`, () => {
      const [name = ""] = names(zone);
      const entry = entries(zone)[name] as { version: string; sharing: { timeSlicing: object } };
      assert.equal(entry.version, "v1");
      assert.deepEqual(entry.sharing, {
        timeSlicing: { failRequestsGreaterThanOne: true, resources: wanted },
      });
    });
  }

  it("are named by pool and content, and the pool's nodes are labelled with the name", () => {
    const zone = pools("sharing: { timeSlicing: 2 }", "");
    const [name = ""] = names(zone);
    assert.match(name, /^p0-[0-9a-f]{10}$/);
    assert.deepEqual(poolLabels(zone), { p0: name, p1: null });
  });

  it("keep their names while something else changes: a rename would restart the plugins of the pool", () => {
    const before = names(pools("sharing: { timeSlicing: 2 }"));
    const other =
      "gpu: { devicePlugin: { version: v9, env: [{ name: A, value: b }] }, daemonsets: { priorityClassName: x } }\n";
    for (const zone of [
      pools("sharing: { timeSlicing: 2 }") + other,
      pools(
        "sharing: { timeSlicing: 2 }, cpu: 64, taints: [{ key: a, effect: NoSchedule }], labels: { a: b }",
      ),
    ])
      assert.deepEqual(names(zone), before);
    assert.deepEqual(
      names(pools("sharing: { timeSlicing: 2 }", "sharing: { timeSlicing: 3 }")).slice(0, 1),
      before,
    );
  });

  it("change their names exactly with their content, whatever the zone", () => {
    const pool = fc.record({
      replicas: fc.integer({ min: 2, max: 5 }),
      mig: fc.constantFrom("", "mig: all-1g.5gb, ", "mig: all-balanced, "),
      migStrategy: fc.constantFrom("none", "single", "mixed"),
    });
    fc.assert(
      fc.property(pool, pool, (a, b) => {
        const zone = ({ replicas, mig, migStrategy }: typeof a): string =>
          strategy(migStrategy) + pools(`${mig}sharing: { timeSlicing: ${replicas} }`);
        const [left, right] = [a, b].map((each) => ({
          name: names(zone(each))[0] ?? "",
          all: entries(zone(each)),
        }));
        assert.ok(left !== undefined && right !== undefined);
        const sameContent = JSON.stringify(left.all[left.name]) === JSON.stringify(right.all[right.name]);
        assert.equal(left.name === right.name, sameContent);
      }),
    );
  });

  it("have names that fit into a label, for the longest name of a pool", () => {
    const long = "p".repeat(52);
    const zone = `nodePools: { ${long}: { product: x, gpusPerNode: 1, os: x, nodes: [n], sharing: { timeSlicing: 2 } } }\n`;
    assert.equal(names(zone)[0]?.length, 63);
  });

  it("are looked for where the ConfigMap is, under the label that the labeller sets, with the default as a start", () => {
    const managers = [...(pod("").initContainers ?? []), ...pod("").containers].filter(({ name }) =>
      name.startsWith("config-manager"),
    );
    assert.equal(managers.length, 2);
    for (const { env = [], volumeMounts = [] } of managers) {
      const value = (name: string): string | undefined => env.find((each) => each.name === name)?.value;
      assert.equal(value("NODE_LABEL"), "nvidia.com/device-plugin.config");
      assert.equal(value("DEFAULT_CONFIG"), "default");
      const mount = volumeMounts.find(({ mountPath }) => mountPath === value("CONFIG_FILE_SRCDIR"));
      assert.equal(pod("").volumes?.find(({ name }) => name === mount?.name)?.configMap?.name, CONFIG);
      assert.equal(value("CONFIG_FILE_DST"), variable("", "CONFIG_FILE"));
    }
  });
});
