import assert from "node:assert/strict";
import { poolTable } from "../../../components/operands/labeller.ts";
import { driverOf } from "../../../plan/gpu/driver.ts";
import { zoneOf } from "../render/zone-text.ts";

const BOARD = "product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, kernel: 5.15.0-118-generic, nodes: [n]";

function zone(pool: string, more: string) {
  return zoneOf(`nodePools: { p: { ${BOARD}${pool === "" ? "" : `, driver: ${pool}`} } }\n${more}`);
}

/** `<mode> <version> <branch> <modules> <label>`. */
function said(pool: string, more = ""): string {
  const of = zone(pool, more);
  const [first] = Object.values(of.nodePools);
  assert.ok(first !== undefined);
  const { mode, version, branch, kernelModuleType, label } = driverOf(of, first);
  assert.equal(poolTable(of)[0]?.driver, label, "the labeller's table has the label");
  return `${mode} ${version === "" ? "-" : version} ${branch} ${kernelModuleType} ${label}`;
}

const driver = (text: string): string => `gpu: { driver: ${text} }\n`;

describe("the driver of a pool", () => {
  const cases: [title: string, pool: string, more: string, wanted: string][] = [
    ["is the release's where nobody says", "", "", "container 580.178.04 580 auto 580.178.04"],
    ["is the zone's", "", driver("{ version: 595.91.07 }"), "container 595.91.07 595 auto 595.91.07"],
    [
      "is the pool's own before the zone's",
      "{ version: 570.86.15 }",
      driver("{ version: 595.91.07, kernelModuleType: open }"),
      "container 570.86.15 570 open 570.86.15-open",
    ],
    [
      "has the modules that the pool wants",
      "{ kernelModuleType: proprietary }",
      driver("{ kernelModuleType: open }"),
      "container 580.178.04 580 proprietary 580.178.04-proprietary",
    ],
    [
      "is of the zone's mode",
      "",
      driver("{ mode: precompiled }"),
      "precompiled 580 580 auto 580-precompiled",
    ],
    [
      "is named by its branch when it is precompiled, however it was written",
      "{ mode: precompiled, version: 570.86.15, kernelModuleType: open }",
      "",
      "precompiled 570 570 open 570-precompiled-open",
    ],
    [
      "may be precompiled by its branch alone",
      '{ mode: precompiled, version: "535" }',
      "",
      "precompiled 535 535 auto 535-precompiled",
    ],
    [
      "is the host's where the pool says so, whose version the zone's is not",
      "{ mode: preinstalled }",
      driver("{ version: 595.91.07 }"),
      "preinstalled - 0 auto preinstalled",
    ],
    [
      "is the host's in the version that the pool tells",
      "{ mode: preinstalled, version: 550.90.07 }",
      "",
      "preinstalled 550.90.07 550 auto preinstalled",
    ],
    [
      "is the host's where the zone has it disabled, in the version that the zone tells",
      "",
      driver("{ enabled: false, version: 550.90.07 }"),
      "preinstalled 550.90.07 550 auto preinstalled",
    ],
    [
      "is ours in a pool of its own where the zone has it disabled",
      "{ mode: container }",
      driver("{ enabled: false }"),
      "container 580.178.04 580 auto 580.178.04",
    ],
    [
      "is the host's everywhere on platform preinstalled",
      "{ version: 550.90.07 }",
      "cluster: { platform: preinstalled }\n",
      "preinstalled 550.90.07 550 auto preinstalled",
    ],
  ];
  for (const [title, pool, more, wanted] of cases)
    it(title, () => {
      assert.equal(said(pool, more), wanted);
    });

  it("comes from the hardware class as other keys do", () => {
    const of = zoneOf(
      `hardware: { c: { product: x, gpusPerNode: 1, os: ubuntu22.04, driver: { version: 570.86.15 } } }\nnodePools: { p: { hardware: c, nodes: [n] } }\n`,
    );
    assert.deepEqual(
      poolTable(of).map((row) => row.driver),
      ["570.86.15"],
    );
  });
});
