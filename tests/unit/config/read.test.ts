import assert from "node:assert/strict";
import { join } from "node:path";
import { loadZone } from "../../../plan/config/load.ts";
import { formatProblem, ProblemsError } from "../../../plan/config/problem.ts";
import { listZones, readConfigFiles, stackFileOf } from "../../../plan/config/read.ts";
import { withTree, type Files } from "../render/tree.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..", "..");

async function problemsOf(files: Files, zone = "zone-x"): Promise<string[]> {
  return await withTree({ "layers/fleet.yaml": "", ...files }, async (repository) =>
    (await loadZone(repository, zone)).problems.map(formatProblem),
  );
}

/** A stack file with these lines below `config:`. */
function stackFile(lines: string): Files {
  return { "Pulumi.zone-x.yaml": `config:\n${lines}` };
}

const CASES: [title: string, files: Files, problems: string[]][] = [
  [
    "a zone that has no stack file, with the one that was meant",
    { "Pulumi.zone-y.yaml": "", "Pulumi.zone-1-prod.yaml": "" },
    [
      `error GZ009 Pulumi.zone-x.yaml
    wanted a zone, got zone-x: Pulumi.zone-x.yaml does not exist
    fix: did you mean "zone-y"? (docs/problems/GZ009.md)`,
    ],
  ],
  [
    "a layer that does not exist, at its line, with those that there are",
    {
      ...stackFile("  gpu-zones:extends:\n    - dev\n    - production\n"),
      "layers/dev.yaml": "",
      "layers/prod.yaml": "",
      "layers/notes.txt": "",
    },
    [
      `error GZ006 Pulumi.zone-x.yaml:4  extends
    wanted a layer, got production: layers/production.yaml does not exist
    fix: there is: dev, prod (docs/problems/GZ006.md)`,
    ],
  ],
  [
    "YAML that cannot be read, in a stack file and in fleet at once, and nothing that would follow from it",
    {
      ...stackFile("  gpu-zones:site: [a\n  gpu-zones:apps: { pd: 5 }\nconfigg: 1\n"),
      "layers/fleet.yaml": 'site: "a\n',
    },
    [
      `error GZ001 Pulumi.zone-x.yaml:3
    wanted YAML, got a list or map that is not closed, or lines that are not indented as their neighbours
    fix: mend the line, or the one before it; an editor with a YAML language server shows it (docs/problems/GZ001.md)`,
      `error GZ001 layers/fleet.yaml:2
    wanted YAML, got a list, map or quote that is not closed, or a key without its colon
    fix: mend the line, or the one before it; an editor with a YAML language server shows it (docs/problems/GZ001.md)`,
    ],
  ],
  [
    "what is wrong in the files that can be read, although another cannot",
    {
      ...stackFile("  gpu-zones:extends: [dev]\n  gpu-zones:apps: { pd: { replicas: six } }\n"),
      "layers/dev.yaml": "a: *nope\n",
    },
    [
      `error GZ001 layers/dev.yaml:1
    wanted YAML, got alias *nope has no anchor &nope before it
    fix: mend the line, or the one before it; an editor with a YAML language server shows it (docs/problems/GZ001.md)`,
      `error GZ003 Pulumi.zone-x.yaml:3  apps.pd.replicas
    wanted a number, got "six"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a namespace that is ours but for a slip of the pen: nobody reads it",
    stackFile("  gpu-zone:hold: a\n  GPU-ZONES:apps: a\n  gpu-zones :site: a\n  gcp:zone: a\n"),
    [
      `error GZ002 Pulumi.zone-x.yaml:2  config.gpu-zone:hold
    unknown namespace in "gpu-zone:hold": nobody reads it
    fix: did you mean "gpu-zones:hold"? (docs/problems/GZ002.md)`,
      `error GZ002 Pulumi.zone-x.yaml:3  config.GPU-ZONES:apps
    unknown namespace in "GPU-ZONES:apps": nobody reads it
    fix: did you mean "gpu-zones:apps"? (docs/problems/GZ002.md)`,
      `error GZ002 Pulumi.zone-x.yaml:4  config.gpu-zones :site
    unknown namespace in "gpu-zones :site": nobody reads it
    fix: did you mean "gpu-zones:site"? (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "keys of zones in Pulumi.yaml, with our namespace and with none",
    {
      ...stackFile("  gpu-zones:site: a\n"),
      "Pulumi.yaml": "config:\n  pulumi:x: 1\n  gpu-zones:site: a\n  apps: {}\n",
    },
    [
      `error GZ002 Pulumi.yaml:3  config.gpu-zones:site
    wanted no key of zones in Pulumi.yaml, got "gpu-zones:site"
    fix: write it into layers/fleet.yaml, without a namespace: every zone builds on it (docs/problems/GZ002.md)`,
      `error GZ002 Pulumi.yaml:4  config.apps
    wanted no key of zones in Pulumi.yaml, got "apps"
    fix: write it into layers/fleet.yaml, without a namespace: every zone builds on it (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "a Pulumi.yaml that cannot be read, and nothing of the stack files, whose place it gives",
    { "Pulumi.yaml": "name: [\n" },
    [
      `error GZ001 Pulumi.yaml:2
    wanted YAML, got a list or map that is not closed, or lines that are not indented as their neighbours
    fix: mend the line, or the one before it; an editor with a YAML language server shows it (docs/problems/GZ001.md)`,
    ],
  ],
  [
    "a folder of stack files that does not exist",
    { "Pulumi.yaml": "name: x\nstackConfigDir: stacks\n" },
    [
      `error GZ009 Pulumi.yaml:2  stackConfigDir
    wanted the folder of the stack files, got stacks, which does not exist
    fix: make the folder stacks, or take stackConfigDir out (docs/problems/GZ009.md)`,
    ],
  ],
  [
    "a merge key, which Pulumi follows and YAML 1.2 does not have",
    stackFile("  gpu-zones:apps:\n    pd: &a { replicas: 1 }\n    td:\n      <<: *a\n"),
    [
      `error GZ001 Pulumi.zone-x.yaml:5
    wanted a key, got << (merge keys are not read here)
    fix: write out what it stands for (docs/problems/GZ001.md)`,
    ],
  ],
  [
    "a folder in the place of a layer",
    { ...stackFile("  gpu-zones:extends: [dev]\n"), "layers/dev.yaml/a": "" },
    [
      `error GZ001 layers/dev.yaml
    wanted a file, got a folder
    fix: put a file with YAML in its place (docs/problems/GZ001.md)`,
    ],
  ],
  [
    "a layer by a name that leads out of the folder, without looking there",
    { ...stackFile("  gpu-zones:extends:\n    - ../dev\n"), "dev.yaml": "nonsense: [" },
    [
      `error GZ003 Pulumi.zone-x.yaml:3  extends.0
    wanted a DNS label (lower case letters, digits and -), got "../dev"
    fix: look the key up in docs/schema/zone.schema.json (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "layers that a zone lists twice, and one that it builds on anyway",
    {
      ...stackFile("  gpu-zones:extends:\n    - dev\n    - fleet\n    - dev\n"),
      "layers/dev.yaml": "",
    },
    [
      `error GZ003 Pulumi.zone-x.yaml:4  extends.1
    wanted a layer beside fleet, got fleet
    fix: take it out: every zone builds on fleet (docs/problems/GZ003.md)`,
      `error GZ003 Pulumi.zone-x.yaml:5  extends.2
    wanted each layer once, got dev twice
    fix: take one of the two out (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a key of config without a namespace, and a key that no stack file has",
    { "Pulumi.zone-x.yaml": "config:\n  site: dc-1\n  aws:region: x\nconfigg: {}\ngpu-zones:site: dc-1\n" },
    [
      `error GZ002 Pulumi.zone-x.yaml:4  configg
    unknown key "configg" in a stack file
    fix: did you mean "config"? (docs/problems/GZ002.md)`,
      `error GZ002 Pulumi.zone-x.yaml:5  gpu-zones:site
    unknown key "gpu-zones:site" in a stack file
    fix: there is: config, encryptedkey, encryptionsalt, environment, secretsprovider (docs/problems/GZ002.md)`,
      `error GZ002 Pulumi.zone-x.yaml:2  config.site
    unknown key "site" in config: it has no namespace
    fix: write gpu-zones:site, or the namespace of the provider that is meant (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "a prefix or extends in a layer",
    {
      ...stackFile("  gpu-zones:extends: [dev]\n"),
      "layers/dev.yaml": "extends: [fleet]\ngpu-zones:site: dc-1\n",
    },
    [
      `error GZ002 layers/dev.yaml:1  extends
    a layer has no key extends
    fix: list the layer in the zone's own extends (docs/problems/GZ002.md)`,
      `error GZ002 layers/dev.yaml:2  gpu-zones:site
    a layer has no key gpu-zones:site
    fix: write site: without the prefix (docs/problems/GZ002.md)`,
    ],
  ],
  [
    "files and keys of another kind than a map",
    { "Pulumi.zone-x.yaml": "config: [a]\n", "layers/fleet.yaml": "just text\n" },
    [
      `error GZ003 Pulumi.zone-x.yaml:1  config
    wanted a map in config, got a list
    fix: write keys with values: \`key: value\`, one a line (docs/problems/GZ003.md)`,
      `error GZ003 layers/fleet.yaml:1
    wanted a map, got a single value
    fix: write keys with values: \`key: value\`, one a line (docs/problems/GZ003.md)`,
    ],
  ],
  [
    "a secure value outside secrets, at its line, in stack files and layers",
    {
      ...stackFile("  gpu-zones:apps:\n    pd:\n      env:\n        TOKEN:\n          secure: AAAB\n"),
      "layers/fleet.yaml": "site: { secure: AAAC }\n",
    },
    [
      `error GZ008 Pulumi.zone-x.yaml:6  apps.pd.env.TOKEN
    wanted secrets under gpu-zones:secrets only, got a secure value at apps.pd.env.TOKEN
    fix: take it out: gpu-zones:secrets, the one place for secrets, is not yet; let the app read a Secret that the cluster has (docs/problems/GZ008.md)`,
      `error GZ008 layers/fleet.yaml:1  site
    wanted secrets under gpu-zones:secrets only, got a secure value at site
    fix: take it out: gpu-zones:secrets, the one place for secrets, is not yet; let the app read a Secret that the cluster has (docs/problems/GZ008.md)`,
    ],
  ],
];

describe("the files of a zone", () => {
  for (const [title, files, problems] of CASES) {
    it(`tell ${title}`, async () => {
      assert.deepEqual(await problemsOf(files), problems);
    });
  }

  it("may hold secure values under secrets, which is not yet, and is told so once", async () => {
    const problems = await problemsOf(stackFile("  gpu-zones:secrets: { token: { secure: AAAB } }\n"));
    assert.deepEqual(problems, [
      `error GZ005 Pulumi.zone-x.yaml:2  secrets
    not yet: secrets
    fix: take the key out until a release of gpu-zones announces it (docs/problems/GZ005.md)`,
    ]);
  });

  it("never print a secret, nor its ciphertext, and tell of it once, whatever was wanted there", async () => {
    const lines = "  gpu-zones:apps: { pd: { replicas: { secure: AAAB }, gpu: { secure: AAAB } } }\n";
    const problems = await problemsOf(stackFile(lines));
    assert.doesNotMatch(problems.join(), /AAAB/);
    assert.equal(problems.length, 2, problems.join("\n"));
  });

  it("never print a secret that the engine hands over in clear text", async () => {
    const lines = "  gpu-zones:apps: { pd: { replicas: { secure: AAAB } } }\n";
    await withTree({ ...stackFile(lines), "layers/fleet.yaml": "" }, async (repository) => {
      const engine = { "gpu-zones:apps": '{"pd":{"replicas":"hunter2"}}' };
      const { problems } = await loadZone(repository, "zone-x", engine);
      assert.deepEqual(
        problems.map(({ code, path }) => [code, path]),
        [["GZ008", "apps.pd.replicas"]],
      );
      assert.doesNotMatch(JSON.stringify(problems), /hunter2/);
    });
  });

  it("take for a secret only what Pulumi takes for one: a map of the one key secure with text", async () => {
    const lines = "  gpu-zones:apps:\n    pd:\n      env: { secure: a, other: b }\n";
    assert.deepEqual(await problemsOf(stackFile(lines)), []);
  });

  it("must have the layer that every zone builds on", async () => {
    await withTree({ "Pulumi.zone-x.yaml": "" }, async (repository) => {
      assert.deepEqual((await loadZone(repository, "zone-x")).problems.map(formatProblem), [
        `error GZ006 layers/fleet.yaml
    wanted the layer that every zone builds on, got none: layers/fleet.yaml does not exist
    fix: write layers/fleet.yaml; it may be empty (docs/problems/GZ006.md)`,
      ]);
    });
  });

  it("are read as Pulumi rewrites them: empty text for nothing, timestamps for dates, text for booleans", async () => {
    const text = `config:
  gpu-zones:apps: ""
  gpu-zones:site: ""
  gpu-zones:deleteData: "true"
  gpu-zones:hold: {until: '2026-12-31 00:00:00 +0000 UTC', reason: freeze}
`;
    await withTree({ "Pulumi.zone-x.yaml": text, "layers/fleet.yaml": "" }, async (repository) => {
      const { zone, problems } = await loadZone(repository, "zone-x");
      assert.deepEqual(problems, []);
      assert.deepEqual(
        [zone?.apps, zone?.site, zone?.deleteData, zone?.hold],
        [{}, undefined, true, { until: "2026-12-31", reason: "freeze" }],
      );
    });
  });

  it("cannot be listed where Pulumi.yaml is broken or names a folder that does not exist", async () => {
    for (const text of ["name: [\n", "stackConfigDir: stacks\n"])
      await withTree({ "Pulumi.yaml": text }, async (repository) => {
        await assert.rejects(listZones(repository), ProblemsError);
      });
  });

  it("are the fleet's layer, those of extends in their order, and the stack file last", async () => {
    const files = {
      ...stackFile("  gpu-zones:extends: [b, a]\n"),
      "layers/a.yaml": "",
      "layers/b.yaml": "",
      "layers/fleet.yaml": "",
    };
    await withTree(files, async (repository) => {
      const { layers, problems } = await readConfigFiles(repository, "zone-x");
      assert.deepEqual(problems, []);
      assert.deepEqual(
        layers.map(({ name, file }) => `${name} ${file}`),
        ["fleet layers/fleet.yaml", "b layers/b.yaml", "a layers/a.yaml", "zone-x Pulumi.zone-x.yaml"],
      );
    });
  });

  it("may be empty, and may hold what Pulumi writes and other namespaces", async () => {
    assert.deepEqual(await problemsOf({ "Pulumi.zone-x.yaml": "" }), []);
    assert.deepEqual(await problemsOf({ "Pulumi.zone-x.yaml": "config:\nencryptionsalt: v1:a\n" }), []);
    assert.deepEqual(
      await problemsOf({
        "Pulumi.zone-x.yaml": "config: { 'aws:region': x }\nsecretsprovider: passphrase\nenvironment: [a]\n",
      }),
      [],
    );
  });

  it("lie where Pulumi.yaml says", async () => {
    const files = {
      "Pulumi.yaml": "stackConfigDir: stacks\n",
      "stacks/Pulumi.b.yaml": "",
      "stacks/Pulumi.a.yaml": "",
      "stacks/Pulumi.yaml": "",
      "layers/fleet.yaml": "",
    };
    await withTree(files, async (repository) => {
      assert.deepEqual(await listZones(repository), ["a", "b"]);
      assert.equal(await stackFileOf(repository, "a"), "stacks/Pulumi.a.yaml");
      assert.deepEqual((await loadZone(repository, "a")).problems, []);
    });
  });

  it("of this repository are four zones without a problem", async () => {
    const zones = await listZones(CHECKOUT);
    assert.deepEqual(zones, ["zone-1-dev", "zone-1-prod", "zone-2-prod", "zone-3-prod"]);
    for (const zone of zones) assert.deepEqual((await loadZone(CHECKOUT, zone)).problems, [], zone);
  });
});
