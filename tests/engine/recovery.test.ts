import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { V1Deployment, V1Node } from "@kubernetes/client-node";
import { changesOf } from "../../fleet/up.ts";
import { acceptanceCase, assertContains } from "../fixtures/acceptance.ts";
import { Checkout, ended, eventually, type Ended } from "./checkout.ts";

const ZONE = "zone-1-prod";
const UP = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", ZONE];

interface List<Kind> {
  readonly items: Kind[];
}

/** A run that dies with its first object, a node that is not there, objects that are somebody else's. */
describe("zone-1-prod after a run died early", function () {
  this.timeout(180_000);
  let checkout: Checkout;

  before(async () => {
    checkout = await started("--without-node", "ds-node3");
  });

  after(async () => {
    await checkout.remove();
  });

  it("keeps its lock after kill -9 at the first object; the next up says who holds it", async () => {
    const engine = checkout.start("pulumi", UP);
    const end = ended(engine);
    engine.stdout?.on("data", (text: string) => {
      if (/ kubernetes:\S+ \S+ created/.test(text)) engine.kill("SIGKILL");
    });
    const { code, all } = await end;
    assert.equal(code, null, all);
    const locked = await checkout.up(ZONE);
    assert.notEqual(locked.code, 0, locked.all);
    assert.match(locked.all, /the stack is currently locked by 1 lock/);
    assert.match(locked.all, new RegExp(`\\(pid ${String(engine.pid)}\\)`));
  });

  it("knows, though no update ever ended, which cluster the dead run wrote to", async () => {
    const { deployment } = (await checkout.state(ZONE)) as State;
    const cluster = deployment.resources.find(({ type }) => type === "gpu-zones:index:Cluster");
    const kubeSystem = await checkout.get<V1Node>(ZONE, "namespace", "kube-system");
    assert.equal(cluster?.outputs?.["uid"], kubeSystem.metadata?.uid);
  });

  it("has no lock and no pending creation after zones cancel", async () => {
    await cancelled(checkout);
  });

  it("completes with zones up; a plain update after it changes nothing", async () => {
    await complete(checkout);
  });

  it("names an object that is not the zone's instead of taking it over", async () => {
    await done(checkout.kubectl(ZONE, "create", "namespace", "scam-detector"));
    const foreign = ["deployment", "scam-detector", "-n", "scam-detector"];
    await done(checkout.kubectl(ZONE, "create", ...foreign, "--image=somebody:1"));
    await done(checkout.kubectl(ZONE, "label", "namespace", "scam-detector", `gpu-zones.dev/zone=${ZONE}`));
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text.replace(
        "    # toxicity-detector: {}",
        "    scam-detector: { replicas: 1, gpu: { model: Tesla-T4, shared: true } }",
      ),
    );
    const run = await checkout.zones("up", ZONE);
    assert.equal(run.code, 1, run.all);
    assert.match(
      run.all,
      /GZ307 Pulumi\.zone-1-prod\.yaml:\d+\s+scam-detector\/Deployment\/scam-detector\/scam-detector/,
    );
    assert.match(
      run.all.replaceAll(/\s+/g, " "),
      /wanted to create Deployment scam-detector, got one that is not this zone's/,
    );
    await done(checkout.kubectl(ZONE, "delete", ...foreign));
    await done(checkout.zones("up", ZONE));
  });

  it("reports the declared node that is not there, and creates no Node", async () => {
    const run = await done(checkout.up(ZONE));
    assert.match(
      run.all.replaceAll(/\s+/g, " "),
      /GZ309 Pulumi\.zone-1-prod\.yaml:\d+ nodePools\.t4\.nodes\.1 wanted node ds-node3 of pool t4, got a cluster that does not have it now/,
    );
    const nodes = await checkout.get<List<V1Node>>(ZONE, "nodes");
    assert.ok(!nodes.items.some(({ metadata }) => metadata?.name === "ds-node3"));
  });

  it("rolls out an image change of a one-replica app although every GPU is taken", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text
        .replace("replicas: 10", "replicas: 16")
        .replace(
          "    scam-detector:",
          "    fake-detector: { replicas: 3, gpu: { model: Tesla-T4, shared: true } }\n    scam-detector:",
        ),
    );
    await done(checkout.up(ZONE));
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text.replace("scam-detector: { replicas: 1,", "scam-detector: { replicas: 1, image: 0.9.3,"),
    );
    await done(checkout.up(ZONE));
    const live = await checkout.get<V1Deployment>(ZONE, "deployment", "scam-detector", "-n", "scam-detector");
    assert.equal(live.status?.readyReplicas, 1);
    assert.match(live.spec?.template.spec?.containers[0]?.image ?? "", /:0\.9\.3$/);
  });

  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`ends in order on ${signal}: exit status ${status}, no lock left, the next run completes`, async () => {
      await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
        text.replace(/image: 0\.9\.\d+/, `image: 0.9.${status}`),
      );
      const run = checkout.start(join(checkout.folder, "zones"), ["up", ZONE]);
      const end = ended(run);
      await new Promise<void>((resolve) => {
        run.stderr?.on("data", (text: string) => {
          if (/ (kubernetes|gpu-zones|pulumi):\S+ /.test(text)) resolve();
        });
      });
      // A terminal signals the whole process group; what ends a job may signal the command alone.
      process.kill(signal === "SIGINT" ? -(run.pid ?? 0) : (run.pid ?? 0), signal);
      const { code, all } = await end;
      assert.equal(code, status, all);
      assert.deepEqual(await locks(checkout), []);
      await done(checkout.up(ZONE));
    });
  }
});

