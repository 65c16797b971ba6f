import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { place, type Problem } from "../../../plan/config/problem.ts";
import { renderZone } from "../../../plan/render/render.ts";
import { KUSTOMIZE, LIMIT_MS } from "./kustomize-path.ts";
import { baseOf, renderTree, withTree, type Files } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

const zone = zoneOf(`apps:
  pd:
    overlay: bumble
`);

/** A bumble overlay with these lines after `resources: [../base]`. */
function bumble(lines: string, more: Files = {}): Files {
  return {
    ...baseOf("pd"),
    "apps/pd/bumble/kustomization.yaml": `resources:\n  - ../base\n${lines}`,
    ...more,
  };
}

async function problemsOf(files: Files): Promise<readonly Problem[]> {
  const { apps, problems } = await renderTree(files, zone);
  if (problems.length > 0) assert.deepEqual(apps, [], "an app with problems is not rendered");
  return problems;
}

function told(problems: readonly Problem[]): string[] {
  return problems.map((problem) => `${problem.code} ${place(problem)} ${problem.message}`);
}

describe("a kustomization that leaves the repository", function () {
  this.timeout(LIMIT_MS);
  const remote = [
    "https://example.com/base.yaml",
    "https://github.com/team/repo//base?ref=v1",
    "github.com/team/repo/base",
    "git@example.com:team/repo.git",
    "git::https://example.com/team/repo",
    "ssh://git@example.com/team/repo",
    "file:///etc/base",
    "example.com/base?ref=main",
  ];
  for (const reference of remote) {
    it(`is refused, at its line, when it fetches ${reference}`, async () => {
      assert.deepEqual(told(await problemsOf(bumble(`  - ${reference}\n`))), [
        `GZ102 apps/pd/bumble/kustomization.yaml:3 wanted a kustomization that stays in the repository and runs nothing, got ${reference}, which is fetched from elsewhere`,
      ]);
    });
  }

  const lines: [what: string, lines: string, code: string][] = [
    ["a directory above the repository", "  - ../../../../elsewhere\n", "GZ102"],
    ["an absolute path", "  - /etc/base\n", "GZ102"],
    ["a remote component", "components:\n  - https://example.com/c\n", "GZ102"],
    ["a remote base in a key of old", "bases:\n  - https://example.com/c\n", "GZ102"],
    ["a remote patch", "patches:\n  - path: https://example.com/p.yaml\n", "GZ102"],
    [
      "a remote patch in a spelling that kustomize's reader takes",
      "patches:\n  - Path: https://example.com/p.yaml\n",
      "GZ102",
    ],
    [
      "a remote patch in the list of old",
      "patchesStrategicMerge:\n  - https://example.com/p.yaml\n",
      "GZ102",
    ],
    [
      "a remote patch that looks like YAML",
      "patchesStrategicMerge:\n  - 'http://example.com/a: b'\n",
      "GZ102",
    ],
    ["a remote plugin that looks like YAML", "transformers:\n  - 'http://example.com/a: b'\n", "GZ102"],
    [
      "a remote file in a ConfigMap",
      "configMapGenerator:\n  - name: c\n    files: [k=https://example.com/f]\n",
      "GZ102",
    ],
    [
      "a remote file in a Secret",
      "secretGenerator:\n  - name: c\n    envs: [https://example.com/f]\n",
      "GZ102",
    ],
    ["remote transformer settings", "configurations:\n  - https://example.com/f\n", "GZ102"],
    ["a remote schema", "openapi:\n  path: https://example.com/f\n", "GZ102"],
    ["a Helm chart", "helmCharts:\n  - name: x\n", "GZ102"],
    ["Helm settings", "helmGlobals:\n  chartHome: x\n", "GZ102"],
    ["a Helm chart in a key of old", "helmChartInflationGenerator:\n  - chartName: x\n", "GZ102"],
    ["a key behind a merge key", "<<: { resources: [https://example.com/b] }\n", "GZ102"],
    ["a key in another spelling", "Components:\n  - https://example.com/c\n", "GZ002"],
  ];
  for (const [what, text, code] of lines) {
    it(`is refused with ${what}`, async () => {
      const problems = await problemsOf(bumble(text));
      assert.deepEqual(
        problems.map((problem) => problem.code),
        [code],
        told(problems).join("\n"),
      );
      assert.equal(problems[0]?.file, "apps/pd/bumble/kustomization.yaml");
      assert.ok(problems[0].line >= 3, `line ${problems[0].line}`);
    });
  }

  it("is refused when a symbolic link is the way out", async () => {
    await withTree({ "secret.yaml": "a: b\n" }, async (outside) => {
      await withTree(bumble("  - link.yaml\n"), async (repository) => {
        await symlink(join(outside, "secret.yaml"), join(repository, "apps/pd/bumble/link.yaml"));
        const { problems } = await renderZone(zone, { repository, kustomize: KUSTOMIZE, gpu: {} });
        assert.deepEqual(told(problems), [
          "GZ102 apps/pd/bumble/kustomization.yaml:3 wanted a kustomization that stays in the repository and runs nothing, got apps/pd/bumble/link.yaml, a symbolic link to the outside",
        ]);
      });
    });
  });

  it("is refused when it is found by way of a linked directory", async () => {
    const files = {
      ...bumble("  - ../link\n"),
      "shared/here/kustomization.yaml": "resources: [../there]\n",
      "shared/there/kustomization.yaml": "resources:\n  - https://example.com/x.yaml\n",
    };
    await withTree(files, async (repository) => {
      await symlink(join(repository, "shared/here"), join(repository, "apps/pd/link"));
      const { problems } = await renderZone(zone, { repository, kustomize: KUSTOMIZE, gpu: {} });
      assert.deepEqual(
        problems.map((problem) => `${problem.code} ${place(problem)}`),
        ["GZ102 shared/there/kustomization.yaml:2"],
      );
    });
  });

  it("is refused when it is the base of a base", async () => {
    const problems = await problemsOf({
      ...bumble(""),
      "apps/pd/base/kustomization.yaml": "resources:\n  - deployment.yaml\n  - ../common\n",
      "apps/pd/common/kustomization.yaml": "resources:\n\n  - https://example.com/x.yaml\n",
    });
    assert.deepEqual(problems.map(place), ["apps/pd/common/kustomization.yaml:3"]);
  });

  const plugin = (head: string): string => `apiVersion: ${head}\nmetadata:\n  name: x\n`;
  const plugins: [what: string, text: string][] = [
    ["a program of its own", plugin("example.com/v1\nkind: Mine")],
    ["a Helm chart", plugin("builtin\nkind: HelmChartInflationGenerator")],
    [
      "a container",
      `${plugin("example.com/v1\nkind: Mine")}  annotations: { config.kubernetes.io/function: "{container: {image: x}}" }\n`,
    ],
    ["a remote patch", `${plugin("builtin\nkind: PatchTransformer")}path: https://example.com/p.yaml\n`],
  ];
  for (const [what, text] of plugins) {
    it(`is refused when a transformer file brings ${what}`, async () => {
      const problems = await problemsOf(
        bumble("transformers:\n  - t.yaml\n", { "apps/pd/bumble/t.yaml": text }),
      );
      assert.deepEqual(
        problems.map(({ code, file }) => `${code} ${file}`),
        ["GZ102 apps/pd/bumble/t.yaml"],
      );
    });
  }

  it("is refused when a transformer written in place brings a program", async () => {
    const problems = await problemsOf(
      bumble("transformers:\n  - |-\n    apiVersion: example.com/v1\n    kind: Mine\n"),
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["GZ102"],
    );
  });

  it("is refused when a directory of transformers brings a program", async () => {
    const problems = await problemsOf(
      bumble("transformers:\n  - ./t\n", {
        "apps/pd/bumble/t/kustomization.yaml": "resources: [mine.yaml]\n",
        "apps/pd/bumble/t/mine.yaml": plugin("example.com/v1\nkind: Mine"),
      }),
    );
    assert.deepEqual(
      problems.map(({ code, file }) => `${code} ${file}`),
      ["GZ102 apps/pd/bumble/t/mine.yaml"],
    );
  });

  for (const key of ["components", "bases"]) {
    it(`is refused when a directory of transformers has a program by way of its ${key}`, async () => {
      const problems = await problemsOf(
        bumble("transformers:\n  - ./t\n", {
          "apps/pd/bumble/t/kustomization.yaml": `${key}: [../more]\n`,
          "apps/pd/bumble/more/kustomization.yaml": "kind: Component\nresources: [mine.yaml]\n",
          "apps/pd/bumble/more/mine.yaml": plugin("example.com/v1\nkind: Mine"),
        }),
      );
      assert.deepEqual(
        problems.map(({ code, file }) => `${code} ${file}`),
        ["GZ102 apps/pd/bumble/more/mine.yaml"],
      );
    });
  }

  it("is refused when a directory of transformers changes them on their way", async () => {
    const problems = await problemsOf(
      bumble("transformers:\n  - ./t\n", {
        "apps/pd/bumble/t/kustomization.yaml":
          "resources: [mine.yaml]\npatches:\n  - patch: '{apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, path: \"https://example.com/p\"}'\n",
        "apps/pd/bumble/t/mine.yaml": `${plugin("builtin\nkind: PatchTransformer")}path: p.yaml\n`,
        "apps/pd/bumble/p.yaml": "",
      }),
    );
    assert.deepEqual(told(problems), [
      "GZ102 apps/pd/bumble/t/kustomization.yaml:2 wanted a kustomization that stays in the repository and runs nothing, got patches, which could change plugins on their way",
    ]);
  });

  it("is refused when a transformer holds more aliases than can be read", async () => {
    const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (const level of [1, 2, 3, 4])
      bomb.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(", ")}]`,
      );
    const problems = await problemsOf(
      bumble("transformers:\n  - t.yaml\n", {
        "apps/pd/bumble/t.yaml": `${plugin("builtin\nkind: PrefixTransformer")}${bomb.join("\n")}\n`,
      }),
    );
    assert.deepEqual(
      problems.map(({ code, file }) => `${code} ${file}`),
      ["GZ102 apps/pd/bumble/t.yaml"],
    );
  });

  it("is not seen in what merely looks like a URL, nor in kustomize's own transformers", async () => {
    const problems = await problemsOf(
      bumble(
        "configMapGenerator:\n  - name: c\n    literals: ['URL=https://example.com/a?ref=b']\ntransformers:\n  - t.yaml\n",
        {
          "apps/pd/bumble/t.yaml": `${plugin("builtin\nkind: PrefixTransformer")}prefix: a-\nfieldSpecs: [{ path: metadata/name }]\n`,
        },
      ),
    );
    assert.deepEqual(told(problems), []);
  });
});

describe("a tree that cannot be built", function () {
  this.timeout(LIMIT_MS);
  it("names the app that the repository does not have, and the nearest", async () => {
    const { problems } = await renderTree(baseOf("pd"), zoneOf("apps:\n  pf: {}\n"));
    assert.deepEqual(told(problems), [
      "GZ101 Pulumi.zone-x.yaml:2 wanted an app of the repository, got pf: apps/pf does not exist",
    ]);
    assert.equal(problems[0]?.fix, 'did you mean "pd"?');
  });

  it("names the overlay at the line that asks for it, and those that there are", async () => {
    const { problems } = await renderTree(bumble(""), zoneOf("apps:\n  pd:\n    overlay: production\n"));
    assert.deepEqual(told(problems), [
      "GZ101 Pulumi.zone-x.yaml:3 wanted an overlay of pd, got production: apps/pd/production has no kustomization.yaml",
    ]);
    assert.equal(problems[0]?.fix, "there is: base, bumble");
  });

  it("names every component that is not there", async () => {
    const files = { ...baseOf("pd"), "apps/pd/components/istio/kustomization.yaml": "kind: Component\n" };
    const { problems } = await renderTree(
      files,
      zoneOf("apps:\n  pd:\n    components:\n      - istoi\n      - tracing\n"),
    );
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.path, place(problem), problem.fix]),
      [
        ["GZ101", "apps.pd.components.0", "Pulumi.zone-x.yaml:4", 'did you mean "istio"?'],
        ["GZ101", "apps.pd.components.1", "Pulumi.zone-x.yaml:5", "there is: istio"],
      ],
    );
  });

  it("refuses an overlay that lies outside the app's folder", async () => {
    const { problems } = await renderTree(
      { ...baseOf("pd"), ...baseOf("other") },
      zoneOf("apps:\n  pd: { overlay: ../other/base }\n"),
    );
    assert.deepEqual(
      problems.map(({ code }) => code),
      ["GZ101"],
    );
  });

  it("names the line of YAML that cannot be read", async () => {
    assert.deepEqual(
      (await problemsOf(bumble("images: [\n"))).map((problem) => `${problem.code} ${problem.file}`),
      ["GZ001 apps/pd/bumble/kustomization.yaml"],
    );
  });

  it("names the line of a file that is not there, and the nearest", async () => {
    const [problem] = await problemsOf(bumble("  - servce.yaml\n", { "apps/pd/bumble/service.yaml": "" }));
    assert.equal(problem && `${problem.code} ${place(problem)}`, "GZ103 apps/pd/bumble/kustomization.yaml:3");
    assert.equal(problem?.fix, 'did you mean "service.yaml"?');
  });

  it("gives kustomize's message in paths of the repository, for the apps that fail and no others", async () => {
    const { apps, problems } = await renderTree(
      { ...bumble("replicas: [{ name: nobody, count: 1 }]\n"), ...baseOf("good") },
      zoneOf("apps:\n  good: {}\n  pd: { overlay: bumble }\n"),
    );
    assert.deepEqual(
      apps.map(({ app }) => app),
      ["good"],
    );
    assert.deepEqual(
      problems.map(({ code, file }) => `${code} ${file}`),
      ["GZ103 apps/pd/bumble/kustomization.yaml"],
    );
    assert.match(problems[0]!.message, /got: recursed accumulation of path 'apps\/pd\/bumble': .*nobody/);
    assert.doesNotMatch(problems[0]!.message, /gpu-zones-|\.\.\/|\/tmp/);
  });

  const base = (text: string): Files => ({
    ...baseOf("pd"),
    "apps/pd/base/kustomization.yaml": "resources: [deployment.yaml, more.yaml]\n",
    "apps/pd/base/more.yaml": text,
  });
  const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n";
  const pod = (container: string): string =>
    `${head}spec: { template: { spec: { containers: [{ name: m, ${container} }] } } }\n`;
  const malformed: [what: string, text: string, message: RegExp][] = [
    ["a Deployment without a spec", head, /got Deployment\/x without a spec$/],
    ["an empty spec", `${head}spec:\n`, /got Deployment\/x without a spec$/],
    ["a pod template without a spec", `${head}spec: { template: {} }\n`, /a pod template without a spec$/],
    [
      "an empty item in a list",
      pod("env: [~]"),
      /the empty item spec\.template\.spec\.containers\.0\.env\.0$/,
    ],
    [
      "an autoscaler without a spec",
      "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: x }\n",
      /got HorizontalPodAutoscaler\/x without a spec$/,
    ],
    [
      "a whole number beyond 2^53",
      "apiVersion: example.com/v1\nkind: W\nmetadata: { name: x }\nspec: { n: 9007199254740993 }\n",
      /the number 9007199254740993, which is beyond 2\^53/,
    ],
  ];
  for (const [what, text, message] of malformed) {
    it(`is a problem of its app where it holds ${what}, and no crash`, async () => {
      const zone = zoneOf("apps:\n  good: {}\n  pd: {}\n");
      const { apps, problems } = await renderTree({ ...baseOf("good"), ...base(text) }, zone);
      assert.deepEqual(
        apps.map(({ app }) => app),
        ["good"],
        told(problems).join(),
      );
      assert.deepEqual(
        problems.map(({ code, path }) => `${code} ${path}`),
        ["GZ103 apps.pd.overlay"],
      );
      assert.match(problems[0]!.message, message);
    });
  }

  it("may hold large numbers as text, and whole numbers up to 2^53", async () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { n: "9007199254740993123" }\nn: 9007199254740991\n';
    const { apps, problems } = await renderTree(base(text), zoneOf("apps:\n  pd: {}\n"));
    assert.deepEqual(told(problems), []);
    const found = apps[0]?.objects.find(({ kind }) => kind === "ConfigMap");
    assert.deepEqual([found?.["data"], found?.["n"]], [{ n: "9007199254740993123" }, 9007199254740991]);
  });

  it("is a problem when it gives no objects", async () => {
    const files = { "apps/pd/base/kustomization.yaml": "resources: []\n" };
    const { problems } = await renderTree(files, zoneOf("apps:\n  pd: {}\n"));
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`),
      ["GZ103 apps.pd.overlay"],
    );
  });

  it("reports the problems of all apps at once", async () => {
    const { problems } = await renderTree(
      { ...bumble("  - https://example.com/x\n"), ...baseOf("b") },
      zoneOf("apps:\n  a: {}\n  b: { overlay: nope }\n  pd: { overlay: bumble }\n"),
    );
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`),
      ["GZ101 apps.a", "GZ101 apps.b.overlay", "GZ102 apps.pd"],
    );
  });
});
