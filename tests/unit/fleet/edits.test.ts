import assert from "node:assert/strict";
import { parse } from "yaml";
import { inMinutes } from "../../../fleet/duration.ts";
import { pinned } from "../../../fleet/pin.ts";
import { requireOfficial } from "../../../fleet/pulumi.ts";
import type { Tool } from "../../../tools/tool.ts";
import { changesOf } from "../../../fleet/up.ts";

const UID = "6f1c0c6e-0000-4000-8000-000000000001";

describe("pinning a zone", () => {
  it("adds the UID and touches no other character", () => {
    const before =
      "# our first zone\nconfig:\n  gpu-zones:extends: [prod]\n  # toxicity-detector: {}\n  gpu-zones:site: dc-1 # cold\n";
    assert.equal(
      pinned(before, UID),
      before.replace("config:\n", `config:\n  gpu-zones:cluster: { uid: ${UID} }\n`),
    );
  });

  it("joins the keys that the cluster already has, block or flow", () => {
    const block = "config:\n  gpu-zones:cluster:\n    context: east # VPN\n";
    assert.equal(pinned(block, UID), block.replace("    context", `    uid: ${UID}\n    context`));
    const flow = "config:\n  gpu-zones:cluster: { context: east }\n";
    assert.equal(pinned(flow, UID), flow.replace("{ context", `{ uid: ${UID}, context`));
  });

  it("replaces an older UID in place", () => {
    const file = (uid: string): string =>
      `config:\n  gpu-zones:cluster:\n    context: east # VPN\n    uid: ${uid}\n  gpu-zones:site: dc-1\n`;
    assert.equal(pinned(file("old"), UID), file(UID));
  });
});

describe("pinning a zone whose keys have no value yet", () => {
  const files: [what: string, text: string, wanted: string][] = [
    ["config", "config:\n", `config: { gpu-zones:cluster: { uid: ${UID} } }\n`],
    [
      "config, as a written null",
      "config: ~ # later\n",
      `config: { gpu-zones:cluster: { uid: ${UID} } } # later\n`,
    ],
    ["an empty config", "config: {}\n", `config: {gpu-zones:cluster: { uid: ${UID} }}\n`],
    [
      "the cluster",
      "config:\n  gpu-zones:cluster:\n  gpu-zones:site: dc-1\n",
      `config:\n  gpu-zones:cluster: { uid: ${UID} }\n  gpu-zones:site: dc-1\n`,
    ],
    [
      "the cluster, quoted",
      'config:\n  "gpu-zones:cluster": null\n',
      `config:\n  "gpu-zones:cluster": { uid: ${UID} }\n`,
    ],
    [
      "the UID",
      "config:\n  gpu-zones:cluster:\n    uid:\n",
      `config:\n  gpu-zones:cluster:\n    uid: ${UID}\n`,
    ],
  ];
  for (const [what, text, wanted] of files) {
    it(`fills ${what} in`, () => {
      assert.equal(pinned(text, UID), wanted);
      const { config } = parse(wanted) as { config: Record<string, unknown> };
      assert.deepEqual(config["gpu-zones:cluster"], { uid: UID });
    });
  }
});

describe("a time", () => {
  it("is in seconds below 100, in minutes above", () => {
    assert.deepEqual([0.3, 13, 99, 99.7, 1147].map(inMinutes), [
      "0.3 s",
      "13 s",
      "99 s",
      "1 min 40 s",
      "19 min 7 s",
    ]);
  });
});

describe("an update of a real zone", () => {
  const tool = (name: Tool["name"], origin: Tool["origin"]): Tool => ({
    name,
    origin,
    version: "1.2.3",
    path: "/x",
  });

  it("takes no stand-in for a plugin, and says which one to install", () => {
    requireOfficial([tool("pulumi", "built"), tool("pulumi-resource-kubernetes", "PATH")]);
    assert.throws(
      () => {
        requireOfficial([tool("pulumi", "built"), tool("pulumi-resource-kubernetes", "stand-in")]);
      },
      {
        name: "UserError",
        message: /^wanted the official pulumi-resource-kubernetes 1\.2\.3 for a real zone/,
      },
    );
  });
});

describe("the engine's summary", () => {
  it("is read into counts, nothing counted for what it does not name", () => {
    const summary =
      "Resources:\n    + 2 created\n    ~ 1 updated\n    - 3 deleted\n    +-4 replaced\n    10 changes. 30 unchanged\n";
    assert.deepEqual(changesOf(summary), { create: 2, update: 1, delete: 3, replace: 4, same: 30 });
    assert.deepEqual(changesOf("Resources:\n    34 unchanged\n"), {
      create: 0,
      update: 0,
      delete: 0,
      replace: 0,
      same: 34,
    });
  });
});
