import assert from "node:assert/strict";
import { resolve, told } from "./layer-texts.ts";

const BOARD = "product: Tesla-T4, gpusPerNode: 1, nodes: [n1]";
const UBUNTU = `${BOARD}, os: ubuntu22.04`;

function problems(text: string): string[] {
  return resolve(text).problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

describe("the driver in a zone's configuration", () => {
  it("needs no operating system where it is on the hosts", () => {
    for (const text of [
      `nodePools: { t4: { ${BOARD}, driver: { mode: preinstalled } } }\n`,
      `nodePools: { t4: { ${BOARD} } }\ngpu: { driver: { enabled: false } }\n`,
      `nodePools: { t4: { ${BOARD} } }\ngpu: { driver: { mode: preinstalled } }\n`,
      `nodePools: { t4: { ${BOARD} } }\ncluster: { platform: preinstalled }\n`,
    ])
      assert.deepEqual(problems(text), [], text);
  });

  it("needs the kernel, too, where it is precompiled", () => {
    assert.deepEqual(told(resolve(`nodePools:\n  t4: { ${UBUNTU}, driver: { mode: precompiled } }\n`)), [
      `error GZ004 Pulumi.zone-x.yaml:2  nodePools.t4.kernel
    wanted kernel of pool t4, got nothing
    fix: write kernel: into the pool or into its hardware class (docs/problems/GZ004.md)`,
    ]);
    assert.deepEqual(problems(`nodePools: { t4: { ${BOARD} } }\ngpu: { driver: { mode: precompiled } }\n`), [
      "GZ004 nodePools.t4.os: wanted os of pool t4, got nothing",
      "GZ004 nodePools.t4.kernel: wanted kernel of pool t4, got nothing",
    ]);
  });

  const WHOLE = "wanted a whole version such as 580.178.04 for the driver container, got a part of one";
  const wrong: [title: string, text: string, found: string[]][] = [
    [
      "a branch where an image has the whole version, once for all pools that take it",
      `gpu: { driver: { version: "580" } }\nnodePools: { a: { ${UBUNTU} }, b: { ${UBUNTU.replace("n1", "n2")} } }\n`,
      [`GZ003 gpu.driver.version: ${WHOLE}`],
    ],
    [
      "a branch of a pool's own",
      `nodePools: { a: { ${UBUNTU}, driver: { version: "580" } } }\n`,
      [`GZ003 nodePools.a.driver.version: ${WHOLE}`],
    ],
    [
      "a mode that is not the hosts' on platform preinstalled",
      `cluster: { platform: preinstalled }\ngpu: { driver: { mode: container } }\nnodePools: { a: { ${UBUNTU}, driver: { mode: precompiled } } }\n`,
      [
        "GZ003 gpu.driver.mode: wanted mode preinstalled on platform preinstalled, whose hosts have the drivers, got container",
        "GZ003 nodePools.a.driver.mode: wanted mode preinstalled on platform preinstalled, whose hosts have the drivers, got precompiled",
      ],
    ],
    [
      "a driver of ours on platform preinstalled",
      "cluster: { platform: preinstalled }\ngpu: { driver: { enabled: true } }\n",
      [
        "GZ003 gpu.driver.enabled: wanted no driver of ours on platform preinstalled, whose hosts have the drivers, got enabled: true",
      ],
    ],
    [
      "a mode that speaks against enabled: false",
      "gpu: { driver: { enabled: false, mode: container } }\n",
      ["GZ003 gpu.driver.mode: wanted preinstalled beside enabled: false, got container"],
    ],
    [
      "a mode that speaks against enabled: true",
      "gpu: { driver: { enabled: true, mode: preinstalled } }\n",
      ["GZ003 gpu.driver.mode: wanted container or precompiled beside enabled: true, got preinstalled"],
    ],
    [
      "more of an upgrade than there is",
      "gpu: { driver: { upgradePolicy: { maxUnavailable: 0% } } }\n",
      [
        'GZ003 gpu.driver.upgradePolicy.maxUnavailable: wanted a number of nodes from 1, or a part of them such as 25%, got "0%"',
      ],
    ],
    [
      "a version that no driver has",
      "gpu: { driver: { version: v580 } }\n",
      [
        'GZ003 gpu.driver.version: wanted a driver\'s version such as 580.178.04, or the branch of a precompiled one such as 580, got "v580"',
      ],
    ],
  ];
  const HOST_PATHS = "gpu: { hostPaths: { driverInstallDir: /opt/driver } }\n";
  wrong.push([
    "another directory beside a driver container, which has its own",
    `${HOST_PATHS}nodePools: { a: { ${UBUNTU} }, b: { ${UBUNTU.replace("n1", "n2")}, driver: { mode: preinstalled } } }\n`,
    [
      "GZ003 gpu.hostPaths.driverInstallDir: wanted /run/nvidia/driver beside a driver container (a), got /opt/driver: the driver shows its files at /run/nvidia/driver and nowhere else",
    ],
  ]);
  for (const [title, text, found] of wrong)
    it(`is told of ${title}`, () => {
      assert.deepEqual(problems(text), found);
    });

  it("may be anywhere on hosts that bring it", () => {
    for (const more of [
      `nodePools: { a: { ${BOARD}, driver: { mode: preinstalled } } }\n`,
      "cluster: { platform: preinstalled }\n",
      "",
    ])
      assert.deepEqual(problems(HOST_PATHS + more), []);
    const same = HOST_PATHS.replace("/opt/driver", "/run/nvidia/driver");
    assert.deepEqual(problems(`${same}nodePools: { a: { ${UBUNTU} } }\n`), []);
  });

  it("is nobody's business where somebody else runs the GPU stack", () => {
    assert.deepEqual(
      problems(`gpu: { managed: false }\nnodePools: { a: { ${BOARD}, driver: { version: "580" } } }\n`),
      [],
    );
  });

  it("is right with the same word twice", () => {
    for (const text of [
      "gpu: { driver: { enabled: false, mode: preinstalled } }\n",
      "gpu: { driver: { enabled: true, mode: precompiled } }\n",
      "cluster: { platform: preinstalled }\ngpu: { driver: { enabled: false, mode: preinstalled } }\n",
    ])
      assert.deepEqual(problems(text), []);
  });
});
