import assert from "node:assert/strict";
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { readOptions, splitWords } from "../../../sim/stand-ins/language-host/options.ts";
import { programDependencies } from "../../../sim/stand-ins/language-host/dependencies.ts";
import { ended, eventually } from "../checkout.ts";
import { sharedCluster } from "./cluster.ts";
import { failing, Project } from "./project.ts";

describe("the Node language host stand-in", function () {
  this.timeout(60_000);
  let project: Project;

  before(async () => {
    project = await Project.create(await sharedCluster());
  });

  after(async () => {
    await project.remove();
  });

  it("gives a program its config, its secrets, its names and whether it is a preview", async () => {
    await project.raw(`
      import * as pulumi from "@pulumi/pulumi";
      const config = new pulumi.Config();
      console.log("said on stdout");
      console.error("said on stderr");
      export const shown: string = config.require("plain");
      export const hidden = config.requireSecret("hushed");
      export const names = [pulumi.getProject(), pulumi.getStack(), pulumi.runtime.isDryRun(), process.cwd()];
    `);
    for (const setting of [
      ["plain", "p"],
      ["--secret", "hushed", "s3cr3t"],
    ]) {
      const set = await project.pulumi(["config", "set", ...setting]);
      assert.equal(set.code, 0, set.all);
    }
    const up = await project.up();
    assert.equal(up.code, 0, up.all);
    assert.match(up.all, /said on stdout/);
    assert.match(up.all, /said on stderr/);
    assert.match(up.all, /stand-in for the official plugin/);
    assert.doesNotMatch(up.all, /s3cr3t/);
    const outputs = JSON.parse(
      (await project.pulumi(["stack", "output", "--json", "--show-secrets"])).stdout,
    ) as object;
    assert.deepEqual(outputs, {
      shown: "p",
      hidden: "s3cr3t",
      names: ["stand-ins-test", "test", false, project.folder],
    });
  });

  it("shows a program's error once and without a word of its own", async () => {
    await project.raw(failing("the reason why"));
    const up = await project.up();
    assert.notEqual(up.code, 0);
    assert.equal(up.all.match(/Error: the reason why/g)?.length, 1, up.all);
    assert.doesNotMatch(up.all, /exit code/);
  });

  it("reports a program that leaves without a word", async () => {
    await project.raw(`process.exit(7);`);
    const up = await project.up();
    assert.notEqual(up.code, 0);
    assert.match(up.all, /non-zero exit code: 7/);
  });

  it("leaves no process behind when the engine is killed", async function () {
    if (process.platform !== "linux") this.skip();
    await project.raw(
      `console.log("program runs"); setInterval(() => undefined, 1000); await new Promise(() => undefined);`,
    );
    const engine = project.start(["up", "--yes", "--skip-preview"]);
    const end = ended(engine);
    await eventually("the program runs", async () =>
      (await processesIn(project.folder)).length >= 3 ? true : undefined,
    );
    engine.kill("SIGKILL");
    await end;
    await eventually(
      "every process is gone",
      async () => ((await processesIn(project.folder)).length === 0 ? true : undefined),
      10,
    );
    assert.equal((await project.pulumi(["cancel", "--yes"])).code, 0);
  });

  it("ends an interrupted program and its plugins", async function () {
    if (process.platform !== "linux") this.skip();
    const engine = project.start(["up", "--yes", "--skip-preview"], {}, true);
    const end = ended(engine);
    await eventually("the program runs", async () =>
      (await processesIn(project.folder)).length >= 3 ? true : undefined,
    );
    const start = Date.now();
    process.kill(-engine.pid!, "SIGINT");
    await end;
    assert.ok(Date.now() - start < 8000, `it took ${Date.now() - start} ms`);
    assert.deepEqual(await processesIn(project.folder), []);
    const next = await project.pulumi(["stack", "export"]);
    assert.equal(next.code, 0, next.all);
  });

  it("tells the engine which packages a program has", async () => {
    const repository = path.join(import.meta.dirname, "../../..");
    const found = await programDependencies(repository);
    const { version } = JSON.parse(
      await readFile(path.join(repository, "node_modules/@pulumi/pulumi/package.json"), "utf8"),
    ) as { version: string };
    assert.deepEqual(
      found.find(({ name }) => name === "@pulumi/pulumi"),
      { name: "@pulumi/pulumi", version },
    );
  });

  describe("runtime options", () => {
    it("splits node's arguments as a shell does", () => {
      assert.deepEqual(splitWords(`--import tsx  --title="two words" 'a b' c\\ d ""`), [
        "--import",
        "tsx",
        "--title=two words",
        "a b",
        "c d",
        "",
      ]);
      assert.throws(() => splitWords(`"open`), /open "/);
    });

    it("loads programs through ts-node unless told otherwise", () => {
      assert.deepEqual(readOptions({}), { typescript: true, nodeArgs: [] });
      assert.deepEqual(readOptions({ typescript: false, nodeargs: "--import tsx" }), {
        typescript: false,
        nodeArgs: ["--import", "tsx"],
      });
    });

    it("refuses options of the wrong type and package managers that it does not have", () => {
      assert.throws(() => readOptions({ typescript: "no" }), /typescript must be true or false, got "no"/);
      assert.throws(() => readOptions({ packagemanager: "bun" }), /only knows npm, got "bun"/);
    });
  });
});

/** Command lines of the processes that work in a folder. */
async function processesIn(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      return cwd === folder
        ? (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ")
        : "";
    }),
  );
  return found.filter((command) => command !== "");
}