/** The run dies while it waits for a Deployment that is in the cluster and not in the state. */
describe("zone-1-prod after a run died while it waited for a Deployment", function () {
  this.timeout(180_000);
  let checkout: Checkout;
  let uids: Record<string, string>;

  before(async () => {
    checkout = await started("--without-node", "ds-node1", "ds-node4");
  });

  after(async () => {
    await checkout.remove();
  });

  it("has the Deployment and its Service, and a lock", async () => {
    const engine = checkout.start("pulumi", UP);
    const end = ended(engine);
    // Its pods have no node to run on, so the engine waits for as long as this takes.
    await eventually("the Deployment and the Service exist", async () => {
      uids = await appUids(checkout).catch(() => ({}));
      return Object.keys(uids).length === 2 ? true : undefined;
    });
    engine.kill("SIGKILL");
    const { code, all } = await end;
    assert.equal(code, null, all);
    assert.equal((await locks(checkout)).length, 1);
  });

  it("is told by zones cancel what the dead run did not record", async () => {
    await done(checkout.zones("sim", "up", ZONE));
    const { all } = await cancelled(checkout);
    assert.match(all, /did not record .*:\n {2}(\S+\n {2})*private-detector\/Deployment\/private-detector/);
    const [, backup = ""] = /the state as it was: (.+)/.exec(all) ?? [];
    const kept = JSON.parse(await checkout.read(backup.slice(checkout.folder.length + 1))) as State;
    assert.ok((kept.deployment.pending_operations ?? []).length > 0);
  });

  it("completes with zones up, which takes the same objects over; a plain update changes nothing", async () => {
    await complete(checkout);
    assert.deepEqual(await appUids(checkout), uids);
  });
});

interface State {
  readonly deployment: {
    readonly resources: { type: string; outputs?: Record<string, unknown> }[];
    readonly pending_operations?: unknown[];
  };
}

async function started(...args: string[]): Promise<Checkout> {
  const checkout = await Checkout.create();
  await done(checkout.zones("sim", "up", ZONE, ...args));
  await checkout.enterSim();
  return checkout;
}

async function done(run: Promise<Ended>): Promise<Ended> {
  const result = await run;
  assert.equal(result.code, 0, result.all);
  return result;
}

async function cancelled(checkout: Checkout): Promise<Ended> {
  const cancel = await done(checkout.zones("cancel", ZONE));
  assert.match(cancel.all, /held by \S+ \(pid \d+\) since /);
  assert.doesNotMatch(cancel.all, /cannot be read/);
  assert.deepEqual(await locks(checkout), []);
  await nothingPending(checkout);
  return cancel;
}

async function complete(checkout: Checkout): Promise<void> {
  await done(checkout.zones("up", ZONE, "--wait", "60s", "--json"));
  const app = ["private-detector", "-n", "private-detector"];
  const live = await checkout.get<V1Deployment>(ZONE, "deployment", ...app);
  assertContains(live, await acceptanceCase("private-detector.zone-1-prod.yaml"));
  await nothingPending(checkout);
  const again = await done(checkout.up(ZONE));
  const { same, ...changed } = changesOf(again.stdout);
  assert.deepEqual(changed, { create: 0, update: 0, delete: 0, replace: 0 }, again.all);
  assert.ok(same > 10, again.all);
}

async function nothingPending(checkout: Checkout): Promise<void> {
  const { deployment } = (await checkout.state(ZONE)) as State;
  assert.deepEqual(deployment.pending_operations ?? [], []);
}

async function locks(checkout: Checkout): Promise<string[]> {
  const folder = join(
    checkout.folder,
    ".sim",
    "backend",
    ".pulumi",
    "locks",
    "organization",
    "gpu-zones",
    ZONE,
  );
  return (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".json"));
}

/** UIDs of the app's Deployment and Service, as far as they exist. */
async function appUids(checkout: Checkout): Promise<Record<string, string>> {
  const { items } = await checkout.get<List<V1Deployment>>(
    ZONE,
    "deployments,services",
    "-n",
    "private-detector",
    "-l",
    `gpu-zones.dev/zone=${ZONE}`,
  );
  return Object.fromEntries(items.map(({ kind = "", metadata }) => [kind, metadata?.uid ?? ""]));
}
