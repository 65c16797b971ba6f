import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1ConfigMap, V1DaemonSet, V1Deployment, V1Node, V1Pod } from "@kubernetes/client-node";
import { changesOf } from "../../fleet/up.ts";
import { assertContains, acceptanceCase } from "../fixtures/acceptance.ts";
import { Checkout, eventually, type Ended } from "./checkout.ts";

const ZONE = "zone-1-dev";
const APPS = ["private-detector", "toxicity-detector", "scam-detector", "fake-detector"];

interface List<Kind> {
  readonly items: Kind[];
}

interface Status {
  readonly ready: boolean;
  readonly apps: { app: string; running: number; wanted: number; where: Record<string, number> }[];
  readonly nodes: { node: string; resources: Record<string, number>; absent: boolean }[];
}

/** One zone's life from the first update to its end; each test goes on where the one before it stopped. */
describe("zone-1-dev on a simulated cluster", function () {
  this.timeout(180_000);
  let checkout: Checkout;
  let stackFile: string;

  before(async () => {
    checkout = await Checkout.create();
    stackFile = await checkout.read(`Pulumi.${ZONE}.yaml`);
    const started = await checkout.zones("sim", "up", ZONE);
    assert.equal(started.code, 0, started.all);
    await checkout.enterSim();
  });

  after(async () => {
    await checkout.remove();
  });

  it("comes up with one plain pulumi up", async () => {
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
    assert.equal(changesOf(run.stdout).delete, 0);
  });

  it("is registered under exactly the golden logical names, types and parents", async () => {
    const { deployment } = (await checkout.state(ZONE)) as { deployment: { resources: { urn: string }[] } };
    const lines = deployment.resources.flatMap(({ urn }) => {
      const [, , types = "", name = ""] = urn.split("::");
      const [parent, type] = types.includes("$") ? types.split("$") : ["stack", types];
      // The engine's own provider, by which the program reads the last outputs, is nobody's name.
      return ["pulumi:pulumi:Stack", "pulumi:providers:pulumi"].includes(type ?? "")
        ? []
        : [`${type ?? ""}  ${parent ?? ""}  ${name}`];
    });
    assert.equal(
      `${lines.toSorted().join("\n")}\n`,
      await readFile(join(import.meta.dirname, "..", "golden", `${ZONE}.urns.txt`), "utf8"),
    );
  });

  it("has every app running on GPUs, private-detector on a MIG slice", async () => {
    const status = await ready(checkout);
    assert.deepEqual(status.apps.map(({ app }) => app).toSorted(), APPS.toSorted());
    assert.deepEqual(status.nodes.find(({ node }) => node === "ds-node1")?.resources, {
      "nvidia.com/mig-1g.5gb": 7,
    });
    assert.deepEqual(status.nodes.find(({ node }) => node === "ds-node2")?.resources, {
      "nvidia.com/gpu": 4,
    });
    assert.deepEqual(status.apps.find(({ app }) => app === "private-detector")?.where, { "ds-node1": 1 });
  });

  it("reproduces the acceptance case in the live object", async () => {
    const live = await checkout.get<V1Deployment>(
      ZONE,
      "deployment",
      "private-detector",
      "-n",
      "private-detector",
    );
    assertContains(live, await acceptanceCase("private-detector.zone-1-dev.yaml"));
  });

  it("changes nothing when it is run again", async () => {
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
    const { same, ...changed } = changesOf(run.stdout);
    assert.deepEqual(changed, { create: 0, update: 0, delete: 0, replace: 0 });
    assert.ok(same > 30, run.all);
  });

  it("updates exactly one object for a changed number of replicas", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("replicas: 1", "replicas: 3"));
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
    const { same, ...changed } = changesOf(run.stdout);
    // The stack itself counts as updated, since its digest output changes.
    assert.deepEqual(
      { ...changed, update: updatedObjects(run) },
      { create: 0, update: 1, delete: 0, replace: 0 },
    );
    const status = await ready(checkout);
    assert.deepEqual(status.apps.find(({ app }) => app === "private-detector")?.where, { "ds-node1": 3 });
  });

  it("names the nodes that owe a rollout after changed sharing, and goes on on them as before", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("timeSlicing: 4", "timeSlicing: 3"));
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
    const said = run.all.replaceAll(/\s+/g, " ");
    const owing = "wanted sharing t4-[0-9a-f]+ on the nodes of pool t4, got t4-[0-9a-f]+ on 2 of them";
    assert.match(said, new RegExp(`GZ310 .*${owing} \\(ds-node2, ds-node3\\): they go on as before`));
    const status = await ready(checkout);
    assert.deepEqual(status.nodes.find(({ node }) => node === "ds-node2")?.resources, {
      "nvidia.com/gpu": 4,
    });
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("timeSlicing: 3", "timeSlicing: 4"));
    const back = await checkout.up(ZONE);
    assert.equal(back.code, 0, back.all);
    assert.doesNotMatch(back.all, /GZ310/);
  });

  it("removes only an app's own objects when its line goes; its namespace and claims stay", async () => {
    const before = await checkout.objectsOf(ZONE, `gpu-zones.dev/zone=${ZONE}`);
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("    toxicity-detector: {}\n", ""));
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
    const after = await checkout.objectsOf(ZONE, `gpu-zones.dev/zone=${ZONE}`);
    const removed = [...before.keys()].filter((id) => !after.has(id));
    assert.deepEqual(removed.map(withoutHash).toSorted(), [
      "ConfigMap/toxicity-detector/toxicity-detector-*",
      "Deployment/toxicity-detector/toxicity-detector",
      "Service/toxicity-detector/toxicity-detector",
    ]);
    for (const kept of [
      "Namespace//toxicity-detector",
      "PersistentVolumeClaim/toxicity-detector/toxicity-detector-models",
    ])
      assert.equal(after.get(kept)?.split(" ")[0], before.get(kept)?.split(" ")[0], kept);
    assert.deepEqual(
      [...after.keys()].filter((id) => !before.has(id)),
      [],
    );
  });

  it("takes the kept namespace and claim back when the line returns, through zones up", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text.replace("    scam-detector: {}\n", "    toxicity-detector: {}\n    scam-detector: {}\n"),
    );
    const run = await checkout.zones("up", ZONE, "--json");
    assert.equal(run.code, 0, run.all);
    const [result] = JSON.parse(run.stdout) as {
      zone: string;
      state: string;
      changes: { delete: number; replace: number };
    }[];
    assert.equal(result?.zone, ZONE);
    assert.equal(result.state, "done");
    assert.equal(result.changes.delete + result.changes.replace, 0);
    await ready(checkout);
    // Taking over is a way of one run, and leaves no trace that the next one would undo.
    const plain = await checkout.up(ZONE);
    assert.equal(plain.code, 0, plain.all);
    const { same: _same, ...changed } = changesOf(plain.stdout);
    assert.deepEqual(changed, { create: 0, update: 0, delete: 0, replace: 0 }, plain.all);
  });

  it("sees a hand edit on refresh, and up --refresh names the other manager", async () => {
    const refreshed = async (): Promise<string[]> => {
      const run = await checkout.pulumi("refresh", "--preview-only", "--diff", "--stack", ZONE);
      assert.equal(run.code, 0, run.all);
      return run.stdout.split("\n").filter((line) => /^\s*[~+-]{1,2} (?!pulumi:pulumi:Stack)/.test(line));
    };
    assert.deepEqual(await refreshed(), [], "a refresh that finds changes before anybody made one");
    const edit = await checkout.kubectl(
      ZONE,
      "scale",
      "deployment/scam-detector",
      "-n",
      "scam-detector",
      "--replicas=2",
    );
    assert.equal(edit.code, 0, edit.all);
    const found = (await refreshed()).join("\n");
    assert.match(found, /kubernetes:apps\/v1:Deployment/);
    assert.match(found, /~ replicas: 1 => 2/);
    const run = await checkout.up(ZONE, "--refresh");
    assert.notEqual(run.code, 0, run.all);
    assert.match(run.all, /conflict with "kubectl/);
    const undo = await checkout.kubectl(
      ZONE,
      "scale",
      "deployment/scam-detector",
      "-n",
      "scam-detector",
      "--replicas=1",
    );
    assert.equal(undo.code, 0, undo.all);
    assert.equal((await checkout.up(ZONE, "--refresh")).code, 0);
  });

  it("labels a node that was deleted and came back, without an update", async () => {
    const gone = await checkout.kubectl(ZONE, "delete", "node", "ds-node3");
    assert.equal(gone.code, 0, gone.all);
    const again = await checkout.zones("sim", "up", ZONE);
    assert.equal(again.code, 0, again.all);
    await eventually("ds-node3 has its pool label and its GPUs again", async () => {
      const node = await checkout.get<V1Node>(ZONE, "node", "ds-node3");
      const gpus = node.status?.allocatable?.["nvidia.com/gpu"];
      return node.metadata?.labels?.["gpu-zones.dev/pool"] === "t4" && gpus === "4" ? true : undefined;
    });
    await ready(checkout);
  });

  it("does not go away while a pod that is not the zone's holds a GPU, and names it", async () => {
    const container = { name: "train", image: "train:1", resources: { limits: { "nvidia.com/gpu": "1" } } };
    const overrides = JSON.stringify({ spec: { containers: [container] } });
    const started = await checkout.kubectl(
      ZONE,
      "run",
      "train",
      "--image=train:1",
      `--overrides=${overrides}`,
    );
    assert.equal(started.code, 0, started.all);
    await eventually("the pod has a place", async () => {
      const { spec } = await checkout.get<V1Pod>(ZONE, "pod", "train", "-n", "default");
      return spec?.nodeName;
    });
    const before = await checkout.objectsOf(ZONE, `gpu-zones.dev/zone=${ZONE}`);
    const run = await checkout.pulumi("destroy", "--yes", "--skip-preview", "--run-program", "--stack", ZONE);
    assert.notEqual(run.code, 0);
    assert.match(run.all, /got default\/train on ds-node\d: nothing is deleted/);
    const after = await checkout.objectsOf(ZONE, `gpu-zones.dev/zone=${ZONE}`);
    assert.deepEqual([...after.keys()], [...before.keys()]);
    const ended = await checkout.kubectl(ZONE, "delete", "pod", "train", "-n", "default", "--wait");
    assert.equal(ended.code, 0, ended.all);
  });

  it("goes away with destroy --run-program: nothing of ours is left but what people stored", async () => {
    const plain = await checkout.run("pulumi", [
      "destroy",
      "--yes",
      "--skip-preview",
      "--run-program=false",
      "--non-interactive",
      "--stack",
      ZONE,
    ]);
    assert.notEqual(plain.code, 0, "a destroy that does not run the program must refuse");
    assert.match(plain.all, /--run-program/);
    const apps = ["deployments", "-A", "-l", "gpu-zones.dev/owner notin (labeller,node-feature-discovery)"];
    const before = await checkout.get<List<V1Deployment>>(ZONE, ...apps);
    assert.equal(before.items.length, APPS.length, "the refused destroy deleted something");
    // A plugin that does not end keeps toolkit and driver, which it needs, until it does.
    const plugins = ["-n", "gpu-operator", "-l", "app=nvidia-device-plugin-daemonset"];
    const [plugin] = (await checkout.get<List<V1Pod>>(ZONE, "pods", ...plugins)).items;
    const name = plugin?.metadata?.name ?? "";
    const patch = async (finalizers: readonly string[]) => {
      const text = JSON.stringify({ metadata: { finalizers } });
      const done = await checkout.kubectl(
        ZONE,
        "patch",
        "pod",
        name,
        "-n",
        "gpu-operator",
        "--type=merge",
        "-p",
        text,
      );
      assert.equal(done.code, 0, done.all);
    };
    await patch(["example.com/slow"]);
    const destroy = checkout.pulumi("destroy", "--yes", "--skip-preview", "--run-program", "--stack", ZONE);
    await eventually(
      "the slow pod is the last of its operand",
      async () => {
        const { items } = await checkout.get<List<V1Pod>>(ZONE, "pods", ...plugins);
        return (items.length === 1 && items[0]?.metadata?.deletionTimestamp !== undefined) || undefined;
      },
      90,
    );
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const sets = await checkout.get<List<V1DaemonSet>>(ZONE, "daemonsets", "-n", "gpu-operator");
    const standing = sets.items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
    for (const needed of ["nvidia-container-toolkit-daemonset", "nvidia-driver-580.178.04-ubuntu22.04"])
      assert.ok(
        standing.some(({ metadata }) => metadata?.name === needed),
        needed,
      );
    await patch([]);
    const run = await destroy;
    assert.equal(run.code, 0, run.all);
    const kinds =
      "deployments,daemonsets,services,configmaps,serviceaccounts,clusterroles,clusterrolebindings,runtimeclasses";
    const left = await checkout.get<List<V1ConfigMap>>(ZONE, kinds, "-A", "-l", `gpu-zones.dev/zone=${ZONE}`);
    assert.deepEqual(
      left.items.map(({ kind, metadata }) => `${kind ?? ""}/${metadata?.name ?? ""}`),
      [],
    );
    const kept = await checkout.get<List<V1ConfigMap>>(
      ZONE,
      "namespaces",
      "-l",
      `gpu-zones.dev/zone=${ZONE}`,
    );
    assert.deepEqual(
      kept.items.map(({ metadata }) => metadata?.name).toSorted(),
      [...APPS, "gpu-operator"].toSorted(),
    );
    const definitions = await checkout.get<List<V1ConfigMap>>(
      ZONE,
      "customresourcedefinitions",
      "-l",
      `gpu-zones.dev/zone=${ZONE}`,
    );
    assert.deepEqual(
      definitions.items.map(({ metadata }) => metadata?.name).toSorted(),
      ["nodefeaturegroups", "nodefeaturerules", "nodefeatures"].map((kind) => `${kind}.nfd.k8s-sigs.io`),
      "with a definition would go the objects of another Node Feature Discovery",
    );
    const claims = await checkout.get<List<V1ConfigMap>>(ZONE, "persistentvolumeclaims", "-A");
    assert.deepEqual(
      claims.items.map(({ metadata }) => metadata?.name),
      ["toxicity-detector-models"],
    );
  });

  it("leaves the stack file as it was after sim down", async () => {
    const file = `Pulumi.${ZONE}.yaml`;
    const during = await checkout.read(file);
    assert.match(during, /^encryptionsalt: /m, "the engine writes its salt into the stack file");
    const down = await checkout.zones("sim", "down", ZONE);
    assert.equal(down.code, 0, down.all);
    // What the tests above edited, on the bytes that the file had before the engine saw it.
    assert.equal(await checkout.read(file), stackFile.replace("replicas: 1", "replicas: 3"));
  });
});

/** A generated name without the hash of its content. */
function withoutHash(id: string): string {
  return id.replace(/^(ConfigMap\/.*-)[a-z0-9]{10}$/, "$1*");
}

/** Objects that the engine updated, the stack and its outputs left out. */
function updatedObjects(run: Ended): number {
  return run.stdout.split("\n").filter((line) => /^\s*~\s+kubernetes:.* updated \(/.test(line)).length;
}

async function ready(checkout: Checkout): Promise<Status> {
  const answer = await checkout.zones("status", ZONE, "--wait", "60s", "--json");
  assert.equal(answer.code, 0, answer.all);
  const [status] = JSON.parse(answer.stdout) as [Status];
  assert.equal(status.ready, true);
  return status;
}
