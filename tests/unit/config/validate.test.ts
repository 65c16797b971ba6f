import assert from "node:assert/strict";
import { resolve, told } from "./layer-texts.ts";

/** A zone that has a class and an app, to which each case adds its line. */
const CASES: [title: string, text: string, problems: string[]][] = [
  [
    "an unknown key of an app, with the key that was meant",
    "apps:\n  pd: { replicas: 1 }\n  td: { replcas: 2 }\n",
    [
      `error GZ002 Pulumi.zone-x.yaml:3  apps.td.replcas
    unknown key "replcas" in apps.td
    fix: did you mean "replicas"? (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "an unknown key of the zone, with all that there are when none is near",
    "weather: fine\n",
    [
      `error GZ002 Pulumi.zone-x.yaml:1  weather
    unknown key "weather"
    fix: there is: appDefaults, apps, capabilities, cluster, deleteData, extends, gpu, hardware, hold, images, nodePools, secrets, site, windows (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "an unknown key of a GPU request, in the kind of request that was meant",
    "apps:\n  pd: { gpu: { modle: Tesla-T4, count: 1 } }\n",
    [
      `error GZ002 Pulumi.zone-x.yaml:2  apps.pd.gpu.modle
    unknown key "modle" in apps.pd.gpu
    fix: did you mean "model"? (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "an unknown key beside a MIG profile",
    "apps:\n  pd: { gpu: { mig: 1g.5gb, cuont: 1 } }\n",
    [
      `error GZ002 Pulumi.zone-x.yaml:2  apps.pd.gpu.cuont
    unknown key "cuont" in apps.pd.gpu
    fix: did you mean "count"? (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "two kinds of GPU request at once",
    "apps:\n  pd: { gpu: { mig: 1g.5gb, productLabel: x } }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.pd.gpu
    wanted {model?, count, shared?, memory?}, {mig, count} or {productLabel, count}, got {"mig":"1g.5gb","productLabel":"x"}
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a wrong type",
    "apps:\n  pd:\n    replicas: six\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:3  apps.pd.replicas
    wanted a number, got "six"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a value where a map is wanted",
    "apps:\n  pd: 5\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.pd
    wanted a map, got 5
    fix: write keys with values: \`key: value\`, one a line (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a number where several kinds of value fit",
    "hardware:\n  a: { cpu: [1] }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.cpu
    wanted a number or text, got [1]
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a bad unit",
    "hardware:\n  a: { memory: 512 gigs }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.memory
    wanted memory such as 512Gi, 500M or bytes, got "512 gigs"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "an unquoted version of an app, which YAML made another one",
    "apps:\n  pd: { image: 1.10 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.pd.image
    wanted a value that all readers of YAML read alike, got 1.10
    fix: quote it: "1.10" (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "an unquoted release",
    "gpu: { release: 26.7 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  gpu.release
    wanted "26.7", got 26.7
    fix: quote it: "26.7" (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a release that does not exist",
    'gpu: { release: "26.9" }\n',
    [
      `error GZ003 Pulumi.zone-x.yaml:1  gpu.release
    wanted "26.7", got "26.9"
    fix: did you mean "26.7"? (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a number out of range, and a GPU that one pod shares with nobody",
    "hardware:\n  a: { gpusPerNode: 17 }\n  b: { gpusPerNode: 0, sharing: { timeSlicing: 1 } }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.gpusPerNode
    wanted 16 or less, got 17
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  hardware.b.gpusPerNode
    wanted 1 or more, got 0
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  hardware.b.sharing.timeSlicing
    wanted 2 or more, got 1
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a name that no namespace could have, and a pool's name that no label could hold",
    `apps:\n  Private_Detector: {}\nnodePools:\n  ${"p".repeat(53)}: { hardware: a }\n`,
    [
      `error GZ003 Pulumi.zone-x.yaml:4  nodePools.${"p".repeat(53)}
    wanted a pool name of at most 52 characters, got "${"p".repeat(53)}"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  apps.Private_Detector
    wanted a DNS label (lower case letters, digits and -), got "Private_Detector"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a missing value",
    "hold: { reason: freeze }\n",
    [
      `error GZ004 Pulumi.zone-x.yaml:1  hold.until
    wanted a date such as 2026-12-31, got nothing
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ004.md)`,
    ],
  ],
  [
    "windows that no clock can follow",
    'windows:\n  - { allow: true, cron: "61 * * * *", duration: 0h, timeZone: Mars/Olympus }\n',
    [
      `error GZ003 Pulumi.zone-x.yaml:2  windows.0.cron
    wanted five cron fields, such as "0 22 * * 1-5", of a time that comes, got "61 * * * *"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  windows.0.duration
    wanted minutes or hours, such as 90m or 4h, got "0h"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  windows.0.timeZone
    wanted an IANA time zone such as Europe/Berlin, got "Mars/Olympus"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "an image with its tag where the tag has a key of its own",
    "gpu: { devicePlugin: { image: registry:5000/plugin:v1 } }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  gpu.devicePlugin.image
    wanted an image without its tag; the tag is \`version\`, got "registry:5000/plugin:v1"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a wrong value in the kind of GPU request that its key names",
    "apps:\n  pd: { gpu: { mig: 5 } }\n  td: { gpu: { productLabel: 5 } }\n  sd: { gpu: [1] }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.pd.gpu.mig
    wanted text, got 5
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  apps.td.gpu.productLabel
    wanted text, got 5
    fix: quote it: "5" (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  apps.sd.gpu
    wanted {model?, count, shared?, memory?}, {mig, count} or {productLabel, count}, got [1]
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "numbers that mean another than they say, or another to Pulumi, and offers quotes only where text fits",
    "apps:\n  pd:\n    replicas: 010\n    env:\n      V: 1.10\n      N: 010\n      BIG: 12345678901234567890\n      U: 1_000\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:3  apps.pd.replicas
    wanted a value that all readers of YAML read alike, got 010
    fix: write 10, if that is meant (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  apps.pd.env.V
    wanted a value that all readers of YAML read alike, got 1.10
    fix: quote it: "1.10" (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:6  apps.pd.env.N
    wanted a value that all readers of YAML read alike, got 010
    fix: quote it: "010" (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:7  apps.pd.env.BIG
    wanted a value that all readers of YAML read alike, got 12345678901234567890
    fix: quote it: "12345678901234567890" (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:8  apps.pd.env.U
    wanted a value that all readers of YAML read alike, got 1_000
    fix: quote it: "1_000" (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "nothing where something is wanted, except where it says none",
    "nodePools:\n  a:\napps:\n  pd:\n    gpu:\n    env:\n  td:\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  nodePools.a
    wanted a map, got null
    fix: write a value behind the key, or take the key out (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:6  apps.pd.env
    wanted a map, got null
    fix: write a value behind the key, or take the key out (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "what is easily mended by what to write",
    "gpu: { managed: on }\ndeleteData: yes\napps:\n  pd: { replicas: '3', enabled: 'false', components: istio }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  gpu.managed
    wanted true or false, got "on"
    fix: write true (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  apps.pd.enabled
    wanted true or false, got "false"
    fix: take the quotes off (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  apps.pd.components
    wanted a list, got "istio"
    fix: write [istio] (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  apps.pd.replicas
    wanted a number, got "3"
    fix: take the quotes off (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  deleteData
    wanted true or false, got "yes"
    fix: write true (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "layers that are no list, and nothing that would follow from their absence",
    "extends: prod\nnodePools: { a: { hardware: of-prod, nodes: [n1] } }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  extends
    wanted a list, got "prod"
    fix: write [prod] (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a platform that is none",
    "cluster: { platform: kubeadmn }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  cluster.platform
    wanted "kubeadm" or "k3s" or "rke2" or "preinstalled", got "kubeadmn"
    fix: did you mean "kubeadm"? (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a list of MIG layouts, a profile that NVIDIA spells otherwise, a layout of nothing and one of no instances",
    "hardware:\n  a: { mig: [all-1g.5gb] }\n  b: { mig: { 1g.5gb.me: 1 } }\n  c: { mig: {} }\n  d: { mig: { 1g.5gb: 0 } }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  hardware.a.mig
    wanted a standard layout name such as all-1g.5gb, or instances by profile such as { 3g.20gb: 2 }, got ["all-1g.5gb"]
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  hardware.b.mig.1g.5gb.me
    wanted a MIG profile such as 1g.5gb or 1g.5gb+me, got "1g.5gb.me"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  hardware.c.mig
    wanted instances of one profile or more, got {}
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  hardware.d.mig.1g.5gb
    wanted 1 or more, got 0
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a switch that would take out every app",
    "appDefaults: { enabled: false }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  appDefaults.enabled
    wanted no enabled: false for all apps at once, got false
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "everything at once, wherever it stands",
    "sitee: dc-1\ngpu: { mig: { strategy: both } }\napps:\n  pd: { replicas: -1 }\n  td: { image: 1.10 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:5  apps.td.image
    wanted a value that all readers of YAML read alike, got 1.10
    fix: quote it: "1.10" (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:2  gpu.mig.strategy
    wanted "none" or "single" or "mixed", got "both"
    fix: there is: mixed, none, single (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  apps.pd.replicas
    wanted 0 or more, got -1
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ002 Pulumi.zone-x.yaml:1  sitee
    unknown key "sitee"
    fix: did you mean "site"? (docs/problems/GZ002.md)`,
    ],
  ],
];

describe("a zone's values against the schema", () => {
  for (const [title, text, problems] of CASES) {
    it(`tell ${title}`, () => {
      assert.deepEqual(told(resolve(text)), problems);
    });
  }

  for (const image of [
    `1.2@sha256:${"ab".repeat(32)}`,
    "v1.14.2:3",
    "pd:",
    ":2",
    "pd: 2",
    "-x",
    "Team/PD:2",
    "sha256:abc",
    "pd@sha1:abc",
  ]) {
    it(`refuse the image ${image}, which no registry takes, at its line`, () => {
      const { problems } = resolve(`apps:\n  pd:\n    image: "${image}"\n`);
      assert.deepEqual(
        problems.map(({ code, path, line }) => `${code} ${path} ${line}`),
        ["GZ003 apps.pd.image 3"],
      );
    });
  }

  it("name the layer in which a wrong value stands", () => {
    const loaded = resolve({ prod: "\napps:\n  pd: { replicas: x }\n", "zone-x": "apps:\n  pd: {}\n" });
    assert.deepEqual(told(loaded), [
      `error GZ003 layers/prod.yaml:3  apps.pd.replicas
    wanted a number, got "x"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ]);
  });

  it("tell also what a higher layer hides, which another zone may not", () => {
    const loaded = resolve({
      prod: "\napps:\n  pd: { replicas: x }\n",
      "zone-x": "apps:\n  pd: { replicas: 1 }\n",
    });
    assert.deepEqual(
      loaded.problems.map(({ path, file, line }) => `${path} ${file}:${line}`),
      ["apps.pd.replicas layers/prod.yaml:3"],
    );
  });

  it("tell what a layer lacks only where no other layer has it", () => {
    const lower = "hold: { reason: freeze }\n";
    assert.deepEqual(told(resolve({ prod: lower, "zone-x": "hold: { until: 2026-12-31 }\n" })), []);
    assert.deepEqual(
      resolve({ prod: lower, "zone-x": "site: a\n" }).problems.map(({ code, path }) => `${code} ${path}`),
      ["GZ004 hold.until"],
    );
  });

  it("tell once what apps have from appDefaults, and pools from their class", () => {
    const loaded = resolve({
      fleet: "hardware: { a: { cpuu: 1 } }\nappDefaults: { overlayy: bumble }\n",
      "zone-x":
        "nodePools: { p: { hardware: a }, q: { hardware: a } }\napps: { pd: {}, td: {}, sd: { overlayy: x } }\n",
    });
    assert.deepEqual(
      loaded.problems.map(({ code, path, file }) => `${code} ${path} ${file}`),
      [
        "GZ002 hardware.a.cpuu layers/fleet.yaml",
        "GZ002 appDefaults.overlayy layers/fleet.yaml",
        "GZ002 apps.sd.overlayy Pulumi.zone-x.yaml",
      ],
    );
  });

  it("take what is right as it is, with defaults filled in", () => {
    const { zone, problems } = resolve(
      'apps:\n  pd: { image: "1.10", gpu: { count: 2 }, env: { A: 1, B: true } }\nwindows:\n  - { allow: false, cron: 0 0 * * *, duration: 90m }\n',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(zone?.apps["pd"]?.gpu, { count: 2 });
    assert.deepEqual(zone.windows, [{ allow: false, cron: "0 0 * * *", duration: "90m", timeZone: "UTC" }]);
    assert.deepEqual(zone.gpu.mig, { strategy: "single" });
  });
});
