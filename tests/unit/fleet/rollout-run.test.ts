import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Node } from "@kubernetes/client-node";
import { rollOut } from "../../../fleet/rollout-run.ts";
import { DRIVER, ROLLOUT } from "../../../plan/rollout/names.ts";
import { OPTIONS } from "../rollout/model-run.ts";
import { ROW, TARGET } from "../rollout/model-zone.ts";

const WEBHOOK =
  'Error from server: admission webhook "nodes.policy" denied the request: nodes are changed by their owner';

/** The rollout's loop with a kubectl that is a script: it shows one node, and refuses each patch with the same words. */
describe("a rollout whose changes are refused", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gpu-zones-rollout-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function refusedWith(words: string, annotations: Record<string, string>) {
    const node: V1Node & { kind: string } = {
      kind: "Node",
      metadata: {
        name: "n0",
        resourceVersion: "1",
        labels: { [DRIVER]: "580.1", "gpu-zones.dev/pool": ROW.pool },
        annotations,
      },
      status: { conditions: [{ type: "Ready", status: "True" }] },
    };
    await writeFile(join(folder, "list"), JSON.stringify({ items: [node] }));
    await writeFile(join(folder, "words"), words);
    const path = join(folder, "kubectl");
    const script = `#!/bin/sh\ncase "$*" in *" patch "*) cat "${folder}/words" >&2; exit 1;; *) cat "${folder}/list";; esac\n`;
    await writeFile(path, script);
    await chmod(path, 0o755);
    const said: string[] = [];
    const { steps } = await rollOut({
      zone: "zone-1-dev",
      cluster: { path, context: "zone-1-dev" },
      target: TARGET,
      options: OPTIONS,
      log: (line) => said.push(line),
      signal: AbortSignal.timeout(5000),
    });
    return { said, step: steps[0] };
  }

  const cases = {
    "a right that is missing":
      'Error from server (Forbidden): nodes "n0" is forbidden: User "dev" cannot patch resource "nodes"',
    "an admission webhook": WEBHOOK,
  };
  for (const [who, words] of Object.entries(cases))
    it(`leaves the node, says why once, and ends: ${who}`, async () => {
      const { step, said } = await refusedWith(words, {});
      assert.equal(step?.phase, "blocked");
      assert.match(step.says, /^its change was refused: .*(cannot patch resource|changed by their owner)/);
      assert.equal(said.filter((line) => line.includes("was refused")).length, 1, said.join("\n"));
    });

  it("says of a node that was begun that it failed: it stays cordoned", async () => {
    const mark = JSON.stringify({ what: ["driver"], changed: [] });
    const { step } = await refusedWith(WEBHOOK, { [ROLLOUT]: mark });
    assert.equal(step?.phase, "failed");
  });
});
