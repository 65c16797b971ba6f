import assert from "node:assert/strict";
import type { V1PodSpec, V1Toleration } from "@kubernetes/client-node";
import fc from "fast-check";
import { parse } from "yaml";
import { devicePlugin } from "../../../components/operands/device-plugin.ts";
import { gpuFeatureDiscovery } from "../../../components/operands/gpu-feature-discovery.ts";
import { poolTable } from "../../../components/operands/labeller.ts";
import { migManager } from "../../../components/operands/mig-manager.ts";
import type { Operand } from "../../../components/operands/operand.ts";
import { OPERANDS } from "../../../components/operands/operands.ts";
import { schemaKeys } from "../../../docs/schema-keys.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { podTemplate } from "../../../plan/workload.ts";
import { zoneOf } from "../render/zone-text.ts";
import {
  containerOf,
  daemonSetOf,
  envOf,
  mountOf,
  namesOf,
  objectsOf,
  podOf,
  withPool,
} from "./operand-objects.ts";

/** What stands under the key, and what is seen of it in the objects. */
interface Row {
  readonly value: string;
  readonly seen: (zone: Zone) => unknown;
  readonly wanted: unknown;
}

/** Operands that follow the common shape of settings: by their key, with the container that it is about. */
const SHAPED: readonly [key: string, operand: Operand, container: string][] = [
  ["devicePlugin", devicePlugin, "nvidia-device-plugin"],
  ["gfd", gpuFeatureDiscovery, "gpu-feature-discovery"],
  ["migManager", migManager, "nvidia-mig-manager"],
];

const hasDaemonSet = (operand: Operand) => (zone: Zone) =>
  namesOf(objectsOf(operand, zone)).some((name) => name.startsWith("DaemonSet"));

