import assert from "node:assert/strict";
import { parse } from "yaml";
import { migConfigEntries, migConfigName } from "../../../components/operands/mig-config.ts";
import { poolTable } from "../../../components/operands/labeller.ts";
import { MIG_BOARDS } from "../../../plan/gpu/mig-boards.ts";
import { zoneOf } from "../render/zone-text.ts";

const CUSTOM = { "1g.5gb": 4, "3g.20gb": 1 };

function configs(
  pools: Readonly<Record<string, [product: string, mig?: string]>>,
): Record<string, unknown> | null {
  const lines = Object.entries(pools).map(
    ([name, [product, mig]]) =>
      `  ${name}: { product: ${product}, gpusPerNode: 1, os: ubuntu22.04, nodes: [${name}]${mig === undefined ? "" : `, mig: ${mig}`} }\n`,
  );
  const text = migConfigEntries(zoneOf(`nodePools:\n${lines.join("")}`));
  if (text === null) return null;
  const file = parse(text) as { version: string; "mig-configs": Record<string, unknown> };
  assert.equal(file.version, "v1");
  return file["mig-configs"];
}

describe("the MIG configuration that a node's label names", () => {
  it("is the standard name, or one that names the content of the pool's own layout", () => {
    assert.equal(migConfigName("a", {}), null);
    assert.equal(migConfigName("a", { mig: "all-1g.5gb" }), "all-1g.5gb");
    assert.match(migConfigName("a", { mig: CUSTOM }) ?? "", /^a-[0-9a-f]{10}$/);
  });

  it("is another with another layout, and the same whichever way its profiles are written", () => {
    const name = migConfigName("a", { mig: CUSTOM });
    assert.equal(migConfigName("a", { mig: { "3g.20gb": 1, "1g.5gb": 4 } }), name);
    assert.notEqual(migConfigName("a", { mig: { ...CUSTOM, "1g.5gb": 3 } }), name);
  });

  it("is what the labeller sets", () => {
    const zone = zoneOf(
      "nodePools: { a: { product: NVIDIA-A100-PCIE-40GB, gpusPerNode: 1, os: x, nodes: [n], mig: { 1g.5gb: 4, 3g.20gb: 1 } } }\n",
    );
    assert.equal(poolTable(zone)[0]?.migConfig, migConfigName("a", { mig: CUSTOM }));
  });
});

describe("the MIG manager's own file", () => {
  it("is not there where every layout is a standard one: the manager makes its own", () => {
    assert.equal(configs({ a: ["NVIDIA-A30", "all-1g.6gb"], b: ["Tesla-T4"] }), null);
  });

  it("has each pool's own layout under the name of its label", () => {
    const all = configs({ a: ["NVIDIA-A100-PCIE-40GB", "{ 1g.5gb: 4, 3g.20gb: 1 }"] });
    assert.deepEqual(all?.[migConfigName("a", { mig: CUSTOM }) ?? ""], [
      { devices: "all", "mig-enabled": true, "mig-devices": CUSTOM },
    ]);
  });

  it("has the standard layouts of the zone's boards too, since with a file the manager generates none", () => {
    const all = configs({
      a: ["NVIDIA-A100-PCIE-40GB", "{ 1g.5gb: 4 }"],
      b: ["NVIDIA-A100-SXM4-40GB", "all-3g.20gb"],
    });
    assert.deepEqual(all?.["all-disabled"], [{ devices: "all", "mig-enabled": false }]);
    assert.deepEqual(all["all-enabled"], [{ devices: "all", "mig-enabled": true, "mig-devices": {} }]);
    assert.deepEqual(all["all-3g.20gb"], [
      { devices: "all", "mig-enabled": true, "mig-devices": { "3g.20gb": 2 } },
    ]);
    assert.deepEqual(all["all-1g.5gb.me"], [
      { devices: "all", "mig-enabled": true, "mig-devices": { "1g.5gb+me": 1 } },
    ]);
  });

  describe("of a board that the zone declares", () => {
    const declared = (product: string, profiles: string): string =>
      `  d: { product: ${product}, gpusPerNode: 1, os: ubuntu22.04, nodes: [d], mig: { 1g.35gb: 1 }, board: { memory: 96Gi, migProfiles: ${profiles} } }\n`;
    const h200 = "  a: { product: NVIDIA-H200, gpusPerNode: 1, os: ubuntu22.04, nodes: [a] }\n";
    const entry = (pools: string, name: string): unknown => {
      const text = migConfigEntries(zoneOf(`nodePools:\n${pools}`)) ?? "";
      return (parse(text) as { "mig-configs": Record<string, unknown> })["mig-configs"][name];
    };
    const DEVICES = { devices: "all", "mig-enabled": true };

    it("leaves out names that mean another layout on a board that is known: no filter is every board", () => {
      assert.deepEqual(entry(h200 + declared("NVIDIA-X1", "{ 1g.35gb: 2 }"), "all-1g.35gb"), [
        {
          "device-filter": ["0x233510DE", "0x233B10DE"],
          ...DEVICES,
          "mig-devices": { "1g.35gb": 4 },
        },
      ]);
      const other = declared("NVIDIA-X2", "{ 1g.35gb: 3 }")
        .replace("  d:", "  e:")
        .replace("nodes: [d]", "nodes: [e]");
      assert.equal(entry(declared("NVIDIA-X1", "{ 1g.35gb: 2 }") + other, "all-1g.35gb"), undefined);
    });

    it("has them where nothing else has the name, or all mean the same", () => {
      const alone = declared("NVIDIA-X1", "{ 1g.35gb: 2, 2g.48gb: 1 }");
      const config = [{ ...DEVICES, "mig-devices": { "2g.48gb": 1 } }];
      assert.deepEqual(entry(alone, "all-2g.48gb"), config);
      assert.deepEqual(entry(h200 + alone, "all-2g.48gb"), config);
      const same = declared("NVIDIA-X1", "{ 1g.35gb: 4 }");
      assert.deepEqual(entry(h200 + same, "all-1g.35gb"), [{ ...DEVICES, "mig-devices": { "1g.35gb": 4 } }]);
    });

    it("tells one by its devices where the table knows them, though nobody verified its profiles", () => {
      const board = MIG_BOARDS.find(({ verified, devices }) => !verified && devices.length > 0);
      assert.ok(board !== undefined);
      const [product = ""] = board.products;
      const found = entry(h200 + declared(product, "{ 1g.35gb: 2 }"), "all-1g.35gb") as {
        "device-filter": readonly string[];
      }[];
      assert.deepEqual(found[1]?.["device-filter"], board.devices);
    });
  });

  it("tells boards apart by their devices where a name means another layout on each", () => {
    const all = configs({ a: ["NVIDIA-H200", "{ 1g.18gb: 2 }"], b: ["NVIDIA-GB300", "all-1g.35gb"] });
    assert.deepEqual(all?.["all-1g.35gb"], [
      {
        "device-filter": ["0x233510DE", "0x233B10DE"],
        devices: "all",
        "mig-enabled": true,
        "mig-devices": { "1g.35gb": 4 },
      },
      {
        "device-filter": ["0x31C210DE"],
        devices: "all",
        "mig-enabled": true,
        "mig-devices": { "1g.35gb": 7 },
      },
    ]);
  });
});
