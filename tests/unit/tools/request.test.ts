import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { findToolsIn, type Surroundings } from "../../../tools/find.ts";
import { type DownloadLimits, headersFor } from "../../../tools/request.ts";
import { KWOK, missingReasons, PLAIN } from "./releases.ts";
import {
  clear,
  type ReleaseServer,
  serve,
  sha256,
  shut,
  withRelease,
  type Workshop,
  workshop,
} from "./workshop.ts";

describe("a release file", () => {
  let shop: Workshop;
  let release: ReleaseServer | undefined;

  afterEach(async () => {
    clear(shop);
    if (release !== undefined) await shut(release.server);
    release = undefined;
  });

  function reasons(name: "kwok"): Promise<readonly string[]> {
    return missingReasons(name, shop);
  }

  function mirror(): NodeJS.ProcessEnv {
    return { GPU_ZONES_NO_DOWNLOAD: "", GPU_ZONES_TOOLS_BASE_URL: String(release?.base) };
  }

  describe("that does not come as it should", () => {
    /** Sends these headers and some bytes, then whatever `more` does. */
    async function trickle(
      headers: Record<string, string | number>,
      more: (response: ServerResponse) => void,
    ): Promise<void> {
      release = await serve((_path, response) => {
        response.writeHead(200, headers);
        response.write("some bytes");
        more(response);
      });
    }

    function shopWith(limits: Partial<DownloadLimits>, given: Partial<Surroundings> = {}): Workshop {
      return workshop({
        env: mirror(),
        pins: withRelease("kwok", { sha256: "1".repeat(64) }),
        limits: { pauses: [], ...limits },
        ...given,
      });
    }

    it("is given up when no data comes", async () => {
      await trickle({ "content-length": 100 }, () => undefined);
      shop = shopWith({ silence: 40 });
      assert.equal(
        (await reasons("kwok"))[1],
        `download: ${String(release?.base)}${PLAIN}: no data for 0.04 s, after 10 bytes`,
      );
    });

    it("is given up when it comes too slowly to ever end", async () => {
      await trickle({ "content-length": 1e6 }, (response) => {
        const timer = setInterval(() => response.write("."), 5);
        response.on("close", () => {
          clearInterval(timer);
        });
      });
      shop = shopWith({ slow: 100, slowest: 1e5 });
      assert.match(
        String((await reasons("kwok"))[1]),
        /kwok-linux-amd64: only \d+ bytes a second, after \d+ bytes$/,
      );
    });

    it("is given up when it is larger than any tool, announced or not", async () => {
      const wanted = /kwok-linux-amd64 is larger than 0\.0 MB, which no such file is$/;
      await trickle({ "content-length": 1e6 }, () => undefined);
      shop = shopWith({ largestFile: 1000 });
      assert.match(String((await reasons("kwok"))[1]), wanted);
      if (release !== undefined) await shut(release.server);
      await trickle({}, (response) => response.end("x".repeat(2000)));
      clear(shop);
      shop = shopWith({ largestFile: 1000 });
      assert.match(String((await reasons("kwok"))[1]), wanted);
    });

    it("is given up when no answer comes", async () => {
      release = await serve(() => undefined);
      shop = shopWith({ answer: 40 });
      assert.equal((await reasons("kwok"))[1], `download: ${release.base}${PLAIN}: no answer within 0.04 s`);
      assert.equal(release.asked.length, 1);
    });

    it("ends at an interruption, which is no failed download", async () => {
      const stop = new AbortController();
      await trickle({ "content-length": 100 }, () => {
        stop.abort();
      });
      shop = shopWith({}, { signal: stop.signal });
      await assert.rejects(findToolsIn(["kwok"], shop), { name: "Interrupted" });
      assert.deepEqual(readdirSync(join(shop.cache, ".work")), []);
      assert.ok(!existsSync(join(shop.cache, "failed-downloads.json")));
    });
  });

  describe("that lies elsewhere", () => {
    it("is followed there, and a failure there is that place's", async () => {
      const store = await serve((_path, response) => response.writeHead(404).end());
      try {
        release = await serve((_path, response) =>
          response.writeHead(302, { location: `${store.base}/blob` }).end(),
        );
        shop = workshop({ env: mirror(), pins: withRelease("kwok", { sha256: sha256(KWOK) }) });
        assert.equal(
          (await reasons("kwok"))[1],
          `download: ${store.base}/blob answered 404 Not Found, where ${release.base}${PLAIN} leads to`,
        );
        assert.match(
          readFileSync(join(shop.cache, "failed-downloads.json"), "utf8"),
          /^ {2}"http:\S+\/blob":/m,
        );
      } finally {
        await shut(store.server);
      }
    });

    it("is found over relative addresses", async () => {
      release = await serve((path, response) => {
        if (path === "/blob") response.end(KWOK);
        else response.writeHead(307, { location: "/blob" }).end();
      });
      shop = workshop({ env: mirror(), pins: withRelease("kwok", { sha256: sha256(KWOK) }) });
      assert.equal((await findToolsIn(["kwok"], shop)).kwok.origin, "download");
    });

    it("is given up after ten addresses", async () => {
      release = await serve((path, response) => response.writeHead(302, { location: `${path}x` }).end());
      shop = workshop({ env: mirror(), pins: withRelease("kwok", { sha256: sha256(KWOK) }) });
      assert.match(String((await reasons("kwok"))[1]), /leads from one address to the next, more than 10$/);
      assert.equal(release.asked.length, 11);
    });

    it("is not asked for where the way there is not encrypted", async () => {
      release = await serve((_path, response) =>
        response.writeHead(302, { location: "http://store.invalid/blob" }).end(),
      );
      shop = workshop({ env: mirror(), pins: withRelease("kwok", { sha256: sha256(KWOK) }) });
      assert.equal(
        (await reasons("kwok"))[1],
        `download: ${release.base}${PLAIN} leads to http://store.invalid/blob, which is not encrypted; not asked`,
      );
    });
  });
});

describe("a request", () => {
  it("shows GitHub's API, and no other place, the person's token", () => {
    const env = { GITHUB_TOKEN: "t0ken" };
    const token = (url: string, from: NodeJS.ProcessEnv) => headersFor(new URL(url), from)["authorization"];
    assert.equal(token("https://api.github.com/repos/x", env), "Bearer t0ken");
    for (const other of [
      "https://github.com/x",
      "http://api.github.com/x",
      "https://mirror.example/api.github.com/x",
    ])
      assert.equal(token(other, env), undefined, other);
    assert.equal(token("https://api.github.com/repos/x", { GITHUB_TOKEN: "" }), undefined);
  });
});
