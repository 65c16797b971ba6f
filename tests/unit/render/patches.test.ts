import assert from "node:assert/strict";
import { LIMIT_MS } from "./kustomize-path.ts";
import { main, podOf, render } from "./one-app.ts";
import { baseOf, renderTree } from "./tree.ts";
import { zoneOf } from "./zone-text.ts";

describe("patches", function () {
  this.timeout(LIMIT_MS);
  it("come after everything else in the zone", async () => {
    const keys = `
    replicas: 2
    image: "2"
    patches:
      - patch: '[{ "op": "replace", "path": "/spec/replicas", "value": 3 }, { "op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "pd:3" }]'
        target: { kind: Deployment }`;
    const objects = await render(baseOf("pd"), keys);
    assert.equal((objects[0]?.["spec"] as { replicas: number }).replicas, 3);
    assert.equal(podOf(objects).containers[0]?.image, "pd:3");
  });

  it("reach a generated ConfigMap by its own name, and its hash changes in the pods too", async () => {
    const files = {
      ...main(
        "envFrom: [{ configMapRef: { name: cfg } }]\nenv: [{ name: X, valueFrom: { configMapKeyRef: { name: cfg, key: A } } }]",
      ),
      "apps/pd/base/kustomization.yaml":
        "resources: [deployment.yaml]\nconfigMapGenerator: [{ name: cfg, literals: [A=1] }]\n",
    };
    const patch = "{ patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: cfg}, data: {A: \"2\"}}' }";
    const objects = await render(files, `{ env: { B: c }, patches: [${patch}] }`);
    const configMap = objects.find(({ kind }) => kind === "ConfigMap");
    assert.deepEqual(configMap?.["data"], { A: "2" });
    const [container] = podOf(objects).containers;
    assert.equal(container?.envFrom?.[0]?.configMapRef?.name, configMap.metadata.name);
    assert.deepEqual(container.env, [
      { name: "X", valueFrom: { configMapKeyRef: { name: configMap.metadata.name, key: "A" } } },
      { name: "B", value: "c" },
    ]);
    const [, before] = await render(files, "{}");
    assert.notEqual(configMap.metadata.name, before?.metadata.name);
  });

  it("may stand in a file of the app", async () => {
    const files = {
      ...baseOf("pd"),
      "apps/pd/zones/small.yaml": "- { op: add, path: /spec/replicas, value: 5 }\n",
    };
    const objects = await render(
      files,
      "{ patches: [{ path: zones/small.yaml, target: { kind: Deployment } }] }",
    );
    assert.equal((objects[0]?.["spec"] as { replicas: number }).replicas, 5);
  });

  for (const [path, code] of [
    ["../other/p.yaml", "GZ102"],
    ["/etc/passwd", "GZ102"],
    ["https://example.com/p.yaml", "GZ102"],
    ["absent.yaml", "GZ103"],
    ["zones", "GZ103"],
  ]) {
    it(`in the file ${path ?? ""} are refused with ${code ?? ""} at their line`, async () => {
      const files = { ...baseOf("pd"), "apps/other/p.yaml": "", "apps/pd/zones/p.yaml": "" };
      const { problems } = await renderTree(
        files,
        zoneOf(`apps:\n  pd:\n    patches:\n      - path: ${path ?? ""}\n`),
      );
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.path, problem.line]),
        [[code, "apps.pd.patches.0.path", 4]],
      );
    });
  }

  for (const [patch, told] of [
    ["Path: https://example.com/p.yaml", 'GZ002 4 apps.pd.patches.0.Path a patch has no key "Path"'],
    ["PATH: p.yaml", 'GZ002 4 apps.pd.patches.0.PATH a patch has no key "PATH"'],
    ["path: [p.yaml]", 'GZ003 4 apps.pd.patches.0.path wanted the name of a patch file, got ["p.yaml"]'],
  ]) {
    it(`are refused with ${patch ?? ""}`, async () => {
      const { problems } = await renderTree(
        baseOf("pd"),
        zoneOf(`apps:\n  pd:\n    patches:\n      - ${patch ?? ""}\n`),
      );
      assert.deepEqual(
        problems.map(({ code, line, path, message }) => `${code} ${line} ${path} ${message}`),
        [told],
      );
    });
  }

  it("do not give an object to another app by its label", async () => {
    const patch = `[{ target: { kind: Deployment }, patch: '[{"op": "add", "path": "/metadata/labels/gpu-zones.dev~1owner", "value": "b"}]' }]`;
    const { apps } = await renderTree(
      { ...baseOf("a"), ...baseOf("b") },
      zoneOf(`apps:\n  a: { patches: ${patch} }\n  b: { replicas: 2 }\n`),
    );
    assert.deepEqual(
      apps.map(({ app, objects }) => [app, objects.map(({ metadata }) => metadata.name)]),
      [
        ["a", ["a"]],
        ["b", ["b"]],
      ],
    );
  });

  it("that kustomize refuses are told at the zone's line, for the app that has them", async () => {
    const { apps, problems } = await renderTree(
      { ...baseOf("pd"), ...baseOf("ok") },
      zoneOf(
        `apps:\n  ok: { replicas: 2 }\n  pd:\n    patches:\n      - { patch: '[{"op": "remove", "path": "/spec/absent"}]', target: { kind: Deployment } }\n`,
      ),
    );
    assert.deepEqual(
      apps.map(({ app }) => app),
      ["ok"],
    );
    assert.deepEqual(
      problems.map(({ code, path, line }) => [code, path, line]),
      [["GZ103", "apps.pd.patches", 4]],
    );
    assert.match(problems[0]!.message, /unable to remove nonexistent key: absent/i);
  });
});
