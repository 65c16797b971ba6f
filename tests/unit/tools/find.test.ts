import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { BuildError, type Builder } from "../../../tools/build.ts";
import { findToolsIn, toolPath } from "../../../tools/find.ts";
import { Interrupted } from "../../../tools/interruption.ts";
import { underLock } from "../../../tools/lock.ts";
import { platformOf } from "../../../tools/platform.ts";
import type { Tool, ToolName } from "../../../tools/tool.ts";
import { clear, scriptBuilder, type Workshop, workshop, writeScript } from "./workshop.ts";

describe("finding tools", () => {
  let shop: Workshop;
  afterEach(() => {
    clear(shop);
  });

  it("names all that is missing and what to install when there are neither downloads nor Go", async () => {
    shop = workshop();
    await assert.rejects(findToolsIn(["kubectl", "kwok", "pulumi-language-nodejs"], shop), {
      name: "ToolsError",
      message: [
        "3 tools are missing:",
        "  kubectl 1.37.2",
        "    PATH: not there",
        "    download: switched off by GPU_ZONES_NO_DOWNLOAD",
        "    build: go is not on PATH",
        "  kwok 0.8.0",
        "    PATH: not there",
        "    download: switched off by GPU_ZONES_NO_DOWNLOAD",
        "    build: go is not on PATH",
        "  pulumi-language-nodejs 3.259.0",
        "    PATH: not there",
        "    download: switched off by GPU_ZONES_NO_DOWNLOAD",
        `    stand-in: ${join(shop.standIns, "pulumi-language-nodejs")} is not there`,
        "fix: install Go 1.26 or newer (https://go.dev/dl/) and run this again, the tools are then built from source;",
        "     or install what is missing: kubectl 1.37.2 (https://kubernetes.io/releases/download/), kwok 0.8.0 (https://kwok.sigs.k8s.io/docs/user/installation/), pulumi-language-nodejs 3.259.0 (https://www.pulumi.com/docs/install/)",
      ].join("\n"),
    });
  });

  it("does not advise Go when Go was there and the build failed", async () => {
    const build = () =>
      Promise.reject(new BuildError("go build in tools/kwok ended with 1:\n      disk on fire", false));
    shop = workshop({ builder: { ready: () => Promise.resolve(), build } });
    await assert.rejects(findToolsIn(["kwok"], shop), {
      message: [
        "a tool is missing:",
        "  kwok 0.8.0",
        "    PATH: not there",
        "    download: switched off by GPU_ZONES_NO_DOWNLOAD",
        "    build: go build in tools/kwok ended with 1:",
        "      disk on fire",
        "fix: install what is missing: kwok 0.8.0 (https://kwok.sigs.k8s.io/docs/user/installation/)",
      ].join("\n"),
    });
  });

  it("says so on a platform that nobody builds for", async () => {
    shop = workshop({ platform: undefined, builder: scriptBuilder() });
    await assert.rejects(findToolsIn(["kustomize"], shop), /only for Linux and macOS on amd64 and arm64/);
    writeScript(join(shop.bin, "kustomize"), "v5.8.1");
    assert.equal((await findToolsIn(["kustomize"], shop)).kustomize.origin, "PATH");
  });

  it("builds tools of one module in one go, modules one after the other, and what is there not again", async () => {
    const built: ToolName[][] = [];
    let running = 0;
    const scripts = scriptBuilder(built);
    const builder = {
      ...scripts,
      build: async (request: Parameters<typeof scripts.build>[0]) => {
        running += 1;
        assert.equal(running, 1, "two builds at once");
        await scripts.build(request);
        await new Promise(setImmediate);
        running -= 1;
      },
    };
    shop = workshop({ builder });
    await findToolsIn(["kubectl"], shop);
    const tools = await findToolsIn(["etcd", "kwok", "kubectl", "kube-apiserver", "kwokctl"], shop);
    // The quicker module comes first.
    assert.deepEqual(built, [["kubectl"], ["kwok", "kwokctl"], ["etcd", "kube-apiserver"]]);
    for (const tool of Object.values(tools)) assert.ok(existsSync(tool.path), tool.path);
    assert.deepEqual(readdirSync(join(shop.cache, ".locks")), []);
    assert.deepEqual(readdirSync(join(shop.cache, ".work")), []);
  });

  it("holds a tool's lock only while it builds that tool, so that other runs need not wait for the others", async () => {
    const scripts = scriptBuilder();
    const held: string[][] = [];
    const builder = {
      ...scripts,
      build: (request: Parameters<typeof scripts.build>[0]) => {
        held.push(readdirSync(join(shop.cache, ".locks")).filter((name) => name.endsWith(".lock")));
        return scripts.build(request);
      },
    };
    shop = workshop({ builder });
    await findToolsIn(["etcd", "kwok", "kustomize", "pulumi"], shop);
    assert.deepEqual(held, [["kustomize.lock"], ["kwok.lock"], ["pulumi.lock"], ["kubernetes.lock"]]);
  });

  it("stops at an interruption: no other build begins, nothing is left, and it is no missing tool", async () => {
    const stop = new AbortController();
    const begun: string[] = [];
    const builder: Builder = {
      ready: () => Promise.resolve(),
      build: ({ source, signal }) => {
        begun.push(source.name);
        stop.abort();
        return signal?.aborted === true ? Promise.reject(new Interrupted()) : Promise.resolve();
      },
    };
    shop = workshop({ builder, signal: stop.signal });
    await assert.rejects(findToolsIn(["kubectl", "kwok", "kustomize"], shop), {
      name: "Interrupted",
      message: "interrupted",
      stack: "interrupted",
    });
    assert.deepEqual(begun, ["kustomize"]);
    assert.deepEqual(readdirSync(join(shop.cache, ".locks")), []);
    assert.deepEqual(readdirSync(join(shop.cache, ".work")), []);
  });

  it("stops waiting for another run at an interruption", async () => {
    const stop = new AbortController();
    shop = workshop({ signal: stop.signal });
    let holds: () => void = () => undefined;
    const request = { folder: shop.cache, name: "kwok", usualSeconds: undefined, progress: shop.progress };
    const holding = new Promise<void>((resolve) => (holds = resolve));
    const held = new Promise<void>((resolve) => {
      void underLock({ ...request, doing: "builds", signal: undefined }, () => {
        resolve();
        return holding;
      });
    });
    await held;
    const waiting = assert.rejects(findToolsIn(["kwok"], shop), { name: "Interrupted" });
    while (!shop.lines.some((line) => line.includes("waiting"))) await new Promise(setImmediate);
    stop.abort();
    await waiting;
    holds();
  });

  it("is shown as its message alone when it fails, because where it was thrown helps nobody", async () => {
    shop = workshop();
    await assert.rejects(findToolsIn(["kwok"], shop), (error: Error) => {
      assert.equal(error.stack, error.message);
      return true;
    });
  });

  it("refuses what was built in another version", async () => {
    const builder = scriptBuilder();
    const build: typeof builder.build = ({ into }) => {
      writeScript(join(into, "kustomize"), "v5.8.2");
      return Promise.resolve();
    };
    shop = workshop({ builder: { ...builder, build } });
    await assert.rejects(
      findToolsIn(["kustomize"], shop),
      /build: wanted kustomize 5\.8\.1, and what was built printed 5\.8\.2 for "version"/,
    );
    assert.ok(!existsSync(join(shop.cache, "kustomize-5.8.1-linux-amd64")));
  });

  describe("with stand-ins", () => {
    const plugins = ["pulumi-language-nodejs", "pulumi-resource-kubernetes"] as const;

    beforeEach(() => {
      shop = workshop({ builder: scriptBuilder() });
      for (const name of plugins) writeScript(join(shop.standIns, name), "stand-in");
      writeScript(join(shop.standIns, "kubectl"), "v1.37.2");
    });

    it("takes them last, and says it once", async () => {
      const tools = await findToolsIn(plugins, shop);
      assert.deepEqual(
        Object.values(tools).map(({ path, origin }) => [path, origin]),
        [
          [join(shop.standIns, plugins[0]), "stand-in"],
          [join(shop.standIns, plugins[1]), "stand-in"],
        ],
      );
      await findToolsIn(plugins, shop);
      const because =
        "used because the official plugin is neither installed nor downloadable (switched off by GPU_ZONES_NO_DOWNLOAD)";
      assert.deepEqual(
        shop.lines,
        plugins.map((name) => `stand-in: ${name}; ${because}`),
      );
    });

    it("takes none for a tool that can be built", async () => {
      assert.equal((await findToolsIn(["kubectl"], shop)).kubectl.origin, "built");
    });

    it("takes the official plugin as soon as there is one", async () => {
      await findToolsIn(plugins, shop);
      const official = writeScript(join(shop.bin, plugins[1]), "official");
      const tools = await findToolsIn(plugins, shop);
      assert.equal(tools["pulumi-resource-kubernetes"].path, official);
      // The folder of the stand-ins holds both, so it must come after the official one.
      assert.deepEqual(toolPath(Object.values(tools), shop.bin), [shop.bin, shop.standIns]);
      assert.deepEqual(toolPath([tools["pulumi-resource-kubernetes"]], shop.bin), []);
    });
  });

  it("loads no library that only an install needs when all is there: every update runs this", async () => {
    shop = workshop({ builder: scriptBuilder(), platform: platformOf(process.platform, process.arch) });
    await findToolsIn(["kustomize", "kubectl"], shop);
    const program = `
      import { createRequire } from "node:module";
      const { findTools } = await import(${JSON.stringify(new URL("../../../tools/find.ts", import.meta.url).href)});
      const tools = await findTools(["kustomize", "kubectl"]);
      const loaded = Object.keys(createRequire(import.meta.url).cache).map((path) => path.split("node_modules/").at(-1).split("/")[0]);
      console.log(JSON.stringify([Object.values(tools).map((tool) => tool.origin), [...new Set(loaded)]]));`;
    const args = ["--import", "tsx", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...shop.env } });
    const [origins, loaded] = JSON.parse(stdout) as [string[], string[]];
    assert.deepEqual(origins, ["built", "built"]);
    // tsx and esbuild run this test.
    assert.deepEqual(
      loaded.filter((library) => !["tsx", "esbuild"].includes(library)),
      ["semver"],
    );
  });

  describe("a PATH for an engine", () => {
    const tool = (path: string, origin: Tool["origin"]): Tool => ({
      name: path.split("/").at(-1) as ToolName,
      version: "1.0.0",
      path,
      origin,
    });

    it("gets the cache and the stand-ins, and not what it finds by itself: that would hide a person's node", () => {
      shop = workshop();
      const kubectl = writeScript(join(shop.bin, "kubectl"), "v1.37.2");
      const tools = [
        tool(join(shop.standIns, "pulumi-resource-kubernetes"), "stand-in"),
        tool(kubectl, "PATH"),
        tool("/cache/kustomize/kustomize", "built"),
        tool("/cache/pulumi/pulumi", "download"),
      ];
      const path = [join(shop.root, "nvm"), shop.bin].join(delimiter);
      assert.deepEqual(toolPath(tools, path), ["/cache/kustomize", "/cache/pulumi", shop.standIns]);
    });

    it("gets the folder of a tool that it would find elsewhere, or not at all", () => {
      shop = workshop();
      writeScript(join(shop.bin, "kubectl"), "an old one");
      const fit = writeScript(join(shop.root, "second", "kubectl"), "v1.37.2");
      const plugin = writeScript(join(shop.root, "plugins", "pulumi-resource-kubernetes"), "plugin");
      const path = [shop.bin, join(shop.root, "second")].join(delimiter);
      assert.deepEqual(toolPath([tool(fit, "PATH"), tool(plugin, "PATH")], path), [
        join(shop.root, "second"),
        join(shop.root, "plugins"),
      ]);
    });
  });
});
