import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { appendFile, chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { renderZone, type Rendering, type RenderOptions } from "../../../plan/render/render.ts";
import { sweepScratch } from "../../../plan/render/scratch.ts";
import type { Zone } from "../../../plan/config/zone.ts";
import { KUSTOMIZE, LIMIT_MS } from "./kustomize-path.ts";
import { baseOf, withTree, writeTree } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

/** A repository with a kustomize that notes every start. */
class Bench {
  readonly repository: string;
  readonly cacheDirectory: string;
  readonly kustomize: string;

  constructor(repository: string) {
    this.repository = repository;
    this.cacheDirectory = join(repository, ".cache");
    this.kustomize = join(repository, "kustomize");
  }

  /** What `renderZone` needs to render this repository. */
  get options(): RenderOptions {
    const { repository, cacheDirectory, kustomize } = this;
    return { repository, cacheDirectory, kustomize, gpu: {} };
  }

  /** Renders, and counts the processes that it took. */
  async render(zone: Zone): Promise<{ rendering: Rendering; processes: number }> {
    const before = await this.#starts();
    const rendering = await renderZone(zone, this.options);
    assert.deepEqual(rendering.problems, []);
    return { rendering, processes: (await this.#starts()) - before };
  }

  async #starts(): Promise<number> {
    return (await readFile(join(this.repository, "starts"), "utf8").catch(() => "")).length;
  }

  async entries(): Promise<string[]> {
    return (await readdir(this.cacheDirectory)).map((name) => join(this.cacheDirectory, name));
  }
}

async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const files = {
    ...baseOf("a"),
    ...baseOf("b"),
    "apps/b/base/kustomization.yaml":
      "resources: [deployment.yaml]\nconfigMapGenerator: [{ name: cfg, files: [settings.txt] }]\n",
    "apps/b/base/settings.txt": "one\n",
  };
  await withTree(files, async (repository) => {
    const bench = new Bench(repository);
    await writeFile(
      bench.kustomize,
      `#!/bin/sh\nprintf x >> '${join(repository, "starts")}'\nexec '${KUSTOMIZE}' "$@"\n`,
    );
    await chmod(bench.kustomize, 0o755);
    await use(bench);
  });
}

const plainZone = zoneOf("apps: { a: {}, b: {} }");
const changedZone = zoneOf("apps: { a: { replicas: 2 }, b: { image: '2' } }");

describe("the cache of renderings", function () {
  this.timeout(LIMIT_MS);
  it("spares every process when nothing changed, and gives the same result", async () => {
    await withBench(async (bench) => {
      const first = await bench.render(changedZone);
      const second = await bench.render(changedZone);
      assert.deepEqual([first.processes, second.processes], [2, 0]);
      assert.deepEqual(second.rendering, first.rendering);
    });
  });

  it("needs one process for all apps, and none more where the zone changes nothing", async () => {
    await withBench(async (bench) => {
      assert.equal((await bench.render(plainZone)).processes, 1);
    });
  });

  it("keeps the first stage when only the zone's keys change", async () => {
    await withBench(async (bench) => {
      await bench.render(plainZone);
      assert.equal((await bench.render(changedZone)).processes, 1);
    });
  });

  const changes: [what: string, file: string, text: string][] = [
    ["a manifest", "apps/a/base/deployment.yaml", "# changed\n"],
    ["a kustomization", "apps/a/base/kustomization.yaml", "commonAnnotations: { a: b }\n"],
    ["a file of a generator", "apps/b/base/settings.txt", "two\n"],
    ["kustomize itself", "kustomize", "# changed\n"],
  ];
  for (const [what, file, text] of changes) {
    it(`builds again when ${what} changes`, async () => {
      await withBench(async (bench) => {
        await bench.render(plainZone);
        await appendFile(join(bench.repository, file), text);
        assert.equal((await bench.render(plainZone)).processes, 1);
      });
    });
  }

  it("builds again for another zone and for another namespace", async () => {
    await withBench(async (bench) => {
      await bench.render(plainZone);
      assert.equal((await bench.render(zoneOf("apps: { a: {}, b: {} }", "zone-y"))).processes, 1);
      assert.equal((await bench.render(zoneOf("apps: { a: {}, b: { namespace: x } }"))).processes, 1);
    });
  });

  it("ignores a damaged entry and writes it anew", async () => {
    await withBench(async (bench) => {
      const { rendering } = await bench.render(plainZone);
      const [entry = ""] = await bench.entries();
      const whole = await readFile(entry, "utf8");
      for (const damaged of [
        "",
        whole.slice(0, -20),
        whole.replace("containerPort", "containerXort"),
        "[]",
      ]) {
        await writeFile(entry, damaged);
        const again = await bench.render(plainZone);
        assert.equal(again.processes, 1);
        assert.deepEqual(again.rendering, rendering);
        assert.equal(await readFile(entry, "utf8"), whole);
      }
    });
  });

  it("builds the second stage again when the first comes out otherwise", async () => {
    await withBench(async (bench) => {
      const { rendering } = await bench.render(changedZone);
      // The first stage that was kept is another one now, of the same files.
      for (const entry of await bench.entries()) {
        const [, body = ""] = (await readFile(entry, "utf8")).split("\n", 2);
        if (body.includes('"replicas":2')) continue;
        const other = body.replaceAll("containerPort", "hostPort");
        await writeFile(entry, `${createHash("sha256").update(other).digest("hex")}\n${other}`);
      }
      const again = await bench.render(changedZone);
      assert.equal(again.processes, 1);
      assert.notDeepEqual(again.rendering, rendering);
    });
  });

  it("keeps nothing of a file that changed while it was built, and builds of its new content", async () => {
    await withBench(async (bench) => {
      const settings = join(bench.repository, "apps/b/base/settings.txt");
      const edited = join(bench.repository, "edited");
      // This kustomize is slow, and somebody writes the file before it ends: once.
      await writeFile(
        bench.kustomize,
        `#!/bin/sh\nprintf x >> '${join(bench.repository, "starts")}'\n'${KUSTOMIZE}' "$@"\n[ -e '${edited}' ] || { : > '${edited}'; printf 'two\\n' > '${settings}'; }\n`,
      );
      const { rendering, processes } = await bench.render(plainZone);
      assert.equal(processes, 2);
      assert.match(JSON.stringify(rendering.apps), /"settings\.txt":"two\\n"/);
      assert.equal((await bench.entries()).length, 1);
      const again = await bench.render(plainZone);
      assert.deepEqual([again.processes, again.rendering], [0, rendering]);
    });
  });

  it("builds again when a file changes that a plugin in a directory of its own reads", async () => {
    await withBench(async (bench) => {
      await writeTree(bench.repository, {
        "apps/a/base/kustomization.yaml": "resources: [deployment.yaml]\ntransformers: [./plugins]\n",
        "apps/a/base/plugins/kustomization.yaml": "resources: [patch.yaml]\n",
        "apps/a/base/plugins/patch.yaml":
          "apiVersion: builtin\nkind: PatchTransformer\nmetadata: { name: p }\npath: beside.yaml\ntarget: { kind: Deployment }\n",
        "apps/a/base/beside.yaml": "- { op: add, path: /spec/replicas, value: 4 }\n",
      });
      await bench.render(plainZone);
      await writeTree(bench.repository, {
        "apps/a/base/beside.yaml": "- { op: add, path: /spec/replicas, value: 5 }\n",
      });
      const { rendering } = await bench.render(plainZone);
      assert.equal((rendering.apps[0]?.objects[0]?.["spec"] as { replicas: number }).replicas, 5);
    });
  });

  it("keeps no failure: the next run asks kustomize again", async () => {
    await withBench(async (bench) => {
      await writeTree(bench.repository, { "apps/a/base/deployment.yaml": "kind: Nothing\n" });
      for (let run = 0; run < 2; run++) {
        const { problems } = await renderZone(plainZone, bench.options);
        assert.deepEqual(
          problems.map(({ code, path }) => `${code} ${path}`),
          ["GZ103 apps.a.overlay"],
        );
      }
      assert.deepEqual(await bench.entries().catch(() => []), []);
    });
  });

  it("does not keep a zone from being rendered where it cannot be written", async () => {
    await withBench(async (bench) => {
      await writeFile(bench.cacheDirectory, "a file where the folder should be");
      assert.equal((await bench.render(plainZone)).rendering.apps.length, 2);
    });
  });
});

describe("a rendering", function () {
  this.timeout(LIMIT_MS);
  it("leaves nothing in the temporary folder, whether kustomize builds or refuses", async () => {
    await withBench(async (bench) => {
      const temporary = join(bench.repository, "tmp");
      await writeTree(temporary, { kept: "" });
      const before = process.env["TMPDIR"];
      process.env["TMPDIR"] = temporary;
      try {
        await bench.render(changedZone);
        await writeTree(bench.repository, { "apps/a/base/deployment.yaml": "kind: Nothing\n" });
        await renderZone(changedZone, bench.options);
        await assert.rejects(
          renderZone(changedZone, { ...bench.options, kustomize: join(temporary, "kept") }),
          /not executable/,
        );
      } finally {
        if (before === undefined) Reflect.deleteProperty(process.env, "TMPDIR");
        else process.env["TMPDIR"] = before;
      }
      assert.deepEqual(await readdir(temporary), ["kept"]);
    });
  });

  it("sweeps away what killed runs left, and nothing that may be in use", async () => {
    await withTree({}, async (folder) => {
      const hour = 60 * 60_000;
      await writeTree(folder, { "gpu-zones-render-old/a.yaml": "", "other/a.yaml": "" });
      await sweepScratch(folder, Date.now() + 60_000);
      assert.deepEqual((await readdir(folder)).toSorted(), ["gpu-zones-render-old", "other"]);
      await sweepScratch(folder, Date.now() + hour);
      assert.deepEqual(await readdir(folder), ["other"]);
    });
  });

  it("that is killed leaves the repository and its cache as they were", async () => {
    await withBench(async (bench) => {
      const temporary = join(bench.repository, "tmp");
      await writeTree(temporary, { kept: "" });
      // This kustomize says that it runs, then waits for the kill.
      await writeFile(
        bench.kustomize,
        `#!/bin/sh\necho $$ > '${join(temporary, "running")}'\nexec /bin/sleep 30\n`,
      );
      const before = (await readdir(bench.repository, { recursive: true })).filter(
        (path) => !path.startsWith("tmp"),
      );
      const script = `
        import { renderZone } from ${JSON.stringify(new URL("../../../plan/render/render.ts", import.meta.url).href)};
        import { zoneOf } from ${JSON.stringify(new URL("zone-text.ts", import.meta.url).href)};
        await renderZone(zoneOf("apps: { a: {}, b: {} }"), ${JSON.stringify(bench.options)});`;
      const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], {
        env: { ...process.env, TMPDIR: temporary },
        stdio: "ignore",
      });
      try {
        const exited = new Promise((resolve) => child.once("exit", resolve));
        const pid = await pidIn(join(temporary, "running"));
        child.kill("SIGKILL");
        await exited;
        process.kill(pid, "SIGKILL");
      } finally {
        child.kill("SIGKILL");
      }
      const after = (await readdir(bench.repository, { recursive: true })).filter(
        (path) => !path.startsWith("tmp"),
      );
      assert.deepEqual(after, before);
    });
  });
});

/** Waits for a process to write its id, 15 s at most. */
async function pidIn(file: string): Promise<number> {
  for (
    const end = Date.now() + 15_000;
    Date.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 20))
  ) {
    const pid = Number(await readFile(file, "utf8").catch(() => ""));
    if (pid > 0) return pid;
  }
  throw new Error("the process did not start within 15 s");
}
