import assert from "node:assert/strict";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { V1Deployment } from "@kubernetes/client-node";
import { parse, stringify } from "yaml";
import { Checkout, eventually, type Ended } from "./checkout.ts";

const ZONE = "zone-2-prod";
const OTHER = "zone-3-prod";

/** The labeller is an operand. */
const APPS_ALONE = ["-l", "gpu-zones.dev/owner notin (labeller,node-feature-discovery)"];

interface List<Kind> {
  readonly items: Kind[];
}

interface Kubeconfig {
  readonly contexts: { name: string; context: { cluster: string; user: string } }[];
}

/** Whatever the user runs against the wrong cluster, nothing is written there and the state stays as it was. */
describe("the guard against another cluster behind the zone's context", function () {
  this.timeout(180_000);
  let checkout: Checkout;
  let filled: unknown;
  let standing: Standing;

  before(async () => {
    checkout = await Checkout.create();
    const started = await checkout.zones("sim", "up", ZONE, OTHER);
    assert.equal(started.code, 0, started.all);
    await checkout.enterSim();
    for (const zone of [ZONE, OTHER]) {
      const run = await checkout.up(zone);
      assert.equal(run.code, 0, run.all);
      const ready = await checkout.zones("status", zone, "--wait", "60s");
      assert.equal(ready.code, 0, ready.all);
    }
    filled = await resources(checkout);
    standing = await atRest(checkout);
    for (const objects of Object.values(standing))
      assert.ok(objects.some((each) => each.startsWith("Deployment/toxicity-detector/")));
  });

  after(async () => {
    await checkout.remove();
  });

  /** Runs a command while the zone's context leads to the other zone's cluster; neither cluster may change. */
  async function onTheWrongCluster(command: readonly string[]): Promise<Ended> {
    const right = checkout.env("KUBECONFIG");
    checkout.setEnv({ KUBECONFIG: await swapped(checkout, right) });
    const run = await checkout.pulumi(...command, "--stack", ZONE);
    checkout.setEnv({ KUBECONFIG: right });
    assert.deepEqual(await bothClusters(checkout), standing);
    return run;
  }

  const commands: readonly (readonly string[])[] = [
    ["up", "--yes", "--skip-preview"],
    ["up", "--yes", "--skip-preview", "--refresh"],
    ["refresh", "--yes", "--skip-preview"],
    ["destroy", "--yes", "--skip-preview"],
  ];
  const named = (command: readonly string[]): string =>
    `pulumi ${command[0] ?? ""}${command.includes("--refresh") ? " --refresh" : ""}`;
  for (const command of commands) {
    it(`${named(command)} stops before it writes`, async () => {
      const run = await onTheWrongCluster(command);
      assert.notEqual(run.code, 0, run.all);
      assert.match(run.all, /GZ304 Pulumi\.zone-2-prod\.yaml/);
      assert.match(
        run.all,
        /wanted the cluster with kube-system UID [-0-9a-f]{36}, got [-0-9a-f]{36} behind context zone-2-prod/,
      );
      assert.deepEqual(await resources(checkout), filled);
    });
  }

  describe("where a pin says which cluster is the zone's", () => {
    let file: string;
    let simulated: string;

    before(async () => {
      file = await checkout.read(`Pulumi.${ZONE}.yaml`);
      simulated = checkout.env("GPU_ZONES_SIM_UIDS");
      const refused = await checkout.zones("pin", ZONE);
      assert.equal(refused.code, 1, refused.all);
      assert.match(refused.all, /wanted a real cluster, got the simulated one of this shell/);
      assert.equal(await checkout.read(`Pulumi.${ZONE}.yaml`), file);
      checkout.setEnv({ GPU_ZONES_SIM_UIDS: "" });
      const pinned = await checkout.zones("pin", ZONE);
      assert.equal(pinned.code, 0, pinned.all);
    });

    after(async () => {
      checkout.setEnv({ GPU_ZONES_SIM_UIDS: simulated });
      await checkout.edit(`Pulumi.${ZONE}.yaml`, () => file);
    });

    for (const command of commands) {
      it(`${named(command)} stops before it writes`, async () => {
        const run = await onTheWrongCluster(command);
        assert.notEqual(run.code, 0, run.all);
        assert.match(run.all, /GZ304 Pulumi\.zone-2-prod\.yaml/);
        assert.match(run.all, /take its UID over with \.\/zones pin zone-2-prod/);
        assert.deepEqual(await resources(checkout), filled);
      });
    }
  });

  describe("in a shell that lets refresh and destroy run no program", () => {
    before(() => {
      checkout.setEnv({ PULUMI_RUN_PROGRAM: undefined });
    });

    after(() => {
      checkout.setEnv({ PULUMI_RUN_PROGRAM: "true" });
    });

    it("pulumi destroy refuses, since nobody would ask which cluster it empties", async () => {
      const run = await onTheWrongCluster(["destroy", "--yes", "--skip-preview"]);
      assert.notEqual(run.code, 0, run.all);
      assert.match(run.all, /--run-program/);
      assert.deepEqual(await resources(checkout), filled);
    });

    it("pulumi refresh reads the wrong cluster into the state, and writes to no cluster", async () => {
      const kept = join(checkout.folder, "kept-state.json");
      await writeFile(kept, JSON.stringify(await checkout.state(ZONE)));
      const run = await onTheWrongCluster(["refresh", "--yes", "--skip-preview"]);
      assert.equal(run.code, 0, run.all);
      const back = await checkout.pulumi("stack", "import", "--stack", ZONE, "--file", kept);
      assert.equal(back.code, 0, back.all);
      assert.deepEqual(await resources(checkout), filled);
    });
  });

  describe("where something else is wrong", () => {
    it("a program that fails on its configuration deletes nothing of a filled zone", async () => {
      const file = `Pulumi.${ZONE}.yaml`;
      const before = await checkout.read(file);
      await checkout.edit(file, (text) =>
        text.replace("replicas: 6", "replicas: six\n      overlayy: bumble"),
      );
      const run = await checkout.up(ZONE);
      await checkout.edit(file, () => before);
      assert.notEqual(run.code, 0, run.all);
      assertSays(run, [
        "GZ003 Pulumi.zone-2-prod.yaml:10  apps.toxicity-detector.replicas",
        'wanted a number, got "six"',
        "GZ002 Pulumi.zone-2-prod.yaml:11  apps.toxicity-detector.overlayy",
        'unknown key "overlayy" in apps.toxicity-detector',
        'did you mean "overlay"?',
        "2 problems stop this run; nothing was changed",
      ]);
      assert.deepEqual(await resources(checkout), filled);
      await everythingStands(checkout);
    });

    it("a dark zone: a preview compares with the state and says so, an update stops", async () => {
      const right = checkout.env("KUBECONFIG");
      checkout.setEnv({ KUBECONFIG: await dark(checkout, right) });
      const preview = await checkout.pulumi("preview", "--stack", ZONE);
      const update = await checkout.up(ZONE);
      checkout.setEnv({ KUBECONFIG: right });
      assert.equal(preview.code, 0, preview.all);
      assert.match(preview.all, /identity not checked, compared with the state of the last update/);
      assert.notEqual(update.code, 0, update.all);
      assertSays(update, ["GZ305", "got connection refused", "nothing was changed"]);
      assert.deepEqual(await resources(checkout), filled);
    });

    it("credentials that the cluster does not accept are called that, and stop an update", async () => {
      const right = checkout.env("KUBECONFIG");
      checkout.setEnv({ KUBECONFIG: await expired(checkout, right) });
      const update = await checkout.up(ZONE);
      checkout.setEnv({ KUBECONFIG: right });
      assert.notEqual(update.code, 0, update.all);
      assertSays(update, [
        "GZ305",
        "got credentials that the cluster does not accept",
        "renew the credentials of context zone-2-prod, then run this once more; nothing was changed",
      ]);
      assert.deepEqual(await resources(checkout), filled);
    });

    it("a context that does not exist is named", async () => {
      await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
        text.replace("config:\n", "config:\n  gpu-zones:cluster: { context: zone-2-pord }\n"),
      );
      const update = await checkout.up(ZONE);
      await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
        text.replace("  gpu-zones:cluster: { context: zone-2-pord }\n", ""),
      );
      assert.notEqual(update.code, 0, update.all);
      assertSays(update, [
        "GZ305 Pulumi.zone-2-prod.yaml:",
        'wanted the cluster of context zone-2-pord, got context "zone-2-pord" does not exist',
        "add context zone-2-pord to the kubeconfig",
      ]);
      assert.deepEqual(await resources(checkout), filled);
    });

    it("a rebuilt cluster: up refuses, pin and refresh bring everything back, nothing is deleted", async () => {
      const file = `Pulumi.${ZONE}.yaml`;
      const backend = join(checkout.folder, "kept-backend");
      await pin(checkout);
      const text = await checkout.read(file);
      await cp(join(checkout.folder, ".sim", "backend"), backend, { recursive: true });
      const rebuilt = [await checkout.zones("sim", "down", ZONE), await checkout.zones("sim", "up", ZONE)];
      for (const { code, all } of rebuilt) assert.equal(code, 0, all);
      await cp(backend, join(checkout.folder, ".sim", "backend"), { recursive: true });
      await checkout.edit(file, () => text);

      // A shell that took the environment over before still announces the old simulated cluster.
      const stale = await checkout.up(ZONE);
      assert.notEqual(stale.code, 0, stale.all);
      assertSays(stale, ["GZ304", 'eval "$(./zones sim env)"']);
      const simulated = checkout.env("GPU_ZONES_SIM_UIDS");
      checkout.setEnv({ GPU_ZONES_SIM_UIDS: "" });
      const wrong = await checkout.up(ZONE);
      checkout.setEnv({ GPU_ZONES_SIM_UIDS: simulated });
      assert.notEqual(wrong.code, 0, wrong.all);
      assertSays(wrong, ["GZ304", `if the cluster was rebuilt, take its UID over with ./zones pin ${ZONE}`]);
      await pin(checkout);
      await checkout.enterSim();
      const state = await checkout.up(ZONE);
      assert.notEqual(state.code, 0, state.all);
      assertSays(state, ["GZ306", `pulumi refresh --run-program=false --stack ${ZONE}`]);
      const refresh = await checkout.pulumi(
        "refresh",
        "--yes",
        "--skip-preview",
        "--run-program=false",
        "--stack",
        ZONE,
      );
      assert.equal(refresh.code, 0, refresh.all);
      const back = await checkout.up(ZONE);
      assert.equal(back.code, 0, back.all);
      assert.doesNotMatch(back.stdout, /^\s*- \d+ deleted/m);
      await everythingStands(checkout);
    });

    it("takes no GPU stack from under running pods; told why, it leaves a pinned zone with its apps alone", async () => {
      await checkout.edit(`Pulumi.${ZONE}.yaml`, (text) =>
        text.replace("config:\n", "config:\n  gpu-zones:gpu: { managed: false }\n"),
      );
      checkout.setEnv({ GPU_ZONES_SIM_UIDS: "" });
      const refused = await checkout.up(ZONE);
      assert.notEqual(refused.code, 0, refused.all);
      assertSays(refused, [
        `GZ308 Pulumi.${ZONE}.yaml:3  gpu.managed`,
        "wanted no pod on a GPU while driver, container-toolkit, device-plugin go",
      ]);
      checkout.setEnv({ GPU_ZONES_OVERRIDE: "its operator takes over" });
      const update = await checkout.up(ZONE);
      checkout.setEnv({ GPU_ZONES_OVERRIDE: "" });
      assert.equal(update.code, 0, update.all);
      const operands = await checkout.get<List<V1Deployment>>(ZONE, "daemonsets", "-A");
      assert.deepEqual(operands.items, []);
      await everythingStands(checkout);
    });
  });
});

