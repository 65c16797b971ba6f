import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEntry } from "../../../tools/cache.ts";
import { ownerText, startOf, thisProcess } from "../../../tools/owner.ts";
import { PINS } from "../../../tools/pins.ts";
import { sweepWorkFolders } from "../../../tools/work.ts";
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

  function start(...more: string[]): Run {
    const file = fileURLToPath(new URL("install-run.ts", import.meta.url));
    const args = ["--import", "tsx", file, join(shop.root, "cache"), builds, gate, ...more];
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
      second
        .output()
        .includes(
          `kustomize: waiting for another run (pid ${first.child.pid}) that builds it, usually 0:30 on two cores\n`,
        ),
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
    const left = join(shop.cache, ".work");
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
    assert.deepEqual(readdirSync(left), []);
  });

  it("wait for one that is stopped, however long it gives no sign of life, and leave its files alone", async () => {
    const stopped = start();
    await until("the first builds", () => buildCount() === 1);
    stopped.child.kill("SIGSTOP");
    const lock = join(shop.cache, ".locks", "kustomize.lock");
    utimesSync(lock, new Date(0), new Date(0));
    const second = start();
    await until("the second waits", () => second.output().includes("waiting for another run"));
    utimesSync(lock, new Date(0), new Date(0));
    writeFileSync(gate, "");
    stopped.child.kill("SIGCONT");
    assert.deepEqual(
      [await stopped.ended, await second.ended],
      [0, 0],
      `${stopped.output()}---\n${second.output()}`,
    );
    assert.equal(buildCount(), 1);
  });

  describe("that build with Go", () => {
    let path: string;
    let pids: string;

    beforeEach(() => {
      path = [shop.bin, "/usr/bin", "/bin"].join(delimiter);
      pids = join(shop.root, "pids");
      const go = [
        "#!/bin/sh",
        "if [ \"$1\" = version ]; then echo 'go version go1.26.8 linux/amd64'; exit 0; fi",
        // As `go` does, it has children of its own and goes on writing.
        `sleep 60 & echo "$$ $!" >>'${pids}'; wait`,
      ];
      writeFileSync(join(shop.bin, "go"), go.join("\n"), { mode: 0o755 });
    });
    afterEach(() => {
      for (const pid of goPids()) if (startOf(pid) !== undefined) process.kill(pid, "SIGKILL");
    });

    function goPids(): number[] {
      return existsSync(pids) ? readFileSync(pids, "utf8").trim().split(/\s+/).map(Number) : [];
    }

    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
      it(`end by ${signal} with their Go and without a file left`, async () => {
        const run = start(path);
        await until("Go builds", () => goPids().length === 2);
        run.child.kill(signal);
        assert.equal(await run.ended, signal, run.output());
        assert.deepEqual(
          goPids().filter((pid) => startOf(pid) !== undefined),
          [],
        );
        assert.deepEqual(readdirSync(join(shop.cache, ".work")), []);
        assert.deepEqual(readdirSync(join(shop.cache, ".locks")), []);
        assert.ok(run.output().includes("building from source: interrupted after"), run.output());
      });
    }

    it("end the Go of one that was killed, and no other process", async () => {
      const killed = start(path);
      const noted = (): boolean =>
        readdirSync(join(shop.cache, ".work"), { recursive: true }).some((name) =>
          String(name).includes("child~"),
        );
      await until("Go builds and is noted", () => goPids().length === 2 && noted());
      const orphans = goPids();
      killed.child.kill("SIGKILL");
      await killed.ended;
      const work = join(shop.cache, ".work", String(readdirSync(join(shop.cache, ".work"))[0]), "build");
      // A number that was given to another process since: this one.
      writeFileSync(join(work, `child~${process.pid}~1`), "");
      const next = start(path);
      await until("the next builds", () => goPids().length === 4);
      await until("the orphans end", () => orphans.every((pid) => startOf(pid) === undefined));
      next.child.kill("SIGTERM");
      assert.equal(await next.ended, "SIGTERM");
    });
  });

  it("clear up after dead ones of every tool, never after living ones, and after other hosts when a day has passed", async () => {
    const works = join(shop.cache, ".work");
    const host = String(ownerText(thisProcess()).split("~")[0]);
    const folder = (name: string, age: number): string => {
      mkdirSync(join(works, name), { recursive: true });
      utimesSync(join(works, name), new Date(), new Date(Date.now() - age));
      return name;
    };
    const HOUR = 3_600_000;
    const kept = [
      folder(`${ownerText(thisProcess())}~living`, 48 * HOUR),
      folder("elsewhere~1~1~new", 23 * HOUR),
    ];
    folder(`${host}~${process.pid}~1~reused-number`, 0);
    folder("elsewhere~1~1~old", 25 * HOUR);
    folder("kustomize", 25 * HOUR);
    folder("trash~left", 0);
    await sweepWorkFolders(shop.cache);
    assert.deepEqual(readdirSync(works).toSorted(), kept.toSorted());
  });
});
