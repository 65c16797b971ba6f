import assert from "node:assert/strict";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { findToolsIn } from "../../../tools/find.ts";
import { PINS } from "../../../tools/pins.ts";
import { ToolsError } from "../../../tools/tool.ts";
import { clear, scriptBuilder, type Workshop, workshop, writeScript } from "./workshop.ts";

describe("a tool on PATH", () => {
  let shop: Workshop;

  beforeEach(() => {
    shop = workshop({ builder: scriptBuilder() });
  });
  afterEach(() => {
    clear(shop);
  });

  /** A tool that counts how often it was started. */
  function counting(path: string, version: string): void {
    writeFileSync(path, `#!/bin/sh\necho x >>'${path}.starts'\necho v${version}\n`, { mode: 0o755 });
  }

  function starts(path: string): number {
    return readFileSync(`${path}.starts`, "utf8").trim().split("\n").length;
  }

  /** A program of machine code that prints its version for `--version`, under kustomize's name; and pins that it fits. */
  function native(): { path: string; pins: typeof PINS } {
    const path = join(shop.bin, "kustomize");
    copyFileSync("/bin/bash", path);
    const kustomize = { ...PINS.kustomize, fits: ">=1.0.0", versionArgs: ["--version"] };
    return { path, pins: { ...PINS, kustomize } };
  }

  /** Writes another version into the memory of what tools printed. */
  function misremember(path: string, version: string): void {
    const file = join(shop.cache, "path-versions.json");
    const notes = JSON.parse(readFileSync(file, "utf8")) as Record<string, object>;
    writeFileSync(file, JSON.stringify({ ...notes, [path]: { ...notes[path], version } }));
  }

  it("is taken before anything is downloaded or built", async () => {
    const path = join(shop.bin, "kustomize");
    counting(path, "5.8.1");
    const wanted = { kustomize: { name: "kustomize", version: "5.8.1", path, origin: "PATH" } };
    assert.deepEqual(await findToolsIn(["kustomize"], shop), wanted);
    assert.equal(starts(path), 1);
  });

  it("is asked for its version once when it is a program, and again when its file changed", async () => {
    const { path, pins } = native();
    const { version } = (await findToolsIn(["kustomize"], { ...shop, pins })).kustomize;
    misremember(path, "99.0.0");
    assert.equal((await findToolsIn(["kustomize"], { ...shop, pins })).kustomize.version, "99.0.0");
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    assert.equal((await findToolsIn(["kustomize"], { ...shop, pins })).kustomize.version, version);
  });

  it("is asked by every run when it is a script or a link to another program: both may start another version", async () => {
    const script = join(shop.bin, "kubectl");
    counting(script, "1.37.0");
    await findToolsIn(["kubectl"], shop);
    await findToolsIn(["kubectl"], shop);
    assert.equal(starts(script), 2);

    const { path, pins } = native();
    renameSync(path, join(shop.root, "mise"));
    symlinkSync(join(shop.root, "mise"), path);
    await findToolsIn(["kustomize"], { ...shop, pins });
    assert.ok(!existsSync(join(shop.cache, "path-versions.json")));
  });

  it("that does not answer is passed over, which is said, and not asked again for an hour", async () => {
    const path = join(shop.bin, "kustomize");
    writeFileSync(path, `#!/bin/sh\necho x >>'${path}.starts'\nexec sleep 60\n`, { mode: 0o755 });
    shop.env["PATH"] = [shop.bin, "/usr/bin", "/bin"].join(delimiter);
    const impatient = { ...shop, askLimit: 300 };
    const line = `kustomize: ${path} did not say its version within 0.3 s; passed over, and not asked again for an hour`;
    for (let run = 1; run <= 2; run += 1) {
      assert.equal((await findToolsIn(["kustomize"], impatient)).kustomize.origin, "built");
      assert.equal(shop.lines.filter((each) => each === line).length, run);
    }
    assert.equal(starts(path), 1);
    const notes = join(shop.cache, "path-versions.json");
    const hourAgo = readFileSync(notes, "utf8").replace(
      /"hungAt": \d+/,
      `"hungAt": ${Date.now() - 3_600_000}`,
    );
    writeFileSync(notes, hourAgo);
    await findToolsIn(["kustomize"], impatient);
    assert.equal(starts(path), 2);
  });

  it("ends its question at an interruption", async () => {
    const path = join(shop.bin, "kustomize");
    writeFileSync(path, `#!/bin/sh\necho x >>'${path}.starts'\nexec sleep 60\n`, { mode: 0o755 });
    shop.env["PATH"] = [shop.bin, "/usr/bin", "/bin"].join(delimiter);
    const stop = new AbortController();
    const refused = assert.rejects(findToolsIn(["kustomize"], { ...shop, signal: stop.signal }), {
      name: "Interrupted",
    });
    while (!existsSync(`${path}.starts`)) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await refused;
  });

  it("is passed over in a version that does not fit, for the next one that does", async () => {
    const old = writeScript(join(shop.bin, "kubectl"), "Client Version: v1.32.4-dispatcher");
    const fit = writeScript(join(shop.root, "second", "kubectl"), "Client Version: v1.37.0");
    shop.env["PATH"] = [shop.bin, join(shop.root, "second")].join(delimiter);
    assert.equal((await findToolsIn(["kubectl"], shop)).kubectl.path, fit);
    shop.env["PATH"] = shop.bin;
    assert.equal((await findToolsIn(["kubectl"], shop)).kubectl.origin, "built");
    assert.ok(shop.lines.includes(`kubectl: ${old} is 1.32.4-dispatcher, wanted >=1.36.0 <1.39.0`));
  });

  it("is passed over when it cannot be started or prints no version", async () => {
    writeFileSync(join(shop.bin, "kustomize"), "neither a script nor a program", { mode: 0o755 });
    writeFileSync(join(shop.bin, "kubectl"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
    mkdirSync(join(shop.bin, "etcd"));
    const tools = await findToolsIn(["kustomize", "kubectl", "etcd"], shop);
    assert.deepEqual(
      Object.values(tools).map((tool) => tool.origin),
      ["built", "built", "built"],
    );
  });

  it("is never one of our own: not the cache's, not a stand-in, not under another name of their folders", async () => {
    const { kustomize } = await findToolsIn(["kustomize"], shop);
    const standIns = join(shop.root, "elsewhere", "sim", "stand-ins", "bin");
    writeScript(join(standIns, "pulumi-resource-kubernetes"), "stand-in");
    writeScript(join(shop.standIns, "pulumi-language-nodejs"), "stand-in");
    symlinkSync(shop.standIns, join(shop.root, "link"));
    shop.env["PATH"] = [join(kustomize.path, ".."), standIns, shop.standIns, join(shop.root, "link")].join(
      delimiter,
    );
    assert.equal((await findToolsIn(["kustomize"], shop)).kustomize.origin, "built");
    const { "pulumi-language-nodejs": host } = await findToolsIn(["pulumi-language-nodejs"], shop);
    assert.equal(host.origin, "stand-in");
    await assert.rejects(findToolsIn(["pulumi-resource-kubernetes"], shop), ToolsError);
  });

  it("as pulumi brings the language host that lies beside it", async () => {
    const pulumi = writeScript(join(shop.root, "opt", "pulumi"), "v3.250.0");
    const host = writeScript(join(shop.root, "opt", "pulumi-language-nodejs"), "host");
    symlinkSync(pulumi, join(shop.bin, "pulumi"));
    const tools = await findToolsIn(["pulumi", "pulumi-language-nodejs"], shop);
    assert.deepEqual(
      Object.values(tools).map(({ path, origin }) => [path, origin]),
      [
        [join(shop.bin, "pulumi"), "PATH"],
        [host, "PATH"],
      ],
    );
    assert.equal(tools["pulumi-language-nodejs"].version, "3.250.0");
  });

  it("as pulumi that is too old keeps its language host to itself", async () => {
    writeScript(join(shop.bin, "pulumi"), "v3.100.0");
    writeScript(join(shop.bin, "pulumi-language-nodejs"), "host");
    writeScript(join(shop.standIns, "pulumi-language-nodejs"), "stand-in");
    const tools = await findToolsIn(["pulumi", "pulumi-language-nodejs"], shop);
    assert.deepEqual(
      Object.values(tools).map((tool) => tool.origin),
      ["built", "stand-in"],
    );
  });

  it("as the Kubernetes plugin may also lie among Pulumi's plugins, in the pinned version", async () => {
    const folder = join(shop.root, ".pulumi", "plugins");
    writeScript(join(folder, "resource-kubernetes-v4.30.0", "pulumi-resource-kubernetes"), "old");
    await assert.rejects(findToolsIn(["pulumi-resource-kubernetes"], shop), ToolsError);
    const path = writeScript(
      join(folder, "resource-kubernetes-v4.34.2", "pulumi-resource-kubernetes"),
      "new",
    );
    const tools = await findToolsIn(["pulumi-resource-kubernetes"], shop);
    assert.equal(tools["pulumi-resource-kubernetes"].path, path);
  });

  it("as the Kubernetes plugin is of unknown version, which is said; one in Pulumi's folder comes first", async () => {
    const onPath = writeScript(join(shop.bin, "pulumi-resource-kubernetes"), "some");
    const find = async () =>
      (await findToolsIn(["pulumi-resource-kubernetes"], shop))["pulumi-resource-kubernetes"];
    const { path, version } = await find();
    assert.deepEqual([path, version], [onPath, "unknown"]);
    await find();
    assert.deepEqual(shop.lines, [
      `pulumi-resource-kubernetes: ${onPath} does not say its version; wanted 4.34.2, used as it is`,
    ]);

    const exact = join("plugins", "resource-kubernetes-v4.34.2", "pulumi-resource-kubernetes");
    const user = writeScript(join(shop.root, ".pulumi", exact), "exact");
    shop.env["PULUMI_HOME"] = join(shop.root, "pulumi-home");
    assert.equal((await find()).path, user);
    const own = writeScript(join(shop.root, "pulumi-home", exact), "exact");
    const { path: found, version: pinned } = await find();
    assert.deepEqual([found, pinned], [own, "4.34.2"]);
  });

  it("is found behind entries of PATH that are no folders", async () => {
    const file = join(shop.root, "file");
    writeFileSync(file, "");
    shop.env["PATH"] = [file, join(file, "bin"), "relative", "", "/absent", shop.bin].join(delimiter);
    const path = writeScript(join(shop.bin, "kustomize"), "v5.8.1");
    assert.equal((await findToolsIn(["kustomize"], shop)).kustomize.path, path);
  });

  it("is found although the memory of versions is damaged", async () => {
    writeScript(join(shop.bin, "kustomize"), "v5.8.1");
    mkdirSync(shop.cache, { recursive: true });
    appendFileSync(join(shop.cache, "path-versions.json"), "{ half");
    assert.equal((await findToolsIn(["kustomize"], shop)).kustomize.origin, "PATH");
  });
});