function shape(key: string, operand: Operand, container: string): [path: string, row: Row][] {
  const main = (zone: Zone) => containerOf(podOf(operand, zone), container);
  const image = (zone: Zone): string => (main(zone).image ?? "").replace(/^.*\//, "");
  const pinned = key === "migManager" ? "k8s-mig-manager" : "k8s-device-plugin";
  const resource = (list: "requests" | "limits", name: string) => (zone: Zone) =>
    main(zone).resources?.[list]?.[name];
  const both = (name: string) => (zone: Zone) =>
    (["requests", "limits"] as const).map((list) => resource(list, name)(zone));
  const rows: Record<string, Row> = {
    enabled: { value: "false", seen: hasDaemonSet(operand), wanted: false },
    version: { value: "v9", seen: image, wanted: `${pinned}:v9` },
    image: {
      value: "r:5000/own",
      seen: (zone) => main(zone).image?.replace(/:[^:]*$/, ""),
      wanted: "r:5000/own",
    },
    env: {
      value: "[{ name: A, value: b }]",
      seen: (zone) => envOf(podOf(operand, zone), container)["A"],
      wanted: "b",
    },
    tolerations: {
      value: "[{ key: own, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }]",
      seen: (zone) => podOf(operand, zone).tolerations?.at(-1),
      wanted: { key: "own", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 },
    },
    "resources.cpu": { value: "100m", seen: both("cpu"), wanted: ["100m", "100m"] },
    "resources.memory": { value: "64Mi", seen: both("memory"), wanted: ["64Mi", "64Mi"] },
    "resources.requests.cpu": { value: "2", seen: resource("requests", "cpu"), wanted: "2" },
    "resources.requests.memory": { value: "1Gi", seen: resource("requests", "memory"), wanted: "1Gi" },
    "resources.limits.cpu": { value: "2", seen: resource("limits", "cpu"), wanted: "2" },
    "resources.limits.memory": { value: "1Gi", seen: resource("limits", "memory"), wanted: "1Gi" },
  };
  return Object.entries(rows).map(([path, row]) => [`gpu.${key}.${path}`, row]);
}

const ofAll = (seen: (operand: Operand, zone: Zone) => unknown) => (zone: Zone) =>
  SHAPED.map(([, operand]) => seen(operand, zone));
const inAll = (value: unknown): unknown[] => SHAPED.map(() => value);
const table = (zone: Zone) => poolTable(zone)[0];
const entry = (zone: Zone): unknown => {
  const configs = objectsOf(devicePlugin, zone).find(
    ({ metadata }) => metadata.name === "nvidia-device-plugin-config",
  );
  const data = (configs as { data?: Record<string, string> } | undefined)?.data ?? {};
  return parse(data[table(zone)?.devicePluginConfig ?? ""] ?? "") as unknown;
};

const ROWS: ReadonlyMap<string, Row> = new Map<string, Row>([
  ...SHAPED.flatMap(([key, operand, container]) => shape(key, operand, container)),
  [
    "gpu.devicePlugin.mps.root",
    {
      value: "/var/mps",
      seen: (zone) => {
        const pod = podOf(devicePlugin, zone);
        const name = "nvidia-device-plugin";
        return [envOf(pod, name)["MPS_ROOT"], mountOf(pod, name, "/mps"), mountOf(pod, name, "/dev/shm")];
      },
      wanted: ["/var/mps", "/var/mps", "/var/mps/shm"],
    },
  ],
  [
    "gpu.migManager.gpuClientsConfig.name",
    {
      value: "mine",
      seen: (zone) => mountOf(podOf(migManager, zone), "nvidia-mig-manager", "/gpu-clients"),
      wanted: "mine",
    },
  ],
  ...["gpu.mig.strategy", "gpu.migManager.strategy"].map((path): [string, Row] => [
    path,
    {
      value: "mixed",
      seen: (zone) => [
        envOf(podOf(devicePlugin, zone), "nvidia-device-plugin")["MIG_STRATEGY"],
        envOf(podOf(gpuFeatureDiscovery, zone), "gpu-feature-discovery")["MIG_STRATEGY"],
      ],
      wanted: ["mixed", "mixed"],
    },
  ]),
  [
    "gpu.daemonsets.priorityClassName",
    {
      value: "own",
      seen: ofAll((operand, zone) => podOf(operand, zone).priorityClassName),
      wanted: inAll("own"),
    },
  ],
  [
    "gpu.daemonsets.updateStrategy",
    {
      value: "OnDelete",
      seen: ofAll((operand, zone) => daemonSetOf(operand, zone).spec?.updateStrategy),
      wanted: inAll({ type: "OnDelete" }),
    },
  ],
  [
    "gpu.daemonsets.tolerations",
    {
      value: "[{ operator: Exists }]",
      seen: ofAll((operand, zone) => podOf(operand, zone).tolerations?.at(-1)),
      wanted: inAll({ operator: "Exists" }),
    },
  ],
  ["nodePools.p.nodes", { value: "[m1, m2]", seen: (zone) => table(zone)?.nodes, wanted: ["m1", "m2"] }],
  ["nodePools.p.product", { value: "Tesla-T4", seen: hasDaemonSet(migManager), wanted: false }],
  ["nodePools.p.mig", { value: "all-1g.5gb", seen: (zone) => table(zone)?.migConfig, wanted: "all-1g.5gb" }],
  [
    "nodePools.p.sharing.timeSlicing",
    {
      value: "3",
      seen: entry,
      wanted: {
        version: "v1",
        flags: { migStrategy: "single" },
        sharing: {
          timeSlicing: {
            failRequestsGreaterThanOne: true,
            resources: [{ name: "nvidia.com/gpu", replicas: 3 }],
          },
        },
      },
    },
  ],
  [
    "nodePools.p.taints",
    {
      value: "[{ key: own, value: x, effect: NoExecute }]",
      seen: ofAll((operand, zone) => podOf(operand, zone).tolerations?.at(-1)),
      wanted: inAll({ key: "own", operator: "Equal", value: "x", effect: "NoExecute" }),
    },
  ],
]);

/** Keys that say what nodes are, to checks, to the packer, to simulated zones or to operands with tests of their own. */
const ELSEWHERE: readonly RegExp[] = [
  /^nodePools\.p\.(hardware|gpusPerNode|cpu|memory|os|kernel|runtime|labels|count|secureBoot)$/,
  /^nodePools\.p\.(selector|labels|board|driver)(\.|$)/,
  // What all operands have in common: daemon-set.test.ts.
  /^gpu\.daemonsets\.(rollingUpdate|labels|annotations)\./,
  // Its test builds the pool itself: mps-control-daemon.test.ts.
  /^nodePools\.p\.sharing\.mps$/,
  // Layouts by profile: mig-config.test.ts.
  /^nodePools\.p\.mig\.p$/,
];

/** Keys of `gpu` of which every value is followed here. */
const FOLLOWED = /^(gpu\.(mig|daemonsets|devicePlugin|gfd|migManager)|nodePools\.p)\./;

/** A zone of one pool, with a value at a path of its keys. */
function zoneWith(path: string, value: string): Zone {
  const keys = path.split(".");
  const lines = keys.map((key, depth) => `${"  ".repeat(depth)}${key}:`);
  const pool = { product: "NVIDIA-A100-PCIE-40GB", gpusPerNode: "1", os: "ubuntu22.04", nodes: "[n1]" };
  const own = keys[0] === "nodePools" ? (keys[2] ?? "") : "";
  const others = Object.entries(pool).filter(([key]) => key !== own);
  const rest = others.map(([key, each]) => `    ${key}: ${each}\n`).join("");
  if (own === "") return zoneOf(`${lines.join("\n")} ${value}\nnodePools:\n  p:\n${rest}`);
  return zoneOf(`${lines.slice(0, 2).join("\n")}\n${rest}${lines.slice(2).join("\n")} ${value}\n`);
}

describe("a value of the zone's configuration", () => {
  for (const [path, { value, seen, wanted }] of ROWS) {
    it(`reaches the objects: ${path}: ${value}`, () => {
      assert.deepEqual(seen(zoneWith(path, value)), wanted);
      // The row could not fail if it saw the same without the key.
      assert.notDeepEqual(seen(zoneWith("site", "x")), wanted);
    });
  }

  it("has a row for each key, none left out", () => {
    const keys = [...schemaKeys()].map(([path, state]) => ({
      path: path.replace(/^nodePools\.a/, "nodePools.p").replace(/^(nodePools\.p\.mig)\.a$/, "$1.p"),
      state,
    }));
    const isLeaf = (path: string): boolean => !keys.some((each) => each.path.startsWith(`${path}.`));
    const unfollowed = keys
      .filter(
        ({ path, state }) => state === "read" && FOLLOWED.test(path) && (isLeaf(path) || ROWS.has(path)),
      )
      .map(({ path }) => path)
      .filter((path) => !ROWS.has(path) && !ELSEWHERE.some((pattern) => pattern.test(path)));
    assert.deepEqual(unfollowed, []);
    const known = new Set(keys.map(({ path }) => path));
    assert.deepEqual(
      [...ROWS.keys()].filter((path) => !known.has(path)),
      [],
    );
  });
});

/** Whether a pod may run on a node with the taint, whatever its effect (Kubernetes' own rule). */
function tolerates(pod: V1PodSpec, taint: { key: string; value?: string; effect: string }): boolean {
  return (pod.tolerations ?? []).some(
    ({ key, operator = "Equal", value = "", effect, tolerationSeconds }: V1Toleration) =>
      (effect === undefined || effect === taint.effect) &&
      (key === undefined || key === taint.key) &&
      (operator === "Exists" || value === (taint.value ?? "")) &&
      tolerationSeconds === undefined,
  );
}

describe("every operand", () => {
  const taint = fc.record(
    {
      key: fc.constantFrom(
        "dedicated",
        "example.com/rack",
        "node-role.kubernetes.io/control-plane",
        "nvidia.com/gpu",
      ),
      value: fc.constantFrom("", "ml", "a.b"),
      effect: fc.constantFrom("NoSchedule", "PreferNoSchedule", "NoExecute"),
    },
    { requiredKeys: ["key", "effect"] },
  );

  it("tolerates every taint of every pool, without further config", () => {
    fc.assert(
      fc.property(fc.array(fc.array(taint, { maxLength: 3 }), { minLength: 1, maxLength: 3 }), (taints) => {
        const pools = taints.map(
          (_, index) =>
            `  p${index}: { product: NVIDIA-A100-PCIE-40GB, gpusPerNode: 1, os: ubuntu22.04, nodes: [n${index}] }\n`,
        );
        const zone = taints.reduce(
          (each, list, index) =>
            withPool(each, `p${index}`, { taints: list, ...(index === 0 && { sharing: { mps: 2 } }) }),
          zoneOf(`nodePools:\n${pools.join("")}`),
        );
        const pods = OPERANDS.flatMap((operand) =>
          objectsOf(operand, zone).flatMap((object) => {
            const spec = podTemplate(object)?.spec;
            return spec === undefined ? [] : [{ name: operand.name, spec }];
          }),
        );
        for (const name of [
          "device-plugin",
          "mps-control-daemon",
          "gpu-feature-discovery",
          "mig-manager",
          "labeller",
        ])
          assert.ok(
            pods.some((each) => each.name === name),
            name,
          );
        for (const { name, spec } of pods)
          for (const each of taints.flat())
            assert.ok(tolerates(spec, each), `${name} does not tolerate ${JSON.stringify(each)}`);
      }),
    );
  });
});
