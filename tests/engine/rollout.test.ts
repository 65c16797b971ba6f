import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1ConfigMap, V1DaemonSet, V1Node, V1Pod } from "@kubernetes/client-node";
import { changesOf } from "../../fleet/up.ts";
import { readHost } from "../../sim/annotations.ts";
import { Checkout, ended, type Ended } from "./checkout.ts";

const ZONE = "zone-1-dev";
const ROLLOUT = ["rollout", ZONE, "--drain"];
const SKIP = "nvidia.com/gpu-driver-upgrade.skip";

interface Status {
  readonly ready: boolean;
  readonly nodes: { node: string; resources: Record<string, number>; owes: { part: string }[] }[];
}

interface Rollout {
  readonly nodes: { node: string; state: string; owes: { part: string }[]; says: string }[];
}

/** Somebody else's work on a MIG slice. */
const TRAINER = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "trainer", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "trainer" } },
    template: {
      metadata: { labels: { app: "trainer" } },
      spec: {
        containers: [
          { name: "main", image: "trainer:1", resources: { limits: { "nvidia.com/mig-1g.5gb": 1 } } },
        ],
      },
    },
  },
};

/** Changed MIG and sharing reach the nodes of a running zone by a rollout alone; each test goes on where the last stopped. */
describe("a rollout on simulated nodes", function () {
  this.timeout(240_000);
  let checkout: Checkout;

  before(async () => {
    checkout = await Checkout.create();
    // Its boards are cut for somebody else, whose pods are not the zone's.
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("      gpu: { mig: 1g.5gb }\n", ""));
    await fine(checkout.zones("sim", "up", ZONE));
    await checkout.enterSim();
    await fine(checkout.up(ZONE));
    await ready();
    await writeFile(join(checkout.folder, "trainer.json"), JSON.stringify(TRAINER));
    await fine(checkout.kubectl(ZONE, "apply", "-f", "trainer.json"));
    await fine(checkout.kubectl(ZONE, "rollout", "status", "deployment/trainer", "--timeout=30s"));
  });

  after(async () => {
    await checkout.remove();
  });

  it("has nothing to do on nodes that have what the zone says", async () => {
    const run = await fine(checkout.zones("rollout", ZONE));
    assert.match(run.stdout, /^zone-1-dev: no node owes a change$/m);
  });

  it("is refused before the cluster has what the files say", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text.replace("timeSlicing: 4", "timeSlicing: 3").replace("mig: all-1g.5gb", "mig: all-2g.10gb"),
    );
    const run = await checkout.zones(...ROLLOUT);
    assert.equal(run.code, 1, run.all);
    assert.match(run.all, /pools as they were before the last edit: \.\/zones up zone-1-dev first/);
  });

  it("is owed after an update, which keeps what the nodes still name", async () => {
    const before = await nodes();
    const run = await fine(checkout.up(ZONE));
    const said = run.all.replaceAll(/\s+/g, " ");
    assert.match(
      said,
      /wanted mig all-2g.10gb on the nodes of pool a100, got all-1g.5gb on 1 of them \(ds-node1\)/,
    );
    assert.match(said, /on 2 of them \(ds-node2, ds-node3\): they go on as before/);
    const label = before.get("ds-node2")?.metadata?.labels?.["nvidia.com/device-plugin.config"] ?? "";
    assert.ok((await entries()).includes(label), "the entry that nodes name is gone");
    const status = await statusNow();
    assert.deepEqual(
      status.nodes.filter(({ owes }) => owes.length > 0).map(({ node, owes }) => [node, owes[0]?.part]),
      [
        ["ds-node1", "mig"],
        ["ds-node2", "sharing"],
        ["ds-node3", "sharing"],
      ],
    );
    const again = await fine(checkout.up(ZONE));
    const { same: _same, ...changed } = changesOf(again.stdout);
    assert.deepEqual(changed, { create: 0, update: 0, delete: 0, replace: 0 });
  });

  it("names the pods that hold GPUs, and changes nothing in a dry run or without --drain", async () => {
    const dry = await fine(checkout.zones(...ROLLOUT, "--dry-run", "--json"));
    const [planned] = JSON.parse(dry.stdout) as [Rollout];
    assert.deepEqual(
      planned.nodes.map(({ node }) => node),
      ["ds-node1", "ds-node2", "ds-node3"],
    );
    const run = await checkout.zones("rollout", ZONE, "--only", "sharing", "--json");
    assert.equal(run.code, 1, run.all);
    const [{ nodes: results }] = JSON.parse(run.stdout) as [Rollout];
    const refused = results.filter(({ state }) => state === "refused");
    assert.ok(refused.length > 0, run.all);
    for (const { says } of refused)
      assert.match(says, /^GPUs are held by \S+-detector\/\S+.*: --drain evicts/);
    for (const [, node] of await nodes()) {
      assert.equal(node.metadata?.annotations?.["gpu-zones.dev/rollout"], undefined);
      assert.notEqual(node.spec?.unschedulable, true);
    }
  });

  it("goes on wherever it was killed, and gives every node back", async () => {
    await throughKills();
    const status = await ready();
    assert.deepEqual(
      status.nodes.filter(({ node }) => node.startsWith("ds-")).map(({ resources }) => resources),
      [{ "nvidia.com/mig-2g.10gb": 3 }, { "nvidia.com/gpu": 3 }, { "nvidia.com/gpu": 3 }],
    );
    assert.deepEqual(
      status.nodes.flatMap(({ owes }) => owes),
      [],
    );
    await nothingLeft();
  });

  it("leaves the next update to take away what no node names any more", async () => {
    assert.equal((await entries()).length, 3);
    await fine(checkout.up(ZONE));
    assert.equal((await entries()).length, 2);
    const run = await fine(checkout.zones(...ROLLOUT));
    assert.match(run.stdout, /no node owes a change/);
  });

  it("exchanges the driver under running GPU pods, wherever it is killed, and never by an update", async () => {
    const old = await loaded();
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text.replace(
        "  gpu-zones:apps:",
        '  gpu-zones:gpu: { driver: { version: "580.126.16" } }\n  gpu-zones:apps:',
      ),
    );
    const run = await fine(checkout.zones("up", ZONE));
    assert.match(run.all, /3 nodes still run the old driver/);
    assert.deepEqual(await loaded(), old);
    await throughKills();
    for (const [node, digest] of await loaded()) assert.notEqual(digest, old.get(node), node);
    const status = await ready();
    assert.deepEqual(
      status.nodes.flatMap(({ owes }) => owes),
      [],
    );
    await nothingLeft();
    // What no node runs any more goes with the next update.
    await fine(checkout.up(ZONE));
    const sets = await checkout.get<{ items: V1DaemonSet[] }>(ZONE, "daemonsets", "-n", "gpu-operator");
    assert.deepEqual(
      sets.items.map(({ metadata }) => metadata?.name).filter((name) => name?.startsWith("nvidia-driver-")),
      ["nvidia-driver-580.126.16-ubuntu22.04"],
    );
  });

  it("names the budget that lets a pod not go, and gives its node back", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("timeSlicing: 3", "timeSlicing: 4"));
    await fine(checkout.up(ZONE));
    const app = "private-detector";
    const guard = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "guard", namespace: app },
      spec: { minAvailable: 1, selector: {} },
    };
    await writeFile(join(checkout.folder, "guard.json"), JSON.stringify(guard));
    await fine(checkout.kubectl(ZONE, "apply", "-f", "guard.json"));
    const { items } = await checkout.get<{ items: V1Pod[] }>(ZONE, "pods", "-n", app);
    const where = items[0]?.spec?.nodeName;
    await fine(checkout.kubectl(ZONE, "label", "node", "ds-node2", "ds-node3", `${SKIP}=true`));
    await fine(checkout.kubectl(ZONE, "label", "node", where ?? "", `${SKIP}-`));
    const run = await checkout.zones(...ROLLOUT, "--timeout", "4s", "--json");
    assert.equal(run.code, 1, run.all);
    const [{ nodes: results }] = JSON.parse(run.stdout) as [Rollout];
    const blocked = results.find(({ node }) => node === where);
    assert.equal(blocked?.state, "blocked", run.all);
    assert.match(
      blocked.says,
      /waits for .*private-detector\/\S+ \(PodDisruptionBudget guard lets none go\)/,
    );
    assert.notEqual((await nodes()).get(where ?? "")?.spec?.unschedulable, true);
    await fine(checkout.kubectl(ZONE, "delete", "-f", "guard.json"));
    await fine(checkout.kubectl(ZONE, "label", "node", "ds-node2", "ds-node3", `${SKIP}-`));
  });

  it("leaves a node alone whose label says so, and one that somebody cordoned cordoned", async () => {
    await fine(checkout.kubectl(ZONE, "label", "node", "ds-node2", `${SKIP}=true`));
    await fine(checkout.kubectl(ZONE, "cordon", "ds-node3"));
    const run = await fine(checkout.zones(...ROLLOUT, "--json"));
    const [{ nodes: results }] = JSON.parse(run.stdout) as [Rollout];
    assert.deepEqual(
      results.map(({ node, state }) => [node, state]),
      [
        ["ds-node2", "skipped"],
        ["ds-node3", "done"],
      ],
    );
    assert.equal((await nodes()).get("ds-node3")?.spec?.unschedulable, true);
  });

  /** Kills the rollout at its first words, then one line further in each run, until a run comes to its end. */
  async function throughKills(): Promise<void> {
    let killed = 0;
    for (let lines = 1; ; lines += 1) {
      assert.ok(lines < 60, "the rollout does not end");
      const run = await dyingAfter(lines);
      if (run.code === null) killed += 1;
      else {
        assert.equal(run.code, 0, run.all);
        break;
      }
    }
    assert.ok(killed > 3, `it was killed ${killed} times only`);
  }

  /** No node is cordoned, and none carries a mark of a rollout. */
  async function nothingLeft(): Promise<void> {
    for (const [name, node] of await nodes()) {
      assert.notEqual(node.spec?.unschedulable, true, name);
      const left = Object.keys(node.metadata?.annotations ?? {}).filter((key) => /rollout|upgrade/.test(key));
      assert.deepEqual(left, [], name);
    }
  }

  /** What is loaded on each GPU node: the digest by which driver-manager tells drivers apart. */
  async function loaded(): Promise<Map<string, string | undefined>> {
    const gpuNodes = [...(await nodes())].filter(([name]) => name.startsWith("ds-"));
    return new Map(
      gpuNodes.map(([name, { metadata }]) => [name, readHost(metadata?.annotations ?? {})?.module?.digest]),
    );
  }

  /** Runs the rollout and kills it, and all that it started, with its n-th line of progress; code null: it was killed. */
  async function dyingAfter(lines: number): Promise<Ended> {
    const child = checkout.start(`${checkout.folder}/zones`, ROLLOUT);
    let seen = 0;
    child.stderr?.on("data", (text: string) => {
      seen += text.split("\n").filter((line) => line.startsWith(`${ZONE}: ds-`)).length;
      if (seen >= lines && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    });
    return ended(child);
  }

  async function nodes(): Promise<Map<string, V1Node>> {
    const { items } = await checkout.get<{ items: V1Node[] }>(ZONE, "nodes");
    return new Map(items.map((node) => [node.metadata?.name ?? "", node]));
  }

  async function entries(): Promise<string[]> {
    const map = await checkout.get<V1ConfigMap>(
      ZONE,
      "configmap",
      "nvidia-device-plugin-config",
      "-n",
      "gpu-operator",
    );
    return Object.keys(map.data ?? {});
  }

  async function statusNow(...flags: string[]): Promise<Status> {
    const answer = await fine(checkout.zones("status", ZONE, "--json", ...flags));
    const [status] = JSON.parse(answer.stdout) as [Status];
    return status;
  }

  function ready(): Promise<Status> {
    return statusNow("--wait", "90s");
  }
});

async function fine(running: Promise<Ended>): Promise<Ended> {
  const run = await running;
  assert.equal(run.code, 0, run.all);
  return run;
}
