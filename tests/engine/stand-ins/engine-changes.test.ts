import assert from "node:assert/strict";
import path from "node:path";
import { sharedCluster, writeKubeconfig, type TestCluster } from "./cluster.ts";
import { definition } from "./objects.ts";
import { Project } from "./project.ts";

const mutable = "{ enableConfigMapMutable: true }";

/** A ConfigMap of the program with a fixed name in the namespace `default`. */
function map(name: string, data: string): string {
  return `new k8s.core.v1.ConfigMap("${name}", { metadata: { name: "${name}", namespace: "default" }, data: ${data} }, options);`;
}

describe("the engine with the stand-ins: changes", function () {
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

  /** Runs something that must succeed, and returns what it printed. */
  async function done(run: Promise<{ code: number | null; all: string }>): Promise<string> {
    const { code, all } = await run;
    assert.equal(code, 0, all);
    return all;
  }

  it("previews a definition, its resource and a namespace that do not exist yet, and makes them at the first up", async () => {
    await project.program(`
      new k8s.apiextensions.v1.CustomResourceDefinition("gadgets", {
        metadata: { name: "gadgets.stand-ins.test" },
        spec: { group: "stand-ins.test", scope: "Namespaced", names: { kind: "Gadget", plural: "gadgets" },
          versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } as any } }] },
      }, options);
      new k8s.apiextensions.CustomResource("gadget", { apiVersion: "stand-ins.test/v1", kind: "Gadget", metadata: { name: "g", namespace: "engine-new" }, size: 3 }, options);
      const namespace = new k8s.core.v1.Namespace("engine-new", { metadata: { name: "engine-new" } }, options);
      new k8s.core.v1.ConfigMap("in-it", { metadata: { name: "in-it", namespace: namespace.metadata.name }, data: { a: "1" } }, options);
    `);
    const env = { GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS: "20" };
    assert.match(await done(project.preview([], env)), /\+ 6 to create/);
    assert.equal(await cluster.get("namespace", "engine-new"), undefined);
    assert.match(await done(project.up([], env)), /\+ 6 created/);
    assert.match(await done(project.preview()), /6 unchanged/);
  });

  it("replaces a changed ConfigMap, deleting the old one first, unless ConfigMaps are mutable", async () => {
    await project.program(map("engine-replace", `{ a: "1" }`));
    await done(project.up());
    const uid = async () => (await cluster.get("configmap", "engine-replace"))?.metadata["uid"];
    const first = await uid();
    await project.program(map("engine-replace", `{ a: "2" }`));
    const replaced = await done(project.up());
    assert.match(replaced, /engine-replace deleted original[\s\S]*engine-replace created replacement/);
    const second = await uid();
    assert.notEqual(second, first);
    await project.program(map("engine-replace", `{ a: "3" }`), mutable);
    assert.match(await done(project.up()), /~ 2 updated/);
    assert.equal(await uid(), second);
  });

  it("finds a hand edit when it refreshes, and then ends in a conflict unless forced", async () => {
    await project.program(map("engine-drift", `{ a: "1" }`), mutable);
    await done(project.up());
    await cluster.kubectl([
      "patch",
      "configmap",
      "engine-drift",
      "-p",
      '{"data":{"a":"hand","b":"theirs"}}',
      "--field-manager=night-shift",
    ]);
    assert.match(await done(project.preview()), /3 unchanged/);
    assert.match(await done(project.preview(["--refresh"])), /~ a: "hand" => "1"/);
    const conflict = await project.up(["--refresh"]);
    assert.notEqual(conflict.code, 0);
    assert.match(conflict.all, /night-shift/);
    await done(project.up(["--refresh"], { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" }));
    assert.deepEqual((await cluster.get("configmap", "engine-drift"))?.["data"], { a: "1", b: "theirs" });
  });

  it("forgets an object that was deleted by hand when it refreshes, and makes it again", async () => {
    await project.program(map("engine-gone", `{ a: "1" }`));
    await done(project.up());
    await cluster.kubectl(["delete", "configmap", "engine-gone"]);
    await done(project.pulumi(["refresh", "--yes", "--skip-preview"]));
    assert.deepEqual(await project.resources(), []);
    assert.match(await done(project.up()), /\+ 1 created/);
  });

  it("replaces everything when clusterIdentifier changes: creates all, then empties the same cluster through the old provider", async () => {
    const provider = (identifier: string) =>
      `{ clusterIdentifier: "${identifier}", upsertExistingObjects: true }`;
    await project.program(map("engine-moved", `{ a: "1" }`), provider("zone-1"));
    await done(project.up());
    await project.program(map("engine-moved", `{ a: "1" }`), provider("zone-2"));
    const said = await done(project.up());
    assert.match(said, /engine-moved created replacement[\s\S]*engine-moved deleted original/);
    assert.equal(await cluster.get("configmap", "engine-moved"), undefined);
  });

  it("plans to replace an imported object, which upsert takes over without", async () => {
    await cluster.kubectl(["create", "configmap", "engine-import", "--from-literal=a=1"]);
    const uid = (await cluster.get("configmap", "engine-import"))?.metadata["uid"];
    const object = ["kubernetes:core/v1:ConfigMap", "engine-import", "default/engine-import"];
    const flags = ["--yes", "--skip-preview", "--generate-code=false", "--protect=false"];
    await done(project.pulumi(["import", ...object, ...flags]));
    await project.program(map("engine-import", `{ a: "1" }`));
    assert.match(await done(project.preview()), /1 to replace/);
    await done(project.pulumi(["state", "delete", (await project.resources())[0]!.urn, "--yes"]));
    await done(project.up([], { PULUMI_K8S_UPSERT_EXISTING_OBJECTS: "true" }));
    assert.equal((await cluster.get("configmap", "engine-import"))?.metadata["uid"], uid);
  });

  it("records the path of KUBECONFIG in the provider unless its kubeconfig is empty", async () => {
    const recorded = async () => {
      const { stdout } = await project.pulumi(["stack", "export"]);
      const state = JSON.parse(stdout) as {
        deployment: { resources: { type: string; inputs: { kubeconfig?: string } }[] };
      };
      return state.deployment.resources.find(({ type }) => type === "pulumi:providers:kubernetes")?.inputs
        .kubeconfig;
    };
    await project.program("");
    await done(project.up());
    assert.equal(await recorded(), cluster.kubeconfig);
    await project.program("", `{ kubeconfig: "" }`);
    await done(project.up());
    assert.equal(await recorded(), "");
  });

  it("compares with the state alone while the cluster is dark; a refresh fails and leaves the state", async () => {
    await project.program(
      map("engine-dark", `{ a: "1" }`),
      `{ clusterIdentifier: "z", enableConfigMapMutable: true }`,
    );
    await done(project.up());
    const file = path.join(project.folder, "dark-kubeconfig");
    await writeKubeconfig(file, "https://127.0.0.1:1", "t");
    const dark = { KUBECONFIG: file };
    await project.program(
      map("engine-dark", `{ a: "2" }`),
      `{ clusterIdentifier: "z", enableConfigMapMutable: true }`,
    );
    const preview = await done(project.preview([], dark));
    assert.match(preview, /~ a: "1" => "2"/);
    assert.match(preview, /unreachable: connection refused/);
    const up = await project.up([], dark);
    assert.notEqual(up.code, 0);
    assert.match(up.all, /unreachable: connection refused/);
    const before = (await project.resources()).map(({ id, outputs }) => [id, outputs]);
    const refresh = await project.pulumi(["refresh", "--yes", "--skip-preview"]);
    assert.notEqual(refresh.code, 0, "the provider in the state leads into the dark");
    assert.match(refresh.all, /unreachable: connection refused/);
    assert.deepEqual(
      (await project.resources()).map(({ id, outputs }) => [id, outputs]),
      before,
    );
    await done(project.up());
  });

  it("finds nothing to do for a custom resource without a namespace, also while the cluster is dark", async () => {
    await cluster.kubectl(["apply", "-f", "-"], definition("Everywhere", "Cluster"));
    const scope = `{ apiVersion: "stand-ins.test/v1", kind: "Everywhere", metadata: { name: "engine-broad" }, size: 3 }`;
    await project.program(
      `new k8s.apiextensions.CustomResource("engine-broad", ${scope}, options);`,
      `{ clusterIdentifier: "z" }`,
    );
    await done(project.up([], { GPU_ZONES_STAND_IN_KIND_RETRY_SECONDS: "20" }));
    assert.match(await done(project.preview()), /3 unchanged/);
    const file = path.join(project.folder, "dark-kubeconfig");
    await writeKubeconfig(file, "https://127.0.0.1:1", "t");
    assert.doesNotMatch(await done(project.preview([], { KUBECONFIG: file })), /replace/);
  });
});
