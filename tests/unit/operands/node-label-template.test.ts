import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { nodeLabelTemplate, type PoolRow } from "../../../components/operands/node-label-template.ts";
import { findTool } from "../../../tools/find.ts";
import { labelled } from "../../fixtures/labeller-model.ts";

const KUBECTL = (await findTool("kubectl")).path;
const DEPLOY = "nvidia.com/gpu.deploy.";
const PRESENT = "nvidia.com/gpu.present";
const NVIDIA = { "feature.node.kubernetes.io/pci-10de.present": "true" };

const NONE = { nodes: null, selector: null, driver: null, migConfig: null, devicePluginConfig: null };
const TABLE: readonly PoolRow[] = [
  { ...NONE, pool: "a100", nodes: ["a"], migConfig: "all-1g.5gb", driver: "580.178.04" },
  { ...NONE, pool: "t4", selector: { rack: "r1" }, devicePluginConfig: "t4-0123456789" },
];

type Labels = Readonly<Record<string, string>>;

/** Labels of nodes after one round of the labeller, by the real kubectl, without a cluster. */
function after(nodes: readonly { readonly name: string; readonly labels: Labels }[]): Labels[] {
  const folder = mkdtempSync(join(tmpdir(), "gpu-zones-labels-"));
  try {
    const items = nodes.map(({ name, labels }) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels, resourceVersion: "7" },
    }));
    writeFileSync(join(folder, "nodes.json"), items.map((item) => JSON.stringify(item)).join("\n"));
    // Without a cluster kubectl shows nodes one by one, not in a list.
    const template = nodeLabelTemplate(TABLE).replace("{{range .items}}", "{{with .}}");
    writeFileSync(join(folder, "template"), template);
    const args = ["annotate", "--local", "-f", "nodes.json", "a=b", "--output=go-template-file=template"];
    const { status, stdout, stderr } = spawnSync(KUBECTL, args, { cwd: folder, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const patches = new Map(stdout.split("\n").map((line) => line.split("\t") as [string, string]));
    return nodes.map(({ name, labels }) => {
      const patch = JSON.parse(patches.get(name) ?? "{}") as {
        metadata?: { resourceVersion: string; labels: Record<string, string | null> };
      };
      assert.equal(patch.metadata?.resourceVersion ?? "7", "7");
      const merged: Record<string, string | null> = { ...labels, ...patch.metadata?.labels };
      return Object.fromEntries(
        Object.entries(merged).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
      );
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ofA = (labels: Labels): Labels => after([{ name: "a", labels }])[0] ?? {};

describe("the template by which the labeller labels nodes", function () {
  this.timeout(30_000);

  it("deploys every operand that a bare pool's node waits for, and the clients of them", () => {
    const deployed = Object.keys(ofA(NVIDIA)).flatMap((key) =>
      key.startsWith(DEPLOY) ? [key.slice(DEPLOY.length)] : [],
    );
    assert.deepEqual(
      deployed.toSorted(),
      [
        ...["client", "container-toolkit", "dcgm-exporter", "device-plugin", "driver"],
        ...["gpu-feature-discovery", "node-status-exporter", "operator-validator"],
      ].toSorted(),
    );
  });

  it("takes them from a node whose owner wants none any more, but for what somebody paused", () => {
    const stay = {
      ...NVIDIA,
      [`${DEPLOY}operands`]: "false",
      [`${DEPLOY}dcgm-exporter`]: "paused-for-mig-change",
    };
    const before = { ...stay, [`${DEPLOY}driver`]: "true", [`${DEPLOY}mig-manager`]: "true" };
    assert.deepEqual(ofA(before), stay);
  });

  it("says that a board is gone, leaves its operands, and says when it is back", () => {
    const node = { "gpu-zones.dev/pool": "a100", [`${DEPLOY}driver`]: "true" };
    assert.deepEqual(ofA({ ...node, [PRESENT]: "true" }), { ...node, [PRESENT]: "false" });
    assert.deepEqual(ofA(node), node, "nothing is said of a node that never had one");
    assert.equal(ofA({ ...NVIDIA, ...node, [PRESENT]: "false" })[PRESENT], "true");
  });

  it("does to any node exactly what its model does", () => {
    const value = fc.constantFrom(undefined, "", "true", "false", "paused-for-driver-upgrade");
    const keys = [
      ...["pci-10de", "pci-0302_10de", "pci-0300_10de"].map(
        (key) => `feature.node.kubernetes.io/${key}.present`,
      ),
      ...["driver", "client", "mig-manager", "operands"].map((key) => DEPLOY + key),
      ...["nvidia.com/mig.capable", "nvidia.com/mig.config", "nvidia.com/device-plugin.config", PRESENT],
      ...["gpu-zones.dev/pool", "gpu-zones.dev/driver"],
    ];
    const labels = fc
      .record({
        ...Object.fromEntries(keys.map((key) => [key, value])),
        rack: fc.constantFrom(undefined, "r1", "r2"),
      })
      .map((given) =>
        Object.fromEntries(
          Object.entries(given).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
        ),
      );
    fc.assert(
      fc.property(fc.array(labels, { minLength: 20, maxLength: 40 }), (each) => {
        const nodes = each.map((given, at) => ({ name: at === 0 ? "a" : `n-${at}`, labels: given }));
        assert.deepEqual(
          after(nodes),
          nodes.map(({ name, labels: given }) => labelled(name, given, TABLE)),
        );
      }),
      { numRuns: 20 },
    );
  });
});
