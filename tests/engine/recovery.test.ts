import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { V1Deployment, V1Node } from "@kubernetes/client-node";
import { acceptanceCase, assertContains } from "../fixtures/acceptance.ts";
import { Checkout, ended, eventually } from "./checkout.ts";

const ZONE = "zone-1-prod";

interface List<Kind> {
  readonly items: Kind[];
}

/** A run that dies in the middle, a node that is not there, objects that are somebody else's. */
describe("zone-1-prod after things went wrong", function () {
  this.timeout(180_000);
  let checkout: Checkout;

  before(async () => {
    checkout = await Checkout.create();
    const started = await checkout.zones("sim", "up", ZONE, "--without-node", "ds-node3");
    assert.equal(started.code, 0, started.all);
    await checkout.enterSim();
  });

  after(async () => {
    await checkout.remove();
  });

  it("keeps its lock after kill -9 of the engine; the next up says who holds it", async () => {
    const engine = checkout.start("pulumi", [
      "up",
      "--yes",
      "--skip-preview",
      "--non-interactive",
      "--stack",
      ZONE,
    ]);
    const end = ended(engine);
    await eventually("the first objects of the zone are in the cluster", async () => {
      const namespace = await checkout.kubectl(
        ZONE,
        "get",
        "serviceaccount,daemonset",
        "-n",
        "gpu-operator",
        "-l",
        `gpu-zones.dev/zone=${ZONE}`,
        "-o",
        "name",
      );
      return namespace.stdout.trim() === "" ? undefined : true;
    });
    engine.kill("SIGKILL");
    await end;
    const locked = await checkout.up(ZONE);
    assert.notEqual(locked.code, 0, locked.all);
    assert.match(locked.all, /the stack is currently locked by 1 lock/);
    assert.match(locked.all, new RegExp(`pid ${String(engine.pid)}`));
  });

  it("names an object that is not the zone's instead of taking it over", async () => {
    const cancel = await checkout.zones("cancel", ZONE);
    assert.equal(cancel.code, 0, cancel.all);
    await checkout.kubectl(
      ZONE,
      "delete",
      "service",
      "private-detector",
      "-n",
      "private-detector",
      "--ignore-not-found",
    );
    const namespace = await checkout.kubectl(ZONE, "create", "namespace", "private-detector");
    assert.ok(namespace.code === 0 || namespace.all.includes("already exists"), namespace.all);
    const foreign = await checkout.kubectl(
      ZONE,
      "create",
      "service",
      "clusterip",
      "private-detector",
      "-n",
      "private-detector",
      "--tcp=80:80",
    );
    assert.equal(foreign.code, 0, foreign.all);
    const run = await checkout.zones("up", ZONE);
    assert.equal(run.code, 1, run.all);
    assert.match(
      run.all,
      /GZ307 Pulumi\.zone-1-prod\.yaml:\d+\s+private-detector\/Service\/private-detector\/private-detector/,
    );
    assert.match(
      run.all.replaceAll(/\s+/g, " "),
      /wanted to create Service private-detector, got one that is not this zone's/,
    );
    const gone = await checkout.kubectl(
      ZONE,
      "delete",
      "service",
      "private-detector",
      "-n",
      "private-detector",
    );
    assert.equal(gone.code, 0, gone.all);
    await checkout.kubectl(
      ZONE,
      "label",
      "namespace",
      "private-detector",
      `gpu-zones.dev/zone=${ZONE}`,
      "--overwrite",
    );
  });

  it("completes with zones up, which takes over what the dead run created", async () => {
    const run = await checkout.zones("up", ZONE, "--json");
    assert.equal(run.code, 0, run.all);
    const status = await checkout.zones("status", ZONE, "--wait", "60s", "--json");
    assert.equal(status.code, 0, status.all);
    const live = await checkout.get<V1Deployment>(
      ZONE,
      "deployment",
      "private-detector",
      "-n",
      "private-detector",
    );
    assertContains(live, await acceptanceCase("private-detector.zone-1-prod.yaml"));
  });

  it("reports the declared node that is not there, and creates no Node", async () => {
    const run = await checkout.up(ZONE);
    assert.equal(run.code, 0, run.all);
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
          "    # toxicity-detector: {}",
          "    scam-detector: { replicas: 1, gpu: { model: Tesla-T4, shared: true } }\n    fake-detector: { replicas: 3, gpu: { model: Tesla-T4, shared: true } }",
        ),
    );
    const filled = await checkout.up(ZONE);
    assert.equal(filled.code, 0, filled.all);
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
      text.replace("scam-detector: { replicas: 1,", "scam-detector: { replicas: 1, image: 0.9.3,"),
    );
    const changed = await checkout.up(ZONE);
    assert.equal(changed.code, 0, changed.all);
    const live = await checkout.get<V1Deployment>(ZONE, "deployment", "scam-detector", "-n", "scam-detector");
    assert.equal(live.status?.readyReplicas, 1);
    assert.match(live.spec?.template.spec?.containers[0]?.image ?? "", /:0\.9\.3$/);
  });

  it("ends in order on Ctrl-C: exit status 130, no lock left, the next run completes", async () => {
    await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) => text.replace("image: 0.9.3", "image: 0.9.4"));
    const run = checkout.start(join(checkout.folder, "zones"), ["up", ZONE], true);
    const end = ended(run);
    await eventually("the engine has begun", async () => {
      const locks = await readdir(
        join(checkout.folder, ".sim", "backend", ".pulumi", "locks", "organization", "gpu-zones", ZONE),
      ).catch(() => []);
      return locks.length > 0 ? true : undefined;
    });
    // What a terminal does: the signal goes to the whole process group.
    process.kill(-(run.pid ?? 0), "SIGINT");
    const { code, all } = await end;
    assert.equal(code, 130, all);
    const next = await checkout.up(ZONE);
    assert.equal(next.code, 0, next.all);
  });
});
