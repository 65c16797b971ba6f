import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError, kustomizeBuild } from "../../../plan/render/kustomize.ts";
import { KUSTOMIZE, LIMIT_MS } from "./kustomize-path.ts";
import { withTree } from "./tree.ts";

describe("kustomize", function () {
  this.timeout(LIMIT_MS);
  it("that is not there is named, with the way to get it", async () => {
    await assert.rejects(kustomizeBuild("/nowhere/kustomize", "/"), (error: Error) => {
      assert.ok(!(error instanceof BuildError));
      assert.match(error.message, /\/nowhere\/kustomize is not there; fix: .*tools kustomize/);
      return true;
    });
  });

  it("gives its own message when it refuses a tree", async () => {
    await withTree({ "kustomization.yaml": "resources: [absent.yaml]\n" }, async (directory) => {
      await assert.rejects(kustomizeBuild(KUSTOMIZE, directory), (error: Error) => {
        assert.ok(error instanceof BuildError);
        assert.match(error.message, /absent\.yaml/);
        return true;
      });
    });
  });

  it("reads no file outside its kustomization", async () => {
    await withTree(
      { "a/kustomization.yaml": "resources: [../b.yaml]\n", "b.yaml": "" },
      async (directory) => {
        await assert.rejects(
          kustomizeBuild(KUSTOMIZE, join(directory, "a")),
          /security; file .* is not in or below/,
        );
      },
    );
  });

  it("sees nothing of the caller's environment, and finds no git", async () => {
    await withTree({ "kustomization.yaml": "" }, async (directory) => {
      const program = join(directory, "kustomize");
      await writeFile(program, "#!/bin/sh\nexport -p\n");
      await chmod(program, 0o755);
      process.env["GPU_ZONES_TEST_SECRET"] = "seen";
      try {
        const names = (await kustomizeBuild(program, directory)).matchAll(/^export (\w+)/gm);
        assert.deepEqual(
          [...names].map(([, name]) => name).filter((name) => name !== "PWD" && name !== "OLDPWD"),
          ["HOME", "HTTPS_PROXY", "HTTP_PROXY", "PATH", "http_proxy", "https_proxy"],
        );
      } finally {
        Reflect.deleteProperty(process.env, "GPU_ZONES_TEST_SECRET");
      }
    });
  });

  it("tells its error, and not the warnings before it", async () => {
    const files = { "kustomization.yaml": "commonLabels: { a: b }\nvars: []\nresources: [absent.yaml]\n" };
    await withTree(files, async (directory) => {
      await assert.rejects(kustomizeBuild(KUSTOMIZE, directory), /^BuildError: Error: .*absent\.yaml/s);
    });
  });

  it("that writes without an end is stopped, and the tree is to blame", async () => {
    await withTree({ "kustomization.yaml": "" }, async (directory) => {
      const program = join(directory, "kustomize");
      await writeFile(program, "#!/bin/sh\nexec /bin/cat /dev/zero\n");
      await chmod(program, 0o755);
      await assert.rejects(
        kustomizeBuild(program, directory),
        /^BuildError: kustomize wrote more than 64 MiB/,
      );
    });
  });

  it("reaches no network, should a tree ask for it", async () => {
    let asked = 0;
    const server = createServer(() => asked++).listen(0);
    try {
      const { port } = server.address() as AddressInfo;
      const files = { "kustomization.yaml": `resources: ["http://${hostname()}:${port}/x.yaml"]\n` };
      await withTree(files, async (directory) => {
        await assert.rejects(kustomizeBuild(KUSTOMIZE, directory), BuildError);
      });
      assert.equal(asked, 0);
    } finally {
      server.close();
    }
  });

  it("may write more than Node's default of 1 MiB", async () => {
    const text = "x".repeat(4 * 1024 * 1024);
    const files = {
      "kustomization.yaml": "resources: [c.yaml]\n",
      "c.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: ${text} }\n`,
    };
    await withTree(files, async (directory) => {
      assert.ok((await kustomizeBuild(KUSTOMIZE, directory)).includes(text));
    });
  });
});
