import assert from "node:assert/strict";
import { resolve, told } from "./layer-texts.ts";

const HEX = "ab".repeat(32);

const CASES: [title: string, text: string, problems: string[]][] = [
  [
    "units of another quantity",
    "hardware:\n  a: { cpu: 5Mi, memory: 500m }\n  b: { memory: 0.5 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.cpu
    wanted cores such as 2, 0.5 or 500m, got "5Mi"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.memory
    wanted memory such as 512Gi, 500M or bytes, got "500m"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  hardware.b.memory
    wanted whole bytes, or a unit such as 512Gi, got 0.5
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "names that Kubernetes would refuse",
    "hardware:\n  a: { product: A 100, labels: { 'a b': c } }\n  b: { labels: { a: 'b c' }, taints: [{ key: -a, effect: NoSchedule }] }\nnodePools:\n  a: { nodes: [Node_1] }\napps:\n  pd: { env: { 'A B': 1 }, workload: '', replicas: 3000000000 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.product
    wanted a label value (letters, digits, -, _ and .), got "A 100"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.labels.a b
    wanted a label key such as example.com/rack, got "a b"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  hardware.b.labels.a
    wanted a label value (letters, digits, -, _ and .), got "b c"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  hardware.b.taints.0.key
    wanted a label key such as example.com/rack, got "-a"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  nodePools.a.nodes.0
    wanted a DNS name (lower case letters, digits, - and .), got "Node_1"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:7  apps.pd.replicas
    wanted 2147483647 or less, got 3000000000
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:7  apps.pd.workload
    wanted text that is not empty, got ""
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:7  apps.pd.env.A B
    wanted the name of an environment variable, got "A B"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "tolerations that the API server would refuse",
    "gpu:\n  daemonsets:\n    tolerations:\n      - { operator: Equal }\n      - { key: a, operator: Exists, value: b }\n      - { key: a, tolerationSeconds: 5 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:4  gpu.daemonsets.tolerations.0.operator
    wanted Exists where there is no key, got "Equal"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  gpu.daemonsets.tolerations.1.value
    wanted no value where the operator is Exists, got "b"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:6  gpu.daemonsets.tolerations.2.tolerationSeconds
    wanted no tolerationSeconds where the effect is not NoExecute, got 5
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "windows that never open, and the shorthand of other clocks",
    "windows:\n  - { allow: true, cron: '@daily', duration: 1h }\n  - { allow: true, cron: 0 0 30 2 *, duration: 1h }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  windows.0.cron
    wanted five cron fields, such as "0 22 * * 1-5", of a time that comes, got "@daily"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  windows.1.cron
    wanted five cron fields, such as "0 22 * * 1-5", of a time that comes, got "0 0 30 2 *"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a day that the calendar does not have",
    "hold: { until: 2026-02-30, reason: freeze }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  hold.until
    wanted a date that the calendar has, got "2026-02-30"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
];

describe("values that Kubernetes or the clock would refuse", () => {
  for (const [title, text, problems] of CASES) {
    it(`are told: ${title}`, () => {
      assert.deepEqual(told(resolve(text)), problems);
    });
  }
});

describe("the image of an app", () => {
  for (const image of [
    "1.14.2",
    "pd:1.14.2",
    "host:5000/team/pd:v1",
    "team/pd",
    `sha256:${HEX}`,
    `pd@sha256:${HEX}`,
  ])
    it(`may be ${image}`, () => {
      assert.deepEqual(told(resolve(`apps: { pd: { image: "${image}" } }\n`)), []);
    });

  for (const image of [
    "a b",
    "pd:",
    "",
    "sha256:abc",
    `pd:1@sha256:${HEX}`,
    "https://host/pd:1",
    "team/pd:a b",
  ])
    it(`may not be "${image}"`, () => {
      assert.deepEqual(
        resolve(`apps: { pd: { image: "${image}" } }\n`).problems.map(({ code, path }) => `${code} ${path}`),
        ["GZ003 apps.pd.image"],
      );
    });
});
