import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Builder } from "../../../tools/build.ts";
import { cacheProblem, toolsFolder } from "../../../tools/cache.ts";
import { findToolsIn } from "../../../tools/find.ts";
import type { Tool, ToolName } from "../../../tools/tool.ts";
import { clear, scriptBuilder, type Workshop, workshop, writeScript } from "./workshop.ts";

describe("the cache of tools", () => {
  let shop: Workshop;
  let built: ToolName[][];
  let kustomize: Tool;

  beforeEach(async () => {
    built = [];
    shop = workshop({ builder: scriptBuilder(built) });
    kustomize = (await findToolsIn(["kustomize"], shop)).kustomize;
  });
  afterEach(() => {
    clear(shop);
  });

  const damages: [what: string, damage: () => void][] = [
    [
      "was cut short",
      () => {
        truncateSync(kustomize.path, 5);
      },
    ],
    [
      "holds something else of the same length",
      () => {
        writeFileSync(kustomize.path, readFileSync(kustomize.path, "utf8").replace("echo", "true"));
        utimesSync(kustomize.path, new Date(), new Date(0));
      },
    ],
    [
      "is gone",
      () => {
        rmSync(kustomize.path);
      },
    ],
    [
      "cannot be started",
      () => {
        chmodSync(kustomize.path, 0o644);
      },
    ],
    [
      "has no manifest",
      () => {
        rmSync(join(kustomize.path, "..", "manifest.json"));
      },
    ],
    [
      "has half a manifest",
      () => {
        truncateSync(join(kustomize.path, "..", "manifest.json"), 20);
      },
    ],
  ];
  for (const [what, damage] of damages) {
    it(`makes a tool again that ${what}`, async () => {
      const whole = readFileSync(kustomize.path, "utf8");
      damage();
      assert.deepEqual(await findToolsIn(["kustomize"], shop), { kustomize });
      assert.deepEqual(built, [["kustomize"], ["kustomize"]]);
      assert.equal(readFileSync(kustomize.path, "utf8"), whole);
      assert.equal(statSync(kustomize.path).mode & 0o777, 0o755);
    });
  }

  it("keeps a tool of which only the time changed, and looks closer only once", async () => {
    utimesSync(kustomize.path, new Date(), new Date(0));
    assert.deepEqual(await findToolsIn(["kustomize"], shop), { kustomize });
    assert.deepEqual(await findToolsIn(["kustomize"], shop), { kustomize });
    assert.deepEqual(built, [["kustomize"]]);
    assert.deepEqual(
      shop.lines.filter((line) => line.includes("checking")),
      ["kustomize 5.8.1: the installed file was changed, checking it"],
    );
  });

  it("keeps versions and platforms apart", async () => {
    const pins = { ...shop.pins, kustomize: { ...shop.pins.kustomize, version: "5.9.0", fits: "5.9.0" } };
    const newer = await findToolsIn(["kustomize"], { ...shop, pins });
    assert.notEqual(newer.kustomize.path, kustomize.path);
    const arm = await findToolsIn(["kustomize"], { ...shop, platform: "linux-arm64" });
    assert.notEqual(arm.kustomize.path, kustomize.path);
    assert.deepEqual(await findToolsIn(["kustomize"], shop), { kustomize });
  });

  it("that cannot be written is named, with a way out", async () => {
    const file = writeScript(join(shop.root, "file"), "not a folder");
    const env = { ...shop.env, XDG_CACHE_HOME: file };
    const folder = join(file, "gpu-zones", "tools");
    await assert.rejects(findToolsIn(["kustomize"], { ...shop, env }), {
      message: [
        "a tool is missing:",
        "  kustomize 5.8.1",
        "    PATH: not there",
        "    download: switched off by GPU_ZONES_NO_DOWNLOAD",
        `    cache: ${folder}: wanted to write the tool there, it is not writable (ENOTDIR)`,
        `fix: make ${folder} writable, or name another folder with XDG_CACHE_HOME`,
      ].join("\n"),
    });
  });

  it("on a full disk is named, while other errors stay what they are", () => {
    const full = Object.assign(new Error("write"), { code: "ENOSPC" });
    assert.deepEqual(cacheProblem(full, "/cache"), {
      reason: "/cache: wanted to write the tool there, the disk is full (ENOSPC)",
      fix: "make room for /cache (a whole set takes about 700 MB, a build 3 GB more), or name another folder with XDG_CACHE_HOME",
    });
    assert.equal(cacheProblem(Object.assign(new Error("x"), { code: "ECONNRESET" }), "/cache"), undefined);
    assert.equal(cacheProblem(new TypeError("bug"), "/cache"), undefined);
  });

  it("from which nothing may be started is named", async () => {
    const closed = join(shop.root, "closed");
    writeFileSync(closed, "");
    const builder: Builder = {
      ready: () => Promise.resolve(),
      build: ({ into }) => {
        // The system refuses it as it refuses a program on a disk mounted noexec.
        writeFileSync(join(into, "kwok"), `#!${closed}\n`);
        return Promise.resolve();
      },
    };
    await assert.rejects(findToolsIn(["kwok"], { ...shop, builder }), (error: Error) => {
      const said = error.message.split("\n");
      assert.deepEqual(said.slice(-2), [
        `    cache: ${shop.cache}: wanted to start the tool there, that is not allowed (EACCES; the disk may be mounted noexec)`,
        "fix: name another folder with XDG_CACHE_HOME, on a disk from which programs may be started",
      ]);
      return true;
    });
  });

  it("lies in XDG_CACHE_HOME, else in the home folder", () => {
    assert.equal(toolsFolder({ XDG_CACHE_HOME: "/c", HOME: "/h" }), "/c/gpu-zones/tools");
    assert.equal(toolsFolder({ HOME: "/h" }), "/h/.cache/gpu-zones/tools");
    assert.equal(toolsFolder({ XDG_CACHE_HOME: "", HOME: "/h" }), "/h/.cache/gpu-zones/tools");
    assert.equal(toolsFolder({ XDG_CACHE_HOME: "relative", HOME: "/h" }), "/h/.cache/gpu-zones/tools");
  });
});
