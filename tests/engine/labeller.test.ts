import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { V1ConfigMap, V1Node } from "@kubernetes/client-node";
import fc from "fast-check";
import { LABELLER, labeller } from "../../components/operands/labeller.ts";
import { nodeLabelTemplate, type PoolRow } from "../../components/operands/node-label-template.ts";
import { RELEASES } from "../../components/releases/releases.ts";
import { openApiServer, type ApiServer } from "../../sim/api-server.ts";
import { findBinaries } from "../../sim/binaries.ts";
import { actingAs } from "../../sim/gpu-simulator/labeller-pod.ts";
import { simDown, simUp, type SimZone } from "../../sim/zone.ts";
import { labelled } from "../fixtures/labeller-model.ts";
import { zoneOf } from "../unit/sim/zone-builder.ts";
import { eventually } from "./checkout.ts";
import { placed } from "./sim/gpu-objects.ts";

const DEPLOY = "nvidia.com/gpu.deploy.";
const NVIDIA = { "feature.node.kubernetes.io/pci-10de.present": "true" };
const ZONE = zoneOf({}, { managed: true }, "labeller-test");
const TABLE: readonly PoolRow[] = [
  row({ pool: "a100", nodes: ["a", "a-2"], migConfig: "all-1g.5gb", driver: "580.178.04" }),
  row({ pool: "t4", selector: { rack: "r1", kind: "t4" }, devicePluginConfig: "t4-0123456789" }),
];

