import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { findToolsIn } from "../../../tools/find.ts";
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

  it("is taken before anything is downloaded or built, and asked for its version once", async () => {
    const path = join(shop.bin, "kustomize");
    counting(path, "5.8.1");
    const wanted = { kustomize: { name: "kustomize", version: "5.8.1", path, origin: "PATH" } };
    assert.deepEqual(await findToolsIn(["kustomize"], shop), wanted);
    assert.deepEqual(await findToolsIn(["kustomize"], shop), wanted);
    assert.equal(starts(path), 1);
  });

  it("is asked again when its file changed", async () => {
    const path = join(shop.bin, "kubectl");
    counting(path, "1.36.1");
    assert.equal((await findToolsIn(["kubectl"], shop)).kubectl.version, "1.36.1");
    counting(path, "1.38.0");
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    assert.equal((await findToolsIn(["kubectl"], shop)).kubectl.version, "1.38.0");
    assert.equal(starts(path), 2);
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
