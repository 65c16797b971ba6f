import assert from "node:assert/strict";
import { RESERVED_OWNERS } from "../../../plan/config/rules.ts";
import { resolve, told } from "./layer-texts.ts";

/** A pool that lacks nothing but its nodes. */
const BOARD = "product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04";

const CASES: [title: string, text: string, problems: string[]][] = [
  [
    "a hardware class that no layer has, with the one that was meant, and nothing that follows from it",
    `hardware: { t4x1: { ${BOARD} } }\nnodePools:\n  t4: { hardware: t4x2, nodes: [n1] }\n`,
    [
      `error GZ009 Pulumi.zone-x.yaml:3  nodePools.t4.hardware
    wanted a hardware class, got "t4x2"
    fix: did you mean "t4x1"? (docs/problems/GZ009.md)`,
    ],
  ],
  [
    "a class by the name of what every map has",
    "nodePools:\n  t4: { hardware: toString, nodes: [n1] }\n",
    [
      `error GZ009 Pulumi.zone-x.yaml:2  nodePools.t4.hardware
    wanted a hardware class, got "toString"
    fix: there is none to choose from (docs/problems/GZ009.md)`,
    ],
  ],
  [
    "what a pool must have, from itself or its class",
    "hardware: { t4x1: { product: Tesla-T4 } }\nnodePools:\n  t4: { hardware: t4x1, nodes: [n1] }\n",
    [
      `error GZ004 Pulumi.zone-x.yaml:3  nodePools.t4.gpusPerNode
    wanted gpusPerNode of pool t4, got nothing
    fix: write gpusPerNode: into the pool or into its hardware class (docs/problems/GZ004.md)`,
      `error GZ004 Pulumi.zone-x.yaml:3  nodePools.t4.os
    wanted os of pool t4, got nothing
    fix: write os: into the pool or into its hardware class (docs/problems/GZ004.md)`,
    ],
  ],
  [
    "nothing of os where somebody else drives the GPUs",
    "gpu: { managed: false }\nnodePools:\n  t4: { product: Tesla-T4, gpusPerNode: 1, nodes: [n1] }\n",
    [],
  ],
  [
    "a pool without nodes",
    `nodePools:\n  t4: { ${BOARD} }\n`,
    [
      `error GZ004 Pulumi.zone-x.yaml:2  nodePools.t4
    wanted nodes: [name…], or selector: with count:, got neither in full
    fix: name the nodes, or choose them by labels and say how many there are (docs/problems/GZ004.md)`,
    ],
  ],
  [
    "a pool that both names and selects its nodes",
    `nodePools:\n  t4: { ${BOARD}, nodes: [n1], selector: { gpu: t4 }, count: 2 }\n`,
    [
      `error GZ004 Pulumi.zone-x.yaml:2  nodePools.t4
    wanted nodes: [name…], or selector: with count:, got parts of both
    fix: name the nodes, or choose them by labels and say how many there are (docs/problems/GZ004.md)`,
    ],
  ],
  [
    "a node in two pools, at its line in the second",
    `nodePools:\n  a: { ${BOARD}, nodes: [n1, n2] }\n  b:\n    ${BOARD.replaceAll(", ", "\n    ")}\n    nodes:\n      - n3\n      - n2\n`,
    [
      `error GZ003 Pulumi.zone-x.yaml:9  nodePools.b.nodes.1
    wanted a node that belongs to one pool, got n2, which is in pool a too
    fix: take n2 out of one of the two pools (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a node that one pool names twice",
    `nodePools:\n  a: { ${BOARD}, nodes: [n1, n1] }\n`,
    [
      `error GZ003 Pulumi.zone-x.yaml:2  nodePools.a.nodes.1
    wanted each node of pool a once, got n1 twice
    fix: take one of the two out (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "an app that has the name of an operand",
    "apps:\n  dcgm: {}\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.dcgm
    wanted an app name that no GPU operand has, got dcgm
    fix: rename the app's folder and its key (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a circle of apps that wait for each other, drawn from where it closes",
    "apps:\n  d: { after: [a] }\n  a: { after: [b] }\n  b:\n    after: [c]\n  c: { after: [a] }\n",
    [
      `error GZ206 Pulumi.zone-x.yaml:3  apps.a.after
    wanted an order, got a circle: a -> b -> c -> a
    fix: take one of the arrows out (docs/problems/GZ206.md)`,
    ],
  ],
  [
    "an app that waits for itself",
    "apps:\n  a: { after: [a] }\n",
    [
      `error GZ206 Pulumi.zone-x.yaml:2  apps.a.after
    wanted an order, got a circle: a -> a
    fix: take one of the arrows out (docs/problems/GZ206.md)`,
    ],
  ],
  [
    "an app that waits for one that is not in the zone, or no longer",
    "apps:\n  a: { after: [bb, cc] }\n  b: {}\n  cc: { enabled: false }\n",
    [
      `error GZ206 Pulumi.zone-x.yaml:2  apps.a.after.0
    wanted an app of this zone, got bb
    fix: did you mean "b"? (docs/problems/GZ206.md)`,
      `error GZ206 Pulumi.zone-x.yaml:2  apps.a.after.1
    wanted an app of this zone, got cc
    fix: there is: a, b (docs/problems/GZ206.md)`,
    ],
  ],
  [
    "nothing where many apps wait for one, and one for many",
    "apps: { a: { after: [b, c] }, b: { after: [c] }, c: {}, d: { after: [c] } }\n",
    [],
  ],
  [
    "selectors of which one finds every node of the other, and one that finds all nodes",
    "nodePools:\n  a: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: { x: a }, count: 1 }\n  b: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: { x: a, y: b }, count: 1 }\n  c: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: {}, count: 1 }\n  d: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: { x: d }, count: 1 }\n  e: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, selector: { x: d }, count: 1 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:4  nodePools.c.selector
    wanted labels that choose the nodes of pool c, got none: every node has them
    fix: write a label that only these nodes have (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  nodePools.b.selector
    wanted nodes that belong to one pool, got every node of b in pool a too
    fix: write a label into the selector of a by which its nodes differ (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:6  nodePools.e.selector
    wanted nodes that belong to one pool, got every node of e in pool d too
    fix: write a label into the selector of d by which its nodes differ (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "requests above their limit, in whatever unit",
    "apps:\n  pd: { resources: { cpu: 2, requests: { cpu: 2500m } } }\n  td: { resources: { requests: { memory: 1Gi }, limits: { memory: 1G } } }\n  sd: { resources: { requests: { memory: 1G, cpu: 500m }, limits: { memory: 1Gi, cpu: 0.5 } } }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.pd.resources.requests.cpu
    wanted a request of cpu up to the limit 2, got 2500m
    fix: lower the request or raise the limit (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  apps.td.resources.requests.memory
    wanted a request of memory up to the limit 1G, got 1Gi
    fix: lower the request or raise the limit (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "keys of operands that nothing reads, since somebody else runs the GPU stack",
    "gpu:\n  managed: false\n  devicePlugin: { enabled: true }\n  mig: { strategy: mixed }\n",
    [
      `warning GZ003 Pulumi.zone-x.yaml:3  gpu.devicePlugin
    wanted gpu.managed: true beside gpu.devicePlugin, got false: nothing reads gpu.devicePlugin then
    fix: take devicePlugin out, or set it where the GPU stack is installed (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "what is wrong between right values beside a wrong one, and nothing that follows from the wrong one",
    "nodePools:\n  a: { product: 5, nodes: [n1] }\n  b: { product: Tesla-T4, gpusPerNode: 1, os: ubuntu22.04, nodes: [n2, n2] }\napps:\n  td: { replicas: x, after: [zz] }\n  sd: { after: [td, yy] }\n  dcgm: { replicas: x }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  nodePools.a.product
    wanted text, got 5
    fix: quote it: "5" (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  apps.td.replicas
    wanted a number, got "x"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:7  apps.dcgm.replicas
    wanted a number, got "x"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  nodePools.b.nodes.1
    wanted each node of pool b once, got n2 twice
    fix: take one of the two out (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:7  apps.dcgm
    wanted an app name that no GPU operand has, got dcgm
    fix: rename the app's folder and its key (docs/problems/GZ003.md)`,
      `error GZ206 Pulumi.zone-x.yaml:6  apps.sd.after.1
    wanted an app of this zone, got yy
    fix: there is: dcgm, sd, td (docs/problems/GZ206.md)`,
    ],
  ],
  [
    "everything at once",
    "apps: { zone: {}, a: { after: [a] } }\nnodePools: { p: { nodes: [n1, n1] } }\n",
    [
      `error GZ004 Pulumi.zone-x.yaml:2  nodePools.p.product
    wanted product of pool p, got nothing
    fix: write product: into the pool or into its hardware class (docs/problems/GZ004.md)`,
      `error GZ004 Pulumi.zone-x.yaml:2  nodePools.p.gpusPerNode
    wanted gpusPerNode of pool p, got nothing
    fix: write gpusPerNode: into the pool or into its hardware class (docs/problems/GZ004.md)`,
      `error GZ004 Pulumi.zone-x.yaml:2  nodePools.p.os
    wanted os of pool p, got nothing
    fix: write os: into the pool or into its hardware class (docs/problems/GZ004.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  nodePools.p.nodes.1
    wanted each node of pool p once, got n1 twice
    fix: take one of the two out (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:1  apps.zone
    wanted an app name that no GPU operand has, got zone
    fix: rename the app's folder and its key (docs/problems/GZ003.md)`,
      `error GZ206 Pulumi.zone-x.yaml:1  apps.a.after
    wanted an order, got a circle: a -> a
    fix: take one of the arrows out (docs/problems/GZ206.md)`,
    ],
  ],
];

describe("the rules between values of a zone", () => {
  for (const [title, text, problems] of CASES) {
    it(`tell ${title}`, () => {
      assert.deepEqual(told(resolve(text)), problems);
    });
  }

  it("keep free every name that an operand has or will have", () => {
    for (const name of RESERVED_OWNERS) {
      assert.deepEqual(
        resolve(`apps:\n  ${name}: {}\n`).problems.map(({ code, path }) => `${code} ${path}`),
        [`GZ003 apps.${name}`],
      );
    }
  });

  it("say nothing of an operand's key that a layer holds for other zones", () => {
    const fleet = "gpu: { driver: { repoConfig: null } }\n";
    assert.deepEqual(told(resolve({ fleet, "zone-x": "gpu: { managed: false }\n" })), []);
    assert.equal(told(resolve({ fleet: `gpu: { managed: false, driver: { version: "580" } }\n` })).length, 1);
  });

  it("point at the layer in which the cause stands", () => {
    const loaded = resolve({
      fleet: `hardware: { t4: { ${BOARD} } }\nnodePools: { a: { hardware: t4, nodes: [n1] } }\n`,
      "zone-x": "nodePools: { b: { hardware: t4, nodes: [n1] } }\n",
    });
    assert.deepEqual(
      loaded.problems.map(({ path, file, line }) => `${path} ${file}:${line}`),
      ["nodePools.b.nodes.0 Pulumi.zone-x.yaml:1"],
    );
  });
});
