import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { withoutPendingCreates } from "../../../fleet/pending-creates.ts";
import { stackLocks } from "../../../fleet/stack-lock.ts";

describe("the lock of a run", () => {
  let backend: string;

  beforeEach(async () => {
    // Pulumi does not decode a file backend's address: a folder may be called so.
    backend = join(await mkdtemp(join(tmpdir(), "gpu-zones-lock-")), "a%20b c");
  });

  afterEach(async () => {
    await rm(join(backend, ".."), { recursive: true, force: true });
  });

  const locks = async (text: string) => {
    const folder = join(backend, ".pulumi", "locks", "organization", "gpu-zones", "z");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "1.json"), text);
    await writeFile(join(folder, "1.json.attrs"), "{}");
    return stackLocks({ env: { PULUMI_BACKEND_URL: `file://${backend}` } }, "z");
  };
  const lock = (more: object = {}): string =>
    JSON.stringify({
      pid: process.pid,
      username: "me",
      hostname: hostname(),
      timestamp: new Date().toISOString(),
      ...more,
    });

  it("is held while its process lives", async () => {
    const [held, ...others] = await locks(lock());
    assert.deepEqual(others, []);
    assert.equal(held?.alive, true);
    assert.match(held.holder, new RegExp(`^me@.* \\(pid ${process.pid}\\) since `));
  });

  it("is a dead run's when its process id belongs to a process that started later", async () => {
    assert.equal((await locks(lock({ timestamp: "2026-01-01T00:00:00Z" })))[0]?.alive, false);
  });

  it("is a dead run's when there is no such process here", async () => {
    assert.equal((await locks(lock({ pid: 2 ** 22 + 1 })))[0]?.alive, false);
    assert.equal((await locks(lock({ hostname: "elsewhere" })))[0]?.alive, false);
  });

  it("is a dead run's when its process has ended, though its parent never asks for that", async () => {
    // The shell becomes another program, which does not know of the child that the shell had.
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"]);
    try {
      const [pid] = (await once(parent.stdout, "data")) as [Buffer];
      const held = lock({ pid: Number(pid.toString()) });
      while ((await locks(held))[0]?.alive !== false) await setImmediate();
    } finally {
      parent.kill();
    }
  });

  it("is told when it cannot be read, as a power cut leaves it", async () => {
    for (const torn of ["", '{"pid": 1', "null"]) {
      const [held] = await locks(torn);
      assert.equal(held?.alive, false);
      assert.match(held.holder, /a lock that cannot be read, as after a power cut \(.*1\.json\)/);
    }
  });
});

describe("creations that a dead run began", () => {
  const operation = (type: string, id: string) => ({
    type,
    resource: { urn: `urn:pulumi:z::gpu-zones::x$kubernetes:core/v1:Service::${id}` },
  });

  it("are dropped and named; everything else in the state stays", () => {
    const state = {
      version: 3,
      deployment: {
        resources: [{ urn: "r" }],
        pending_operations: [operation("creating", "pd/Service/pd/pd"), operation("updating", "b")],
      },
    };
    const { state: after, names } = withoutPendingCreates(state);
    assert.deepEqual(names, ["pd/Service/pd/pd"]);
    assert.deepEqual(after, {
      version: 3,
      deployment: { resources: [{ urn: "r" }], pending_operations: [operation("updating", "b")] },
    });
  });

  it("are none in a state without any", () => {
    const state = { deployment: {} };
    assert.deepEqual(withoutPendingCreates(state), { state, names: [] });
  });
});