/** The labeller's script, as the plan has it, run by a shell with the real kubectl and its own service account's rights. */
describe("the labeller", function () {
  this.timeout(60_000);
  let folder: string;
  let zone: SimZone;
  let api: ApiServer;
  let kubectl: string;
  let script: ChildProcess;
  let nodes = 0;
  /** Requests of the script that found nobody to answer. */
  let refusals = 0;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "gpu-zones-labeller-"));
    const log = (): void => undefined;
    zone = await simUp(ZONE, { repository: folder, home: path.join(folder, ".sim"), log });
    kubectl = (await findBinaries(log)).kubectl.path;
    api = await openApiServer(zone.kubeconfig);
    // All but what the simulator would run itself.
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "gpu-operator" } };
    for (const { path: collection, object } of placed(
      [namespace, ...objects()].filter(({ kind }) => kind !== "Deployment"),
    ))
      await api.create(collection, object);
    const scripts = objects().find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === LABELLER,
    );
    await writeFile(
      path.join(folder, "label-nodes.sh"),
      (scripts as V1ConfigMap).data?.["label-nodes.sh"] ?? "",
    );
    await mkdir(path.join(folder, "table"));
    await writeFile(path.join(folder, "table", "node-labels.gotmpl"), nodeLabelTemplate(TABLE));
    await writeKubeconfig(zone.server);
    script = startScript();
  });

  after(async () => {
    script.kill("SIGTERM");
    await api.close();
    await simDown(ZONE.name, { home: path.join(folder, ".sim"), log: () => undefined });
    await rm(folder, { recursive: true, force: true });
  });

  function objects() {
    return labeller.manifests(ZONE, RELEASES["26.7"]);
  }

  function startScript(): ChildProcess {
    const child = spawn("/bin/sh", [path.join(folder, "label-nodes.sh")], {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: `${path.dirname(kubectl)}:/usr/bin:/bin`,
        HOME: folder,
        KUBECONFIG: path.join(folder, "kubeconfig"),
        TABLE_DIRECTORY: path.join(folder, "table"),
        INTERVAL_SECONDS: "0.2",
      },
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      refusals += text.split("connection refused").length - 1 + (text.split("was refused").length - 1);
    });
    return child;
  }

  /** The zone's kubeconfig as the labeller's service account, with that server. */
  async function writeKubeconfig(server: string): Promise<void> {
    const account = `system:serviceaccount:gpu-operator:${LABELLER}`;
    const text = actingAs(await readFile(zone.kubeconfig, "utf8"), account);
    const next = path.join(folder, "kubeconfig.next");
    await writeFile(next, text.replaceAll(zone.server, server));
    await rename(next, path.join(folder, "kubeconfig"));
  }

  async function create(name: string, labels: Record<string, string>): Promise<void> {
    await api.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name, labels } });
  }

  async function labelsOf(name: string): Promise<Record<string, string>> {
    return (await api.get<V1Node>(`/api/v1/nodes/${name}`)).metadata?.labels ?? {};
  }

  /** Waits until the labeller has worked off every node that is there now: it takes them by name, and this one is last. */
  async function aRound(): Promise<void> {
    nodes += 1;
    const name = `z-sentinel-${nodes}`;
    await create(name, { ...NVIDIA, rack: "r1", kind: "t4" });
    await eventually(`${name} is labelled`, async () =>
      (await labelsOf(name))["gpu-zones.dev/pool"] === "t4" ? true : undefined,
    );
    await api.delete(`/api/v1/nodes/${name}`);
  }

  /** Waits for a round in which nothing changes: a node that somebody else changed meanwhile has its turn in the next. */
  async function settled(...names: string[]): Promise<void> {
    const versions = async (): Promise<string> => {
      const live = await Promise.all(names.map((name) => api.get<V1Node>(`/api/v1/nodes/${name}`)));
      return live.map(({ metadata }) => metadata?.resourceVersion).join();
    };
    let [before, now] = ["", await versions()];
    while (now !== before) {
      await aRound();
      [before, now] = [now, await versions()];
    }
  }

  /** Labels of a node after the labeller has seen it. */
  async function seen(name: string, labels: Record<string, string>): Promise<Record<string, string>> {
    await create(name, labels);
    await settled(name);
    const after = await labelsOf(name);
    await api.delete(`/api/v1/nodes/${name}`);
    return after;
  }

  it("gives a pool's node every operand's label, and what the table says", async () => {
    assert.deepEqual(await seen("a", NVIDIA), {
      ...NVIDIA,
      [`${DEPLOY}driver`]: "true",
      [`${DEPLOY}container-toolkit`]: "true",
      [`${DEPLOY}device-plugin`]: "true",
      [`${DEPLOY}gpu-feature-discovery`]: "true",
      [`${DEPLOY}dcgm-exporter`]: "true",
      [`${DEPLOY}operator-validator`]: "true",
      [`${DEPLOY}node-status-exporter`]: "true",
      [`${DEPLOY}client`]: "true",
      "nvidia.com/mig.config": "all-1g.5gb",
      "nvidia.com/gpu.present": "true",
      "gpu-zones.dev/pool": "a100",
      "gpu-zones.dev/driver": "580.178.04",
    });
  });

  for (const key of ["pci-10de", "pci-0302_10de", "pci-0300_10de"]) {
    it(`knows an NVIDIA device by ${key}`, async () => {
      const labels = await seen("a", { [`feature.node.kubernetes.io/${key}.present`]: "true" });
      assert.equal(labels["gpu-zones.dev/pool"], "a100");
    });
  }

  it("leaves a node without an NVIDIA device alone, and one that is in no pool", async () => {
    assert.deepEqual(await seen("a", { rack: "r1" }), { rack: "r1" });
    assert.deepEqual(await seen("stranger", NVIDIA), NVIDIA);
  });

  it("leaves a node alone whose owner wants no operands", async () => {
    const labels = { ...NVIDIA, [`${DEPLOY}operands`]: "false" };
    assert.deepEqual(await seen("a", labels), labels);
  });

  it("takes the operands from a node whose owner wants them no more, but for what is paused there", async () => {
    const paused = {
      ...NVIDIA,
      [`${DEPLOY}operands`]: "false",
      [`${DEPLOY}dcgm-exporter`]: "paused-for-driver-upgrade",
      "nvidia.com/gpu.present": "true",
    };
    const before = { ...paused, [`${DEPLOY}driver`]: "true", [`${DEPLOY}mig-manager`]: "true" };
    assert.deepEqual(await seen("a", before), paused);
  });

  it("says that a board is gone, and again when it is back", async () => {
    const gone = { "gpu-zones.dev/pool": "a100", [`${DEPLOY}driver`]: "true" };
    const present = "nvidia.com/gpu.present";
    assert.deepEqual(await seen("a", { ...gone, [present]: "true" }), { ...gone, [present]: "false" });
    assert.equal((await seen("a", { ...NVIDIA, ...gone, [present]: "false" }))[present], "true");
  });

  it("fills an empty value, and no other", async () => {
    const before = {
      ...NVIDIA,
      [`${DEPLOY}driver`]: "pre-installed",
      [`${DEPLOY}device-plugin`]: "paused-for-mig-change",
      [`${DEPLOY}dcgm-exporter`]: "false",
      [`${DEPLOY}container-toolkit`]: "",
      "nvidia.com/mig.config": "all-disabled",
    };
    assert.deepEqual(
      { ...(await seen("a", before)), ...before },
      { ...labelled("a", before, TABLE), ...before },
    );
    assert.equal((await seen("a", before))[`${DEPLOY}container-toolkit`], "true");
  });

  it("asks for the MIG manager only where the board can be cut", async () => {
    const manager = `${DEPLOY}mig-manager`;
    assert.equal((await seen("a", { ...NVIDIA, "nvidia.com/mig.capable": "true" }))[manager], "true");
    assert.equal((await seen("a", { ...NVIDIA, "nvidia.com/mig.capable": "false" }))[manager], undefined);
  });

  it("keeps the pool equal to the table, and leaves a driver that a node has: its pods may be in use", async () => {
    const labels = await seen("a", { ...NVIDIA, "gpu-zones.dev/pool": "old", "gpu-zones.dev/driver": "570" });
    assert.equal(labels["gpu-zones.dev/pool"], "a100");
    assert.equal(labels["gpu-zones.dev/driver"], "570");
  });

  it("gives a node that is of a pool already no first MIG layout or sharing: its GPUs may be in use", async () => {
    const a100 = await seen("a", { ...NVIDIA, "gpu-zones.dev/pool": "a100" });
    assert.equal(a100["nvidia.com/mig.config"], undefined);
    const t4 = { ...NVIDIA, rack: "r1", kind: "t4" };
    const config = "nvidia.com/device-plugin.config";
    assert.equal((await seen("b", { ...t4, "gpu-zones.dev/pool": "t4" }))[config], undefined);
    assert.equal((await seen("b", t4))[config], "t4-0123456789");
  });

  it("gives a node all that is for new nodes once its device is known, however late", async () => {
    await create("a", {});
    await aRound();
    await api.patch("/api/v1/nodes/a", { metadata: { labels: NVIDIA } });
    await settled("a");
    assert.equal((await labelsOf("a"))["nvidia.com/mig.config"], "all-1g.5gb");
    await api.delete("/api/v1/nodes/a");
  });

  it("labels a node anew that was taken away and came back without labels", async () => {
    await seen("a", NVIDIA);
    assert.equal((await seen("a", NVIDIA))["gpu-zones.dev/pool"], "a100");
  });

  it("follows a table that changes while it runs", async () => {
    const file = path.join(folder, "table", "node-labels.gotmpl");
    await writeFile(file, nodeLabelTemplate([...TABLE, row({ pool: "new", nodes: ["stranger"] })]));
    try {
      // A round under way may have read the file already.
      await aRound();
      assert.equal((await seen("stranger", NVIDIA))["gpu-zones.dev/pool"], "new");
    } finally {
      await writeFile(file, nodeLabelTemplate(TABLE));
    }
  });

  it("goes on by itself when the API server has been away, however many rounds", async () => {
    await writeKubeconfig("https://127.0.0.1:1");
    await create("a", NVIDIA);
    const before = refusals;
    await eventually("several rounds have failed", () =>
      Promise.resolve(refusals > before + 5 ? true : undefined),
    );
    assert.deepEqual(await labelsOf("a"), NVIDIA);
    assert.equal(script.exitCode, null);
    await writeKubeconfig(zone.server);
    await settled("a");
    assert.equal((await labelsOf("a"))["gpu-zones.dev/pool"], "a100");
    await api.delete("/api/v1/nodes/a");
  });

  it("does to any node exactly what its model does", async () => {
    const value = fc.constantFrom(undefined, "", "true", "false", "paused-for-driver-upgrade");
    const keys = [
      ...["pci-10de", "pci-0302_10de", "pci-0300_10de"].map(
        (key) => `feature.node.kubernetes.io/${key}.present`,
      ),
      ...["driver", "device-plugin", "mig-manager", "operands"].map((key) => DEPLOY + key),
      ...["nvidia.com/mig.capable", "nvidia.com/mig.config", "nvidia.com/device-plugin.config"],
      ...["nvidia.com/gpu.present", "gpu-zones.dev/pool", "gpu-zones.dev/driver"],
    ];
    const labels = fc.record({
      ...Object.fromEntries(keys.map((key) => [key, value])),
      rack: fc.constantFrom(undefined, "r1", "r2"),
      kind: fc.constantFrom("t4", "a100"),
    });
    const batch = fc.sample(fc.tuple(fc.boolean(), labels), 60).map(([named, given], index) => ({
      name: named && index === 0 ? "a" : `random-${index}`,
      labels: Object.fromEntries<string>(
        Object.entries(given).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
      ),
    }));
    for (const { name, labels: given } of batch) await create(name, given);
    await settled(...batch.map(({ name }) => name));
    for (const { name, labels: given } of batch) {
      assert.deepEqual(await labelsOf(name), labelled(name, given, TABLE), JSON.stringify(given));
      await api.delete(`/api/v1/nodes/${name}`);
    }
  });

  it("may read and patch nodes, and nothing else", async () => {
    const can = async (...what: string[]): Promise<string> => {
      const env = { PATH: "", HOME: folder, KUBECONFIG: path.join(folder, "kubeconfig") };
      const run = promisify(execFile)(kubectl, ["auth", "can-i", ...what], { env });
      return (await run.catch((error: unknown) => error as { stdout: string })).stdout.trim();
    };
    assert.equal(await can("patch", "nodes"), "yes");
    assert.equal(await can("delete", "nodes"), "no");
    assert.equal(await can("get", "secrets", "--all-namespaces"), "no");
    assert.equal(await can("list", "pods", "--all-namespaces"), "no");
  });
});

function row(values: Partial<PoolRow> & Pick<PoolRow, "pool">): PoolRow {
  return { nodes: null, selector: null, driver: null, migConfig: null, devicePluginConfig: null, ...values };
}
