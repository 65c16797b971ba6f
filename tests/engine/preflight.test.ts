import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../../plan/config/problem.ts";
import { Checkout } from "./checkout.ts";

const ZONE = "zone-1-dev";

const PLUGIN = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "gpus", namespace: "kube-system" },
  spec: {
    selector: { matchLabels: { app: "gpus" } },
    template: {
      metadata: { labels: { app: "gpus" } },
      spec: {
        // It waits for a node that there is not: it need only be declared.
        nodeSelector: { nowhere: "true" },
        containers: [
          {
            name: "plugin",
            image: "mirror.corp/plugin:1",
            env: [{ name: "NVIDIA_VISIBLE_DEVICES", value: "all" }],
          },
        ],
        volumes: [{ name: "sockets", hostPath: { path: "/var/lib/kubelet/device-plugins" } }],
      },
    },
  },
};

/** Another Node Feature Discovery, that waits for the same node. */
const WORKER = {
  ...PLUGIN,
  metadata: { name: "labels", namespace: "kube-system" },
  spec: {
    selector: { matchLabels: { app: "labels" } },
    template: {
      metadata: { labels: { app: "labels" } },
      spec: {
        nodeSelector: { nowhere: "true" },
        containers: [{ name: "worker", image: "mirror.corp/nfd:1", command: ["nfd-worker"] }],
      },
    },
  },
};

/** The real program, engine and API server: a cluster whose GPUs somebody else drives is written to by nobody. */
describe("a cluster that has another GPU stack", function () {
  this.timeout(180_000);
  let checkout: Checkout;

  before(async () => {
    checkout = await Checkout.create();
    const started = await checkout.zones("sim", "up", ZONE);
    assert.equal(started.code, 0, started.all);
    await checkout.enterSim();
    const file = join(checkout.folder, "plugin.json");
    await writeFile(file, JSON.stringify(PLUGIN));
    const created = await checkout.kubectl(ZONE, "create", "-f", file);
    assert.equal(created.code, 0, created.all);
  });

  after(async () => {
    await checkout.remove();
  });

  const ours = async (): Promise<string[]> => [
    ...(await checkout.objectsOf(ZONE, "gpu-zones.dev/zone")).keys(),
  ];

  it("stops up before its first write, and hears of both ways on", async () => {
    const run = await checkout.up(ZONE);
    assert.notEqual(run.code, 0, run.all);
    const text = run.all.replaceAll(/\s+/g, " ");
    assert.match(text, /GZ401 .*gpu\.managed/);
    assert.match(text, /got DaemonSet kube-system\/gpus/);
    assert.match(text, /managed: false \}; or remove it/);
    assert.match(text, /1 problem stops this run; nothing was changed/);
    assert.deepEqual(await ours(), []);
  });

  it("is told by preflight too, which finds nothing else wrong with the nodes", async () => {
    const found = await checkout.zones("preflight", ZONE, "--json");
    assert.equal(found.code, 1, found.all);
    assert.deepEqual(errors(found.stdout), ["GZ401 gpu.managed"]);
  });

  it("is told beside another Node Feature Discovery, as long as that is there", async () => {
    const file = join(checkout.folder, "worker.json");
    await writeFile(file, JSON.stringify(WORKER));
    const created = await checkout.kubectl(ZONE, "create", "-f", file);
    assert.equal(created.code, 0, created.all);
    const found = await checkout.zones("preflight", ZONE, "--json");
    const gone = await checkout.kubectl(ZONE, "delete", "-f", file);
    assert.equal(gone.code, 0, gone.all);
    assert.deepEqual(errors(found.stdout), ["GZ401 gpu.managed", "GZ407 gpu.nfd.mode"]);
  });

  it("is the zone's to drive once the other stack is gone", async () => {
    const gone = await checkout.kubectl(ZONE, "delete", "daemonset", "gpus", "-n", "kube-system");
    assert.equal(gone.code, 0, gone.all);
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
    assert.ok((await ours()).includes("RuntimeClass//nvidia"));
    const again = await checkout.up(ZONE);
    assert.equal(again.code, 0, again.all);
    assert.doesNotMatch(again.all, /GZ401/);
  });

  it("leaves the release of its GPU stack to the next run, which skips none", async () => {
    const release = await checkout.pulumi("stack", "output", "gpuRelease", "--stack", ZONE);
    assert.equal(release.stdout.trim(), "26.7", release.all);
    const [kept, changed] = [join(checkout.folder, "kept.json"), join(checkout.folder, "changed.json")];
    const state = JSON.stringify(await checkout.state(ZONE));
    await writeFile(kept, state);
    await writeFile(changed, state.replaceAll('"gpuRelease":"26.7"', '"gpuRelease":"25.3"'));
    const older = await checkout.pulumi("stack", "import", "--stack", ZONE, "--file", changed);
    assert.equal(older.code, 0, older.all);
    const run = await checkout.up(ZONE);
    const back = await checkout.pulumi("stack", "import", "--stack", ZONE, "--file", kept);
    assert.equal(back.code, 0, back.all);
    assert.notEqual(run.code, 0, run.all);
    assert.match(run.all.replaceAll(/\s+/g, " "), /GZ312 .*wanted a release beside 25\.3/);
  });

  it("passes preflight then, node by node, until a file says something else of a node", async () => {
    const status = await checkout.zones("status", ZONE, "--wait", "60s");
    assert.equal(status.code, 0, status.all);
    const right = await checkout.zones("preflight", ZONE);
    assert.equal(right.code, 0, right.all);
    assert.match(right.stdout, /^a100 +ds-node1 +Ready +NVIDIA-A100-PCIE-40GB +1 +ubuntu22\.04 /m);
    assert.match(right.stdout, /^t4 +ds-node3 +Ready +Tesla-T4 +1 +ubuntu22\.04 /m);
    const probed = await checkout.zones("preflight", ZONE, "--probe");
    assert.equal(probed.code, 1, probed.all);
    assert.match(probed.stderr, /wanted hosts to probe, got simulated nodes/);
    const file = `Pulumi.${ZONE}.yaml`;
    const before = await checkout.read(file);
    await checkout.edit(file, (text) =>
      text.replace("hardware: t4x1, nodes", "hardware: t4x1, os: ubuntu24.04, nodes"),
    );
    const wrong = await checkout.zones("preflight", ZONE, "--json");
    assert.equal(wrong.code, 1, wrong.all);
    await checkout.edit(file, () => before);
    assert.deepEqual(errors(wrong.stdout), ["GZ403 nodePools.t4.os"]);
  });

  it("is updated with a GPU node that is gone, which is named and not waited for", async () => {
    const gone = await checkout.kubectl(ZONE, "delete", "node", "ds-node3");
    assert.equal(gone.code, 0, gone.all);
    const run = await checkout.zones("up", ZONE, "--json");
    assert.equal(run.code, 0, run.all);
    assert.match(run.stderr, /zone-1-dev: ds-node3 absent/);
  });
});

/** Code and path of each finding that is an error. */
function errors(json: string): string[] {
  return (JSON.parse(json) as Problem[])
    .filter(({ severity }) => severity === "error")
    .map(({ code, path }) => `${code} ${path}`);
}
