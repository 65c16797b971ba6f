import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ended, eventually } from "../checkout.ts";
import { sharedCluster, type TestCluster } from "./cluster.ts";
import { failing, Project } from "./project.ts";

/** A program with a ConfigMap that is there at once and a Deployment that never becomes ready. */
function stuck(name: string, timeoutSeconds: number): string {
  return `
    new k8s.core.v1.ConfigMap("${name}", { metadata: { name: "${name}", namespace: "default" } }, options);
    new k8s.apps.v1.Deployment("${name}", {
      metadata: { name: "${name}", namespace: "default", annotations: { "pulumi.com/timeoutSeconds": "${timeoutSeconds}" } },
      spec: { selector: { matchLabels: { app: "${name}" } }, template: { metadata: { labels: { app: "${name}" } },
        spec: { nodeSelector: { "no-such-label": "true" }, containers: [{ name: "main", image: "main:1" }] } } },
    }, options);`;
}

describe("the engine with the stand-ins: failures", function () {
  this.timeout(90_000);
  let cluster: TestCluster;
  let project: Project;

  before(async () => {
    cluster = await sharedCluster();
  });

  beforeEach(async () => {
    project = await Project.create(cluster);
  });

  afterEach(async () => {
    await project.remove();
  });

  it("keeps an object that did not become ready, and waits the full time again though nothing changed", async () => {
    await project.program(stuck("engine-stuck", 2));
    const first = await project.up();
    assert.notEqual(first.code, 0);
    assert.match(first.all, /timed out waiting to be Ready/);
    const kept = (await project.resources()).find(({ type }) => type === "kubernetes:apps/v1:Deployment");
    assert.equal(kept?.id, "default/engine-stuck");
    assert.match(kept.initErrors?.join("\n") ?? "", /0 of 1 pods are available/);
    const second = await project.up();
    assert.notEqual(second.code, 0);
    assert.match(second.all, /timed out waiting to be Ready \(after 2 s\)/);
    assert.match(second.all, /engine-stuck.*updating/);
  });

  it("deletes nothing when the program throws, and everything when it registers nothing", async () => {
    await project.program(
      `new k8s.core.v1.ConfigMap("engine-kept", { metadata: { name: "engine-kept", namespace: "default" } }, options);`,
    );
    assert.equal((await project.up()).code, 0);
    await project.raw(failing("no zone file"));
    assert.notEqual((await project.up()).code, 0);
    assert.notEqual(await cluster.get("configmap", "engine-kept"), undefined);
    await project.raw(`console.error("no zone file");`);
    const empty = await project.up();
    assert.equal(empty.code, 0, empty.all);
    assert.equal(await cluster.get("configmap", "engine-kept"), undefined);
  });

  it("runs no program for destroy and refresh unless told to; a beforeDelete hook makes a plain destroy refuse", async () => {
    const hook = `new pulumi.ResourceHook("guard", () => { console.log("the guard ran"); })`;
    await project.program(`
      console.log("the program ran");
      const guard = ${hook};
      new k8s.core.v1.ConfigMap("engine-hook", { metadata: { name: "engine-hook", namespace: "default" } }, { ...options, hooks: { beforeDelete: [guard] } });
    `);
    assert.equal((await project.up()).code, 0);
    const refresh = await project.pulumi(["refresh", "--yes", "--skip-preview"]);
    assert.equal(refresh.code, 0, refresh.all);
    assert.doesNotMatch(refresh.all, /the program ran/);
    const plain = await project.pulumi(["destroy", "--yes", "--skip-preview"]);
    assert.notEqual(plain.code, 0);
    assert.doesNotMatch(plain.all, /the program ran/);
    assert.notEqual(await cluster.get("configmap", "engine-hook"), undefined);
    const told = await project.pulumi(["destroy", "--yes", "--skip-preview", "--run-program"]);
    assert.equal(told.code, 0, told.all);
    assert.match(told.all, /the guard ran/);
  });

  it("leaves the lock after kill -9 in a create; then the object is in the way until upsert heals it", async () => {
    await project.program(stuck("engine-killed", 4));
    const engine = project.start(["up", "--yes", "--skip-preview"]);
    const end = ended(engine);
    await eventually("the Deployment is in the cluster", () => cluster.get("deployment", "engine-killed"));
    engine.kill("SIGKILL");
    await end;
    assert.match((await project.up()).all, /the stack is currently locked/);
    assert.equal((await project.pulumi(["cancel", "--yes"])).code, 0);
    const blocked = await project.up();
    assert.notEqual(blocked.code, 0);
    assert.match(blocked.all, /deployments\.apps "engine-killed" already exists/);
    const healed = await project.up([], { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" });
    assert.match(healed.all, /timed out waiting to be Ready/);
    assert.doesNotMatch(healed.all, /already exists/);
    assert.equal((await project.resources()).length, 2);
  });

  it("runs the program once for up --refresh, whose refresh runs it only when told to", async () => {
    const diary = path.join(project.folder, "diary");
    await project.program(`
      (await import("node:fs")).appendFileSync(${JSON.stringify(diary)}, "ran\\n");
      new k8s.core.v1.ConfigMap("engine-once", { metadata: { name: "engine-once", namespace: "default" } }, options);
    `);
    const runs = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> => {
      await writeFile(diary, "");
      const { code, all } = await project.pulumi([...args, "--yes", "--skip-preview"], env);
      assert.equal(code, 0, all);
      return (await readFile(diary, "utf8")).split("\n").length - 1;
    };
    assert.equal(await runs(["up"]), 1);
    assert.equal(await runs(["up", "--refresh"]), 1);
    assert.equal(await runs(["refresh"]), 0);
    assert.equal(await runs(["refresh"], { PULUMI_RUN_PROGRAM: "true" }), 1);
  });

  it("ends within about a second of a SIGINT to its process group, frees the lock and records what was created", async () => {
    await project.program(stuck("engine-interrupted", 60));
    const engine = project.start(["up", "--yes", "--skip-preview"], {}, true);
    const end = ended(engine);
    await eventually("the Deployment is in the cluster", () =>
      cluster.get("deployment", "engine-interrupted"),
    );
    const start = Date.now();
    process.kill(-engine.pid!, "SIGINT");
    const { code, all } = await end;
    assert.notEqual(code, 0, all);
    // A second, and room for a busy machine; plugins that do not leave are killed only after 5 s.
    assert.ok(Date.now() - start < 4000, `it took ${Date.now() - start} ms:\n${all}`);
    const ids = (await project.resources()).map(({ id }) => id);
    assert.deepEqual(ids, ["default/engine-interrupted", "default/engine-interrupted"]);
    await project.program(stuck("engine-interrupted", 1));
    assert.doesNotMatch((await project.up()).all, /locked|already exists/);
  });

  it("takes -c into the stack file before the program runs; --config-file is another file", async () => {
    await project.raw(
      `import * as pulumi from "@pulumi/pulumi"; export const seen = new pulumi.Config().get("x");`,
    );
    const preview = await project.preview(["-c", "x=from-flag"]);
    assert.match(preview.all, /seen\s*: "from-flag"/);
    const file = path.join(project.folder, "Pulumi.test.yaml");
    assert.match(await readFile(file, "utf8"), /stand-ins-test:x: from-flag/);
    const other = path.join(project.folder, "other.yaml");
    const elsewhere = await project.preview(["--config-file", other, "-c", "x=from-other"]);
    assert.match(elsewhere.all, /seen\s*: "from-other"/);
    assert.doesNotMatch(await readFile(file, "utf8"), /from-other/);
  });

  it("keeps tags and outputs of a stack on the file backend", async () => {
    await project.raw(`export const digest = "sha256:0";`);
    assert.equal((await project.up()).code, 0);
    assert.equal((await project.pulumi(["stack", "tag", "set", "owed-since", "monday"])).code, 0);
    assert.equal((await project.pulumi(["stack", "tag", "get", "owed-since"])).stdout.trim(), "monday");
    assert.equal((await project.pulumi(["stack", "output", "digest"])).stdout.trim(), "sha256:0");
  });
});
