import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEntry } from "../../../tools/cache.ts";
import { PINS } from "../../../tools/pins.ts";
import { clear, script, type Workshop, workshop } from "./workshop.ts";

interface Run {
  readonly child: ChildProcess;
  /** Everything it printed so far. */
  readonly output: () => string;
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

describe("installs by several runs", function () {
  this.timeout(60_000);
  let shop: Workshop;
  let builds: string;
  let gate: string;
  let runs: Run[];

  beforeEach(() => {
    shop = workshop();
    builds = join(shop.root, "builds");
    gate = join(shop.root, "gate");
    runs = [];
  });
  afterEach(async () => {
    for (const run of runs) run.child.kill("SIGKILL");
    await Promise.all(runs.map((run) => run.ended));
    clear(shop);
  });

  function start(): Run {
    const file = fileURLToPath(new URL("install-run.ts", import.meta.url));
    const args = ["--import", "tsx", file, join(shop.root, "cache"), builds, gate];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
      child.once("close", (code, signal) => {
        resolve(code ?? signal);
      });
    });
    const run = { child, output: () => output, ended };
    runs.push(run);
    return run;
  }

  async function until(what: string, holds: () => boolean): Promise<void> {
    const limit = Date.now() + 20_000;
    while (!holds()) {
      if (Date.now() > limit)
        throw new Error(`waited 20 s until ${what}:\n${runs.map((run) => run.output()).join("---\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  function buildCount(): number {
    return existsSync(builds) ? readFileSync(builds, "utf8").trim().split("\n").length : 0;
  }

  it("at the same time share one, and the second says that it waits", async () => {
    const first = start();
    await until("the first builds", () => buildCount() === 1);
    const second = start();
    await until("the second waits", () =>
      second.output().includes("kustomize: another run installs it, waiting\n"),
    );
    writeFileSync(gate, "");
    assert.deepEqual([await first.ended, await second.ended], [0, 0], first.output() + second.output());
    assert.equal(buildCount(), 1);
    const path = join(shop.cache, "kustomize-5.8.1-linux-amd64", "kustomize");
    for (const run of [first, second]) assert.equal(run.output().trim().split("\n").at(-1), path);
  });

  it("leave nothing that is taken for a tool when one is killed, and the next one clears up and installs", async () => {
    const killed = start();
    await until("the first builds", () => buildCount() === 1);
    killed.child.kill("SIGKILL");
    assert.equal(await killed.ended, "SIGKILL");
    assert.equal(readEntry(shop.cache, PINS.kustomize, "linux-amd64"), undefined);
    const left = join(shop.cache, ".work", "kustomize");
    const remains = readdirSync(left);
    assert.equal(remains.length, 1, "the killed run should have been in the middle of its build");

    const next = start();
    await until("the next builds", () => buildCount() === 2);
    assert.ok(!existsSync(join(left, String(remains[0]))), "the killed run's files are still there");
    writeFileSync(gate, "");
    assert.equal(await next.ended, 0, next.output());
    const tool = readEntry(shop.cache, PINS.kustomize, "linux-amd64");
    assert.ok(typeof tool === "object");
    assert.equal(readFileSync(tool.path, "utf8"), script("v5.8.1"));
    assert.deepEqual(readdirSync(join(shop.cache, ".work")), []);
  });
});
