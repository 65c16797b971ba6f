import assert from "node:assert/strict";
import { neighbourProblems } from "../../../components/neighbour-problems.ts";
import { NO_NEIGHBOURS, readNeighbours, Unread } from "../../../components/other-stacks.ts";
import { unpooledNodes } from "../../../components/unpooled-nodes.ts";
import type { Problem } from "../../../plan/config/problem.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { zoneOf } from "../sim/zone-builder.ts";
import { ScriptedKubectl, type Said } from "./scripted-kubectl.ts";

const POOLS = { t4: { product: "Tesla-T4", nodes: ["n1"] } };
const ZONE = zoneOf(POOLS);
const UNMANAGED = zoneOf(POOLS, { managed: false });

const groups = (...names: string[]): Said => ({
  stdout: JSON.stringify({ groups: names.map((name) => ({ name })) }),
});
const items = (...all: object[]): Said => ({ stdout: JSON.stringify({ items: all }) });
const named = (name: string): object => ({ metadata: { name } });
const FORBIDDEN: Said = { stderr: "Error from server (Forbidden): x is forbidden\n", code: 1 };
const NOT_FOUND: Said = {
  stderr: "Error from server (NotFound): the server could not find the requested resource\n",
  code: 1,
};
const GROUPS = "*' --raw /apis'";
const OBJECTS = "*' daemonsets.apps,deployments.apps,runtimeclasses.node.k8s.io '*";
const POLICIES = "*/clusterpolicies";
const DRIVERS = "*/nvidiadrivers";
const OTHERS = "*/gpuclusters";

