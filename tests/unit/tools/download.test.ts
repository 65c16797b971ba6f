import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { findToolsIn } from "../../../tools/find.ts";
import { assets, KWOK, KWOK_RELEASE, missingReasons, PLAIN } from "./releases.ts";
import {
  archive,
  clear,
  listen,
  portOf,
  type ReleaseServer,
  script,
  scriptBuilder,
  serve,
  serveFiles,
  sha256,
  shut,
  unpinned,
  withRelease,
  type Workshop,
  workshop,
} from "./workshop.ts";

const TARBALL =
  "/github.com/kubernetes-sigs/kustomize/releases/download/kustomize%2Fv5.8.1/kustomize_v5.8.1_linux_amd64.tar.gz";

describe("a tool's download", () => {
  let shop: Workshop;
  let release: ReleaseServer | undefined;

  afterEach(async () => {
    clear(shop);
    if (release !== undefined) await shut(release.server);
    release = undefined;
  });

  function reasons(name: "kustomize" | "kwok"): Promise<readonly string[]> {
    return missingReasons(name, shop);
  }

  function leftovers(): string[] {
    return readdirSync(shop.cache).filter((name) => /^(kustomize|kwok)/.test(name));
  }

  function mirror(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { GPU_ZONES_NO_DOWNLOAD: "", GPU_ZONES_TOOLS_BASE_URL: String(release?.base), ...env };
  }

  describe("as a tarball with a pinned checksum", () => {
    it("is unpacked, started once and kept", async () => {
      const content = await archive({ kustomize: script("v5.8.1"), LICENSE: "text" });
      release = await serveFiles({ [TARBALL]: content });
      shop = workshop({ env: mirror(), pins: withRelease("kustomize", { sha256: sha256(content) }) });
      const { kustomize } = await findToolsIn(["kustomize"], shop);
      const path = join(shop.cache, "kustomize-5.8.1-linux-amd64", "kustomize");
      assert.deepEqual(kustomize, { name: "kustomize", version: "5.8.1", path, origin: "download" });
      assert.equal(readFileSync(path, "utf8"), script("v5.8.1"));
      assert.deepEqual(await findToolsIn(["kustomize"], shop), { kustomize });
      assert.deepEqual(release.asked, [TARBALL]);
      assert.deepEqual(leftovers(), ["kustomize-5.8.1-linux-amd64"]);
      assert.deepEqual(readdirSync(join(shop.cache, ".work")), []);
    });

    it("is refused when its checksum is another one, even when the vendor publishes that one", async () => {
      const content = await archive({ kustomize: script("v5.8.1") });
      const folder = TARBALL.slice(0, TARBALL.lastIndexOf("/"));
      const sums = `${sha256(content)}  kustomize_v5.8.1_linux_amd64.tar.gz\n`;
      release = await serveFiles({ [TARBALL]: content, [`${folder}/checksums.txt`]: sums });
      const wanted = "1".repeat(64);
      shop = workshop({ env: mirror(), pins: withRelease("kustomize", { sha256: wanted }) });
      assert.deepEqual(await reasons("kustomize"), [
        "PATH: not there",
        `download: ${release.base}${TARBALL}: wanted sha256 ${wanted} (pinned in tools/pins.ts), got ${sha256(content)}; the file was thrown away`,
        "build: go is not on PATH",
      ]);
      assert.deepEqual(release.asked, [TARBALL]);
      assert.deepEqual(leftovers(), []);
    });

    it("is tried once more when it ends early, then refused, and asked again by the next run", async () => {
      const content = await archive({ kustomize: script("v5.8.1") });
      release = await serve((_path, response) => {
        response.writeHead(200, { "content-length": content.length });
        response.write(content.subarray(0, 10), () => response.destroy());
      });
      shop = workshop({ env: mirror(), pins: withRelease("kustomize", { sha256: sha256(content) }) });
      const refused = [
        "PATH: not there",
        `download: ${release.base}${TARBALL} ended after 10 of ${content.length} bytes`,
        "build: go is not on PATH",
      ];
      assert.deepEqual(await reasons("kustomize"), refused);
      assert.equal(release.asked.length, 2);
      assert.deepEqual(leftovers(), []);
      assert.deepEqual(await reasons("kustomize"), refused);
      assert.equal(release.asked.length, 4);
    });

    it("is refused when it holds no such tool", async () => {
      const content = await archive({ "bin/kustomize": script("v5.8.1") });
      release = await serveFiles({ [TARBALL]: content });
      shop = workshop({ env: mirror(), pins: withRelease("kustomize", { sha256: sha256(content) }) });
      assert.equal((await reasons("kustomize"))[1], `download: ${release.base}${TARBALL} holds no kustomize`);
    });

    it("is refused when the tool in it prints another version", async () => {
      const content = await archive({ kustomize: script("v5.7.0") });
      release = await serveFiles({ [TARBALL]: content });
      shop = workshop({ env: mirror(), pins: withRelease("kustomize", { sha256: sha256(content) }) });
      assert.equal(
        (await reasons("kustomize"))[1],
        'download: wanted kustomize 5.8.1, and what was downloaded printed 5.7.0 for "version"',
      );
      assert.deepEqual(leftovers(), []);
    });
  });

  describe("as a plain file without a pinned checksum", () => {
    it("is compared with the published one, and that is said", async () => {
      release = await serveFiles({ [PLAIN]: KWOK, [KWOK_RELEASE]: assets("kwok-linux-amd64", sha256(KWOK)) });
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      const { kwok } = await findToolsIn(["kwok"], shop);
      assert.equal(kwok.origin, "download");
      assert.equal(readFileSync(kwok.path, "utf8"), KWOK);
      const host = new URL(release.base).host;
      assert.ok(
        shop.lines.includes(
          `kwok-linux-amd64: no checksum is pinned in tools/pins.ts; compared with the one that ${host} publishes, which is weaker`,
        ),
        shop.lines.join("\n"),
      );
    });

    it("is refused when the published checksum is another one", async () => {
      const wanted = "2".repeat(64);
      release = await serveFiles({ [PLAIN]: KWOK, [KWOK_RELEASE]: assets("kwok-linux-amd64", wanted) });
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      assert.equal(
        (await reasons("kwok"))[1],
        `download: ${release.base}${PLAIN}: wanted sha256 ${wanted} (published at ${release.base}${KWOK_RELEASE}), got ${sha256(KWOK)}; the file was thrown away`,
      );
      assert.deepEqual(leftovers(), []);
    });

    it("is refused before it is fetched when no checksum is published", async () => {
      release = await serveFiles({ [PLAIN]: KWOK, [KWOK_RELEASE]: assets("kwok-linux-arm64", sha256(KWOK)) });
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      assert.equal(
        (await reasons("kwok"))[1],
        `download: ${release.base}${KWOK_RELEASE} names no sha256 for kwok-linux-amd64`,
      );
      assert.deepEqual(release.asked, [KWOK_RELEASE]);
    });

    it("is refused when it ends early", async () => {
      release = await serve((path, response) => {
        if (path === KWOK_RELEASE) return response.end(assets("kwok-linux-amd64", sha256(KWOK)));
        response.writeHead(200, { "content-length": KWOK.length });
        return response.write(KWOK.slice(0, 7), () => response.destroy());
      });
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      assert.equal(
        (await reasons("kwok"))[1],
        `download: ${release.base}${PLAIN} ended after 7 of ${KWOK.length} bytes`,
      );
      assert.deepEqual(leftovers(), []);
    });
  });

  describe("when it cannot be had", () => {
    it("is asked three times when its host is busy, then not again for a while; the error says until when", async () => {
      release = await serve((_path, response) => response.writeHead(503).end());
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      const first = (await reasons("kwok"))[1];
      assert.equal(first, `download: ${release.base}${KWOK_RELEASE} answered 503 Service Unavailable`);
      assert.deepEqual(release.asked, [KWOK_RELEASE, KWOK_RELEASE, KWOK_RELEASE]);
      const second = String((await reasons("kwok"))[1]);
      assert.match(second, /answered 503 Service Unavailable; not asked again before \d\d:\d\d, or remove /);
      assert.ok(second.endsWith(join(shop.cache, "failed-downloads.json")));
      assert.equal(release.asked.length, 3);
    });

    for (const [status, text] of [
      [403, "Forbidden"],
      [429, "Too Many Requests"],
      [500, "Internal Server Error"],
    ] as const) {
      it(`leaves the host's other files alone when it answers ${status} for this one`, async () => {
        release = await serve((path, response) => {
          if (path === PLAIN) response.end(KWOK);
          else if (path === KWOK_RELEASE) response.end(assets("kwok-linux-amd64", sha256(KWOK)));
          else response.writeHead(status).end();
        });
        shop = workshop({ env: mirror(), pins: unpinned("kwok") });
        assert.equal(
          (await reasons("kustomize"))[1],
          `download: ${release.base}${TARBALL} answered ${status} ${text}`,
        );
        assert.equal((await findToolsIn(["kwok"], shop)).kwok.origin, "download");
      });
    }

    it("survives a hiccup of its host", async () => {
      let hiccups = 2;
      release = await serve((path, response) => {
        if (hiccups > 0) {
          hiccups -= 1;
          response.destroy();
        } else if (path === PLAIN) response.end(KWOK);
        else response.end(assets("kwok-linux-amd64", sha256(KWOK)));
      });
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      assert.equal((await findToolsIn(["kwok"], shop)).kwok.origin, "download");
      assert.deepEqual(release.asked, [KWOK_RELEASE, KWOK_RELEASE, KWOK_RELEASE, PLAIN]);
    });

    it("is said once for each file, however many tools come from there", async () => {
      release = await serve((_path, response) => response.writeHead(404).end());
      shop = workshop({ env: mirror(), builder: scriptBuilder() });
      await findToolsIn(["kwok", "kwokctl", "kustomize", "kubectl", "pulumi"], shop);
      const said = shop.lines.filter((line) => !line.includes("building") && !line.includes("downloading"));
      assert.equal(said.length, 5);
      for (const line of said) assert.match(line, /answered 404 Not Found$/);
      assert.deepEqual(said.length, new Set(said).size);
    });

    it("leaves the host's other files alone when only this one is absent", async () => {
      release = await serveFiles({ [PLAIN]: KWOK, [KWOK_RELEASE]: assets("kwok-linux-amd64", sha256(KWOK)) });
      shop = workshop({ env: mirror(), pins: unpinned("kwok") });
      assert.equal(
        (await reasons("kustomize"))[1],
        `download: ${release.base}${TARBALL} answered 404 Not Found`,
      );
      assert.equal((await findToolsIn(["kwok"], shop)).kwok.origin, "download");
    });

    it("names the reason when nobody listens", async () => {
      release = await serveFiles({});
      const { base, server } = release;
      await shut(server);
      release = undefined;
      shop = workshop({ env: { GPU_ZONES_NO_DOWNLOAD: "", GPU_ZONES_TOOLS_BASE_URL: base } });
      const { host, port } = new URL(base);
      assert.equal(
        (await reasons("kustomize"))[1],
        `download: ${host} could not be reached (connect ECONNREFUSED 127.0.0.1:${port})`,
      );
    });

    it("is not asked for at all with GPU_ZONES_NO_DOWNLOAD", async () => {
      release = await serveFiles({});
      shop = workshop({ env: mirror({ GPU_ZONES_NO_DOWNLOAD: "1" }) });
      assert.equal((await reasons("kustomize"))[1], "download: switched off by GPU_ZONES_NO_DOWNLOAD");
      assert.deepEqual(release.asked, []);
    });

    it("says what is wrong with a mirror's address", async () => {
      shop = workshop({ env: { GPU_ZONES_NO_DOWNLOAD: "", GPU_ZONES_TOOLS_BASE_URL: "mirror.example" } });
      assert.equal(
        (await reasons("kustomize"))[1],
        'download: GPU_ZONES_TOOLS_BASE_URL: wanted an address such as https://mirror.example/tools, got "mirror.example"',
      );
    });
  });

  describe("behind a proxy", () => {
    const proxy = createServer();
    const tunnels: string[] = [];

    before(async () => {
      proxy.on("connect", (request, socket) => {
        tunnels.push(String(request.url));
        const onward = connect(Number(new URL(String(release?.base)).port), "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          onward.pipe(socket).pipe(onward);
        });
        for (const end of [onward, socket]) end.on("error", () => socket.destroy());
      });
      await listen(proxy);
    });
    beforeEach(async () => {
      tunnels.length = 0;
      release = await serveFiles({ [PLAIN]: KWOK, [KWOK_RELEASE]: assets("kwok-linux-amd64", sha256(KWOK)) });
    });
    after(() => shut(proxy));

    function behind(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
      return mirror({ HTTP_PROXY: `http://127.0.0.1:${portOf(proxy)}`, ...env });
    }

    it("goes through it, also for hosts that only the proxy knows", async () => {
      shop = workshop({
        pins: unpinned("kwok"),
        env: behind({ GPU_ZONES_TOOLS_BASE_URL: "http://mirror.invalid" }),
      });
      assert.equal((await findToolsIn(["kwok"], shop)).kwok.origin, "download");
      assert.deepEqual([...new Set(tunnels)], ["mirror.invalid:80"]);
    });

    it("whose address is none says which variable to change, and asks nobody", async () => {
      shop = workshop({ env: behind({ HTTPS_PROXY: "socks5://127.0.0.1:1080" }) });
      assert.match(
        String((await reasons("kwok"))[1]),
        /^download: HTTPS_PROXY: wanted the address of an HTTP proxy/,
      );
      assert.deepEqual(release?.asked, []);
    });

    it("goes past it for hosts in NO_PROXY", async () => {
      shop = workshop({ pins: unpinned("kwok"), env: behind({ NO_PROXY: "127.0.0.1" }) });
      assert.equal((await findToolsIn(["kwok"], shop)).kwok.origin, "download");
      assert.deepEqual(tunnels, []);
    });
  });

  it("brings pulumi and its language host out of one file", async () => {
    const folder = "/get.pulumi.com/releases/sdk";
    const content = await archive({
      "pulumi/pulumi": script("v3.259.0"),
      "pulumi/pulumi-language-nodejs": script("host"),
    });
    const file = "pulumi-v3.259.0-linux-x64.tar.gz";
    const sums = `${sha256(content)}  ${file}\n`;
    release = await serveFiles({
      [`${folder}/${file}`]: content,
      [`${folder}/pulumi-3.259.0-checksums.txt`]: sums,
    });
    shop = workshop({ env: mirror(), pins: unpinned("kwok") });
    const tools = await findToolsIn(["pulumi", "pulumi-language-nodejs"], shop);
    assert.deepEqual(
      Object.values(tools).map((tool) => tool.origin),
      ["download", "download"],
    );
    assert.ok(existsSync(tools["pulumi-language-nodejs"].path));
    assert.deepEqual(release.asked, [`${folder}/pulumi-3.259.0-checksums.txt`, `${folder}/${file}`]);
  });
});
