import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { sharedCluster, writeKubeconfig, type TestCluster } from "./cluster.ts";
import { Project } from "./project.ts";

describe("the engine with the stand-ins: secrets", function () {
  this.timeout(180_000);
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

  /** Fails when one of the values, or its base64, can be read in one of the texts. */
  function assertHidden(values: readonly string[], texts: readonly string[]): void {
    const spellings = values.flatMap((value) => [value, Buffer.from(value).toString("base64")]);
    for (const spelling of spellings)
      assert.ok(!texts.some((text) => text.includes(spelling)), `${spelling} was shown`);
  }

  it("keeps secrets out of the state's plain text and of everything it prints", async () => {
    const program = (value: string) =>
      project.program(
        `new k8s.core.v1.Secret("engine-secret", { metadata: { name: "engine-secret", namespace: "default" }, stringData: { key: "${value}" } }, options);`,
        "{ enableSecretMutable: true }",
      );
    await program("h0sh-h0sh");
    const said = [await done(project.up()), await project.stateText()];
    await program("n3w-h0sh");
    const more = [
      await done(project.preview()),
      await done(project.up(["--refresh", "--diff"])),
      await project.stateText(),
    ];
    assertHidden(["h0sh-h0sh", "n3w-h0sh"], [...said, ...more]);
    const live = (await cluster.get("secret", "engine-secret"))?.["data"];
    assert.deepEqual(live, { key: Buffer.from("n3w-h0sh").toString("base64") });
  });

  it("keeps a Secret's content hidden that the program registers as any object and does not mark", async () => {
    const program = (value: string, provider: string) =>
      project.program(
        `class Raw extends pulumi.CustomResource {}
        new Raw("kubernetes:core/v1:Secret", "engine-raw", { apiVersion: "v1", kind: "Secret",
          metadata: { name: "engine-raw", namespace: "default" },
          data: { a: "${Buffer.from(value).toString("base64")}" }, stringData: { b: "${value}-text" } }, options);`,
        provider,
      );
    const mutable = `{ clusterIdentifier: "z", enableSecretMutable: true }`;
    const texts: string[] = [];
    await program("r4w-h0sh", mutable);
    texts.push(await done(project.up(["--diff"])), await project.stateText());
    await program("n3w-r4w-h0sh", mutable);
    const dark = path.join(project.folder, "dark-kubeconfig");
    await writeKubeconfig(dark, "https://127.0.0.1:1", "t");
    texts.push(await done(project.preview()), await done(project.preview([], { KUBECONFIG: dark })));
    texts.push(await done(project.up(["--diff", "--refresh"])), await project.stateText());
    assertHidden(["r4w-h0sh", "r4w-h0sh-text", "n3w-r4w-h0sh", "n3w-r4w-h0sh-text"], texts);
    assert.match(texts.join("\n"), /\[secret\]/);
  });

  it("replaces a changed Secret, deleting the old one first, unless Secrets are mutable", async () => {
    const program = (value: string, provider?: string) =>
      project.program(
        `new k8s.core.v1.Secret("engine-swap", { metadata: { name: "engine-swap", namespace: "default" }, stringData: { key: "${value}" } }, options);`,
        provider,
      );
    const uid = async () => (await cluster.get("secret", "engine-swap"))?.metadata["uid"];
    await program("1");
    await done(project.up());
    const first = await uid();
    await program("2");
    assert.match(
      await done(project.up()),
      /engine-swap deleted original[\s\S]*engine-swap created replacement/,
    );
    const second = await uid();
    assert.notEqual(second, first);
    await program("3", "{ enableSecretMutable: true }");
    assert.match(await done(project.up()), /~ 2 updated/);
    assert.equal(await uid(), second);
  });

  it("loses a nested secret of the stack file to --config-path -c beside it", async () => {
    await project.raw("");
    const file = path.join(project.folder, "Pulumi.test.yaml");
    const nested = ["config", "set", "--path", "--secret", "stand-ins-test:secrets.token", "hush"];
    await done(project.pulumi(nested));
    assert.match(await readFile(file, "utf8"), /secrets:\s+token:\s+secure:/);
    await done(project.preview(["--config-path", "-c", "stand-ins-test:secrets.other=1"]));
    const after = await readFile(file, "utf8");
    assert.match(after, /other/);
    assert.doesNotMatch(after, /token|secure/);
  });
});
