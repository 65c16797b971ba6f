import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { openHome, type SimHome } from "../../../sim/home.ts";
import { removeStackState } from "../../../sim/stack-state.ts";

describe("the state of a dead cluster's stack", () => {
  let home: SimHome;

  beforeEach(async () => {
    home = await openHome(await mkdtemp(path.join(tmpdir(), "sim-state-")));
  });

  afterEach(async () => {
    await rm(home.directory, { recursive: true, force: true });
  });

  async function put(...files: string[]): Promise<void> {
    for (const file of files) {
      const full = path.join(home.backend, ".pulumi", file);
      await mkdir(path.dirname(full), { recursive: true });
      await writeFile(full, "{}");
    }
  }

  async function files(): Promise<string[]> {
    const entries = await readdir(path.join(home.backend, ".pulumi"), {
      recursive: true,
      withFileTypes: true,
    });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        path.relative(path.join(home.backend, ".pulumi"), path.join(entry.parentPath, entry.name)),
      )
      .toSorted();
  }

  it("goes with its backups, history, tags and locks, and nothing else does", async () => {
    const others = [
      "history/gpu-zones/zone-1-devel/zone-1-devel-1.history.json",
      "locks/organization/gpu-zones/zone-2-prod/1.json",
      "meta.yaml",
      "stacks/gpu-zones/zone-1-devel.json",
      "stacks/gpu-zones/zone-2-prod.json",
    ];
    await put(
      ...others,
      "stacks/gpu-zones/zone-1-dev.json",
      "stacks/gpu-zones/zone-1-dev.json.bak",
      "stacks/gpu-zones/zone-1-dev.json.gz",
      "stacks/gpu-zones/zone-1-dev.pulumi-tags",
      "history/gpu-zones/zone-1-dev/zone-1-dev-1.history.json",
      "backups/gpu-zones/zone-1-dev/zone-1-dev.1.json",
      "locks/organization/gpu-zones/zone-1-dev/2.json",
    );
    await removeStackState(home, "zone-1-dev");
    assert.deepEqual(await files(), others);
  });

  it("is no error when there is none", async () => {
    await removeStackState(home, "zone-1-dev");
  });
});
