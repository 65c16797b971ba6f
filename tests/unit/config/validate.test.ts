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
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
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
    wanted a Kubernetes quantity such as 500m, 2 or 512Gi, got "512 gigs"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "an unquoted version of an app, which YAML made another one",
    "apps:\n  pd: { image: 1.10 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  apps.pd.image
    wanted text, got 1.1
    fix: quote it; YAML read it as something else than text (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "an unquoted release",
    "gpu: { release: 26.7 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:1  gpu.release
    wanted "26.7", got 26.7
    fix: quote it; YAML read it as something else than text (docs/problems/GZ003.md)`,
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
    wanted five cron fields such as "0 22 * * 1-5", got "61 * * * *"
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
    "everything at once, wherever it stands",
    "sitee: dc-1\ngpu: { mig: { strategy: both } }\napps:\n  pd: { replicas: -1 }\n  td: { image: 1.10 }\n",
    [
      `error GZ003 Pulumi.zone-x.yaml:2  gpu.mig.strategy
    wanted "none" or "single" or "mixed", got "both"
    fix: there is: mixed, none, single (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:4  apps.pd.replicas
    wanted 0 or more, got -1
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  apps.td.image
    wanted text, got 1.1
    fix: quote it; YAML read it as something else than text (docs/problems/GZ003.md)`,
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

  it("name the layer in which a wrong value stands", () => {
    const loaded = resolve({ prod: "\napps:\n  pd: { replicas: x }\n", "zone-x": "apps:\n  pd: {}\n" });
    assert.deepEqual(told(loaded), [
      `error GZ003 layers/prod.yaml:3  apps.pd.replicas
    wanted a number, got "x"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ]);
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
