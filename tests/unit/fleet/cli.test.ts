import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { runZones } from "../../../fleet/cli.ts";
import { Interrupted } from "../../../fleet/surroundings.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const FILES = ["Pulumi.yaml", "Pulumi.zone-1-dev.yaml", "Pulumi.zone-1-prod.yaml", "apps", "layers"];

interface Finding {
  readonly zone: string;
  readonly code: string;
  readonly severity: string;
  readonly path: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

describe("the zones command, from files alone", function () {
  this.timeout(20_000);
  let repository: string;

  beforeEach(async () => {
    repository = await realpath(await mkdtemp(join(tmpdir(), "gpu-zones-cli-")));
    for (const file of FILES) await cp(join(REPOSITORY, file), join(repository, file), { recursive: true });
  });

  afterEach(async () => {
    await rm(repository, { recursive: true, force: true });
  });

  const zones = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const lines = { out: [] as string[], err: [] as string[] };
    const code = await runZones(args, {
      repository,
      env: process.env,
      out: (text) => lines.out.push(text),
      err: (text) => lines.err.push(text),
      signal: new AbortController().signal,
      columns: undefined,
    });
    return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
  };

  const edit = async (file: string, change: (text: string) => string): Promise<void> => {
    const path = join(repository, file);
    await writeFile(path, change(await readFile(path, "utf8")));
  };

  const findings = async (): Promise<Finding[]> =>
    JSON.parse((await zones("check", "zone-1-dev", "--json")).out) as Finding[];

  it("lists the zones that are right, and reports every one that is not", async () => {
    for (const zone of ["zone-8-dev", "zone-9-dev"])
      await writeFile(join(repository, `Pulumi.${zone}.yaml`), "config:\n  gpu-zones:appz: {}\n");
    const lines: string[] = [];
    await assert.rejects(
      runZones(["list", "--json"], {
        repository,
        env: process.env,
        out: (text) => lines.push(text),
        err: () => undefined,
        signal: new AbortController().signal,
        columns: undefined,
      }),
      (error: Error) =>
        /Pulumi\.zone-8-dev\.yaml:2/.test(error.message) && /Pulumi\.zone-9-dev\.yaml:2/.test(error.message),
    );
    const listed = JSON.parse(lines.join("\n")) as { zone: string }[];
    assert.deepEqual(
      listed.map(({ zone }) => zone),
      ["zone-1-dev", "zone-1-prod"],
    );
  });

  it("lists what runs where in the fixed shape", async () => {
    const { code, out } = await zones("list", "zone-1-prod", "--json");
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), [
      {
        zone: "zone-1-prod",
        layers: ["fleet", "prod"],
        site: "dc-1",
        apps: [
          {
            app: "private-detector",
            namespace: "private-detector",
            overlay: "bumble",
            images: ["pd:1.13.2"],
            replicas: 10,
            gpu: { resource: "nvidia.com/gpu", count: 1 },
          },
        ],
      },
    ]);
  });

  it("says of an interrupted rollout which nodes it leaves cordoned, or that nobody could ask", async () => {
    const lines: string[] = [];
    const interrupted = new Interrupted("SIGINT");
    await assert.rejects(
      runZones(["rollout", "zone-1-dev"], {
        repository,
        env: { ...process.env, KUBECONFIG: join(repository, "missing") },
        out: () => undefined,
        err: (text) => lines.push(text),
        signal: AbortSignal.abort(interrupted),
        columns: undefined,
      }),
    );
    assert.match(lines.at(-1) ?? "", /^zone-1-dev: nobody could ask which nodes are left cordoned \(.+\)/);
  });

  it("lists no images of a zone in whose mirror two of them have one name", async () => {
    const file = join(repository, "Pulumi.zone-1-prod.yaml");
    await writeFile(
      file,
      [
        "config:",
        "  gpu-zones:images: { mirror: mirror.example.com/gpu }",
        "  gpu-zones:apps:",
        "    private-detector: { image: eu.example.com/team/detector:1.0 }",
        "    fake-detector: { image: us.example.com/team/detector:1.0 }",
        "",
      ].join("\n"),
    );
    await assert.rejects(zones("images", "zone-1-prod"), (error: Error) =>
      /error GZ231 .*got mirror\.example\.com\/gpu\/team\/detector:1\.0 for eu\..* and us\./s.test(
        error.message,
      ),
    );
    await edit("Pulumi.zone-1-prod.yaml", (text) => text.replace("us.example.com/team", "us.example.com/us"));
    const { out } = await zones("images", "zone-1-prod");
    assert.match(out, /mirror\.example\.com\/gpu\/us\/detector:1\.0/);
  });

  it("renders the same objects as YAML and as JSON, and one digest line a zone", async () => {
    const yaml = parseAllDocuments((await zones("render", "zone-1-dev")).out).map(
      (document) => document.toJS() as unknown,
    );
    const json = JSON.parse((await zones("render", "zone-1-dev", "--json")).out) as unknown;
    assert.deepEqual(yaml, json);
    const { out } = await zones("render", "--all", "--digest");
    assert.match(out, /^zone-1-dev sha256:[0-9a-f]{64}\nzone-1-prod sha256:[0-9a-f]{64}$/);
  });

  it("ends check with 0 when nothing is wrong and with 2 when something is", async () => {
    assert.equal((await zones("check")).code, 0);
    await edit("Pulumi.zone-1-dev.yaml", (text) => text.replace("replicas: 1", "replicas: -1"));
    assert.equal((await zones("check")).code, 2);
  });

  it("names an app that has no folder, with the nearest one", async () => {
    await edit("Pulumi.zone-1-dev.yaml", (text) => text.replace("scam-detector: {}", "scam-detecter: {}"));
    const line = await lineOf("Pulumi.zone-1-dev.yaml", "scam-detecter");
    const [finding, ...more] = await findings();
    assert.deepEqual(more, []);
    assert.deepEqual(
      { ...finding, message: "", fix: "" },
      {
        zone: "zone-1-dev",
        code: "GZ101",
        severity: "error",
        path: "apps.scam-detecter",
        file: "Pulumi.zone-1-dev.yaml",
        line,
        message: "",
        fix: "",
      },
    );
    assert.match(finding?.message ?? "", /scam-detecter/);
    assert.match(finding?.fix ?? "", /scam-detector/);
  });

  it("names an overlay that does not exist, with those that do", async () => {
    await edit("Pulumi.zone-1-dev.yaml", (text) =>
      text.replace("scam-detector: {}", "scam-detector: { overlay: bumbel }"),
    );
    const [finding, ...more] = await findings();
    assert.deepEqual(more, []);
    assert.equal(finding?.code, "GZ101");
    assert.equal(finding.path, "apps.scam-detector.overlay");
    assert.equal(finding.line, await lineOf("Pulumi.zone-1-dev.yaml", "bumbel"));
    assert.match(finding.fix, /bumble/);
  });

  it("names the line of YAML that cannot be read", async () => {
    await edit("Pulumi.zone-1-dev.yaml", (text) => text.replace("site: dc-1", 'site: "dc-1'));
    const problems = await findings();
    assert.ok(
      problems.some(
        ({ code, file, line }) => code === "GZ001" && file === "Pulumi.zone-1-dev.yaml" && line > 0,
      ),
    );
  });

  it("tells a zone that does not exist from one that is misspelt", async () => {
    await assert.rejects(zones("render", "zone-1-dve"), {
      message: 'wanted a zone, got zone-1-dve: did you mean "zone-1-dev"?',
    });
  });

  it("lists every image of a zone, and pulls each from the mirror as it says", async () => {
    await edit("Pulumi.zone-1-dev.yaml", (text) =>
      text.replace("config:\n", "config:\n  gpu-zones:images: { mirror: mirror.corp/gpu }\n"),
    );
    const listed = JSON.parse((await zones("images", "zone-1-dev", "--json")).out) as {
      image: string;
      mirrored: string;
    }[];
    assert.ok(listed.some(({ image }) => image.startsWith("nvcr.io/nvidia/k8s-device-plugin:")));
    assert.match((await zones("images", "zone-1-dev")).out, /mirror\.corp\/gpu\/library\/pd:/);
    const { out } = await zones("render", "zone-1-dev");
    const pulled = new Set([...out.matchAll(/\bimage: (\S+)/g)].map(([, image]) => image));
    assert.deepEqual([...pulled].toSorted(), listed.map(({ mirrored }) => mirrored).toSorted());
  });

  it("suggests the command that was meant", async () => {
    const { code, err } = await zones("rendr");
    assert.equal(code, 1);
    assert.match(err, /Did you mean render\?/);
  });

  async function lineOf(file: string, text: string): Promise<number> {
    const lines = (await readFile(join(repository, file), "utf8")).split("\n");
    return lines.findIndex((line) => line.includes(text)) + 1;
  }
});