/** What a run that writes makes of kubectl's answers about who drives the GPUs. */
describe("the look at other GPU stacks before the first write", () => {
  let kubectl: ScriptedKubectl;

  before(async () => {
    kubectl = await ScriptedKubectl.create();
  });

  after(async () => {
    await kubectl.remove();
  });

  const toldOf = async (zone: Zone, answers: [string, Said][]): Promise<Problem[]> =>
    neighbourProblems(zone, await readNeighbours(await kubectl.answers(answers), zone));
  const told = async (...answers: [string, Said][]): Promise<Problem[]> => toldOf(ZONE, answers);

  it("finds nothing wrong in a cluster that has none", async () => {
    assert.deepEqual(await told([GROUPS, groups("apps")], [OBJECTS, items()]), []);
  });

  it("is an error that names what is there, and both ways on", async () => {
    const plugin = {
      kind: "DaemonSet",
      metadata: { name: "plugin", namespace: "kube-system" },
      spec: {
        template: {
          spec: {
            containers: [{ name: "nvidia-device-plugin-ctr" }],
            volumes: [{ hostPath: { path: "/var/lib/kubelet/device-plugins" } }],
          },
        },
      },
    };
    const [problem, ...more] = await told(
      [GROUPS, groups("apps", "nvidia.com")],
      [OBJECTS, items(plugin, { kind: "RuntimeClass", ...named("nvidia") })],
      [POLICIES, items(named("cluster-policy"))],
      [DRIVERS, items(named("default"))],
      [OTHERS, NOT_FOUND],
    );
    assert.deepEqual(more, []);
    assert.equal(problem?.code, "GZ401");
    assert.equal(problem.severity, "error");
    assert.equal(problem.path, "gpu.managed");
    assert.equal(
      problem.message,
      "wanted a cluster whose GPUs nobody else drives, got ClusterPolicy cluster-policy, NVIDIADriver default, DaemonSet kube-system/plugin, RuntimeClass nvidia",
    );
    assert.match(problem.fix, /gpu-zones:gpu: \{ managed: false \}; or remove it/);
    assert.match(problem.fix, /managed: false lets a destroy of this zone through/);
    assert.match(problem.fix, /not yet: zones adopt zone-1-dev --from-operator/);
    assert.doesNotMatch(problem.fix, /label runtimeclass/);
  });

  it("says how a RuntimeClass that a removed stack left is handed over", async () => {
    const [problem] = await told(
      [GROUPS, groups()],
      [OBJECTS, items({ kind: "RuntimeClass", ...named("nvidia") })],
    );
    assert.match(problem?.fix ?? "", /label runtimeclass nvidia gpu-zones\.dev\/zone=zone-1-dev/);
  });

  it("knows that the group nvidia.com also holds kinds that drive no GPU", async () => {
    assert.deepEqual(
      await told(
        [GROUPS, groups("nvidia.com")],
        [OBJECTS, items()],
        [POLICIES, NOT_FOUND],
        [DRIVERS, NOT_FOUND],
        [OTHERS, NOT_FOUND],
      ),
      [],
    );
  });

  const unread: [what: string, answers: [string, Said][]][] = [
    [
      "DaemonSets may not be listed",
      [
        [GROUPS, groups()],
        [OBJECTS, FORBIDDEN],
      ],
    ],
    [
      "the list is cut off",
      [
        [GROUPS, groups()],
        [OBJECTS, { stdout: '{"items": [{' }],
      ],
    ],
    [
      "the API's groups are not told",
      [
        [GROUPS, FORBIDDEN],
        [OBJECTS, items()],
      ],
    ],
    [
      "definitions may not be read",
      [
        [GROUPS, groups("nfd.k8s-sigs.io")],
        ["*' customresourcedefinitions.apiextensions.k8s.io '*", FORBIDDEN],
        [OBJECTS, items()],
      ],
    ],
    [
      "ClusterPolicies may not be listed",
      [
        [GROUPS, groups("nvidia.com")],
        [OBJECTS, items()],
        [POLICIES, FORBIDDEN],
        [DRIVERS, NOT_FOUND],
        [OTHERS, NOT_FOUND],
      ],
    ],
  ];
  for (const [what, answers] of unread) {
    it(`is an error, and not an empty cluster, when ${what}`, async () => {
      const problems = await told(...answers);
      assert.deepEqual(
        problems.map(({ code, severity }) => [code, severity]),
        [["GZ311", "error"]],
      );
      assert.match(problems[0]?.message ?? "", /^wanted to know whether somebody else drives/);
    });
  }

  it("is of no matter where the zone leaves its GPUs to somebody else", () => {
    const stacks = [{ kind: "ClusterPolicy", name: "cluster-policy" }];
    assert.deepEqual(neighbourProblems(UNMANAGED, { ...NO_NEIGHBOURS, stacks }), []);
    assert.deepEqual(neighbourProblems(UNMANAGED, new Unread("no right")), []);
  });

  const worker = {
    kind: "DaemonSet",
    metadata: { name: "nfd-worker", namespace: "nfd" },
    spec: { template: { spec: { containers: [{ name: "worker", command: ["nfd-worker"] }] } } },
  };
  const NFD = groups("apps", "nfd.k8s-sigs.io");
  const DEFINITION = "*' customresourcedefinitions.apiextensions.k8s.io nodefeatures.nfd.k8s-sigs.io '*";
  const definition = (zone?: string): Said => ({
    stdout: JSON.stringify({
      kind: "CustomResourceDefinition",
      metadata: {
        name: "nodefeatures.nfd.k8s-sigs.io",
        labels: zone === undefined ? {} : { "gpu-zones.dev/zone": zone },
      },
    }),
  });

  it("names another Node Feature Discovery, and both ways on", async () => {
    const [problem, ...more] = await told(
      [GROUPS, NFD],
      [DEFINITION, definition()],
      [OBJECTS, items(worker)],
    );
    assert.deepEqual(more, []);
    assert.deepEqual([problem?.code, problem?.severity, problem?.path], ["GZ407", "error", "gpu.nfd.mode"]);
    assert.match(
      problem?.message ?? "",
      /got DaemonSet nfd\/nfd-worker, CustomResourceDefinition nodefeatures\.nfd\.k8s-sigs\.io$/,
    );
    assert.match(problem?.fix ?? "", /nfd: \{ mode: existing \} \}.*; or remove it/);
    assert.doesNotMatch(problem?.fix ?? "", /delete crd/);
  });

  it("says how definitions go that a removed Node Feature Discovery left", async () => {
    const [problem] = await told([GROUPS, NFD], [DEFINITION, definition()], [OBJECTS, items()]);
    assert.match(
      problem?.fix ?? "",
      /--context zone-1-dev delete crd nodefeatures\.nfd\.k8s-sigs\.io nodefeaturerules\./,
    );
  });

  it("finds the zone's own Node Feature Discovery right, and any where the zone uses what is there", async () => {
    assert.deepEqual(
      await told([GROUPS, NFD], [DEFINITION, definition("zone-1-dev")], [OBJECTS, items()]),
      [],
    );
    const existing = zoneOf(POOLS, { nfd: { mode: "existing" } });
    const answers: [string, Said][] = [
      [GROUPS, NFD],
      [DEFINITION, definition()],
      [OBJECTS, items(worker)],
    ];
    assert.deepEqual(await toldOf(existing, answers), []);
  });

  it("is an error where K3s does not bring the RuntimeClass that the zone leaves to it", async () => {
    const k3s: Zone = { ...ZONE, cluster: { ...ZONE.cluster, platform: "k3s" } };
    const its = { kind: "RuntimeClass", metadata: { name: "nvidia" }, handler: "nvidia" };
    assert.deepEqual(
      await toldOf(k3s, [
        [GROUPS, groups()],
        [OBJECTS, items(its)],
      ]),
      [],
    );
    const [problem] = await toldOf(k3s, [
      [GROUPS, groups()],
      [OBJECTS, items()],
    ]);
    assert.deepEqual([problem?.code, problem?.path], ["GZ408", "cluster.platform"]);
    assert.match(problem?.fix ?? "", /--disable=runtimes/);
  });
});

describe("a GPU node in no pool", () => {
  const BOARD = { "feature.node.kubernetes.io/pci-10de.present": "true" };
  const live = [
    { name: "n1", labels: BOARD },
    { name: "n9", labels: { ...BOARD, "nvidia.com/gpu.product": "Tesla-T4" } },
    { name: "cpu-1", labels: {} },
  ];

  it("is told, with its board, and is no error", () => {
    assert.deepEqual(
      unpooledNodes(ZONE, live).map(({ code, severity, message }) => [code, severity, message]),
      [
        [
          "GZ402",
          "warning",
          "wanted every GPU node in a pool, got n9 (Tesla-T4) in none: it is left alone, and offers no GPU",
        ],
      ],
    );
  });

  it("is in one as soon as a pool's selector chooses it", () => {
    const zone = zoneOf({ t4: { product: "Tesla-T4", selector: { rack: "r1" }, count: 1 } });
    assert.deepEqual(unpooledNodes(zone, [{ name: "n9", labels: { ...BOARD, rack: "r1" } }]), []);
  });

  it("is somebody else's where the zone leaves its GPUs to them", () => {
    assert.deepEqual(unpooledNodes(UNMANAGED, live), []);
  });
});