/** A kubeconfig in which the zone's context leads to the other zone's cluster. */
async function swapped(checkout: Checkout, kubeconfig: string): Promise<string> {
  const config = parse(await readFile(kubeconfig, "utf8")) as Kubeconfig;
  const find = (name: string) => config.contexts.find((context) => context.name === name);
  const [zone, other] = [find(ZONE), find(OTHER)];
  if (zone === undefined || other === undefined) throw new Error("the simulated kubeconfig lacks a context");
  zone.context = other.context;
  const path = join(checkout.folder, "swapped.kubeconfig");
  await writeFile(path, stringify(config));
  return path;
}

/** A kubeconfig whose servers nobody listens on. */
async function dark(checkout: Checkout, kubeconfig: string): Promise<string> {
  const path = join(checkout.folder, "dark.kubeconfig");
  const text = await readFile(kubeconfig, "utf8");
  await writeFile(path, text.replaceAll(/server: .*/g, "server: https://127.0.0.1:1"));
  return path;
}

/** A kubeconfig whose token the API server has never heard of. */
async function expired(checkout: Checkout, kubeconfig: string): Promise<string> {
  const config = parse(await readFile(kubeconfig, "utf8")) as { users: { user: unknown }[] };
  for (const user of config.users) user.user = { token: "expired" };
  const path = join(checkout.folder, "expired.kubeconfig");
  await writeFile(path, stringify(config));
  return path;
}

/** Pins the zone to the cluster that answers now, as if it were a real one. */
async function pin(checkout: Checkout): Promise<void> {
  const simulated = checkout.env("GPU_ZONES_SIM_UIDS");
  checkout.setEnv({ GPU_ZONES_SIM_UIDS: "" });
  const run = await checkout.zones("pin", ZONE);
  checkout.setEnv({ GPU_ZONES_SIM_UIDS: simulated });
  assert.equal(run.code, 0, run.all);
}

/** Everything of ours by context, each with UID and version: whoever writes or deletes changes it. */
type Standing = Readonly<Record<string, readonly string[]>>;

async function bothClusters(checkout: Checkout): Promise<Standing> {
  const all = await Promise.all(
    [ZONE, OTHER].map(async (context) => {
      const objects = await checkout.objectsOf(context, `gpu-zones.dev/zone`);
      return [context, [...objects].map((each) => each.join(" ")).toSorted()] as const;
    }),
  );
  return Object.fromEntries(all);
}

/** Both clusters once controllers have written the last status. */
async function atRest(checkout: Checkout): Promise<Standing> {
  let before: Standing | undefined;
  return eventually("both clusters are at rest", async () => {
    const now = await bothClusters(checkout);
    const same = before !== undefined && isDeepStrictEqual(now, before);
    before = now;
    return same ? now : undefined;
  });
}

/** The state's resources; the file around them has times that may change. */
async function resources(checkout: Checkout): Promise<unknown> {
  const state = (await checkout.state(ZONE)) as { deployment: { resources: unknown } };
  return state.deployment.resources;
}

async function everythingStands(checkout: Checkout): Promise<void> {
  const live = await checkout.get<List<V1Deployment>>(ZONE, "deployments", "-A", ...APPS_ALONE);
  assert.deepEqual(
    live.items.map(({ metadata }) => metadata?.name),
    ["toxicity-detector"],
  );
}

function assertSays(run: Ended, parts: readonly string[]): void {
  // The engine wraps and indents; what it prints is compared without its spaces.
  const text = run.all.replaceAll(/\s+/g, " ");
  for (const part of parts)
    assert.ok(text.includes(part.replaceAll(/\s+/g, " ")), `wanted ${part}\nin ${run.all}`);
}
