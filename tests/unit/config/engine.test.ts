import assert from "node:assert/strict";
import { parseLocated } from "../../../plan/config/document.ts";
import { engineLayer, withoutClearText, type EngineConfig } from "../../../plan/config/engine.ts";
import { formatProblem } from "../../../plan/config/problem.ts";
import { plain } from "../../../plan/config/document.ts";
import { resolve, told, ZONE } from "./layer-texts.ts";

const FILE = `site: dc-1
deleteData: false
hold: { until: 2026-12-31, reason: freeze }
apps:
  pd: { replicas: 2, env: { A: "1" } }
`;

/** What Pulumi hands over for that file: text, and JSON for structures. */
const SAME: EngineConfig = {
  "gpu-zones:site": "dc-1",
  "gpu-zones:deleteData": "false",
  "gpu-zones:hold": '{"reason":"freeze","until":"2026-12-31 00:00:00 +0000 UTC"}',
  "gpu-zones:apps": '{"pd":{"env":{"A":"1"},"replicas":2}}',
};

function compare(engine: EngineConfig, text = FILE): { values: unknown; problems: string[] } {
  const file = { name: ZONE, file: `Pulumi.${ZONE}.yaml`, root: parseLocated(text).root };
  const { layers, problems } = engineLayer(ZONE, file, engine);
  const [, ofEngine] = layers;
  return { values: ofEngine && plain(ofEngine.root), problems: problems.map(formatProblem) };
}

describe("the engine's configuration beside the stack file", () => {
  it("is nothing of its own when it says the same: order of keys, dates and numbers as text do not count", () => {
    assert.deepEqual(compare(SAME), { values: undefined, problems: [] });
    assert.deepEqual(
      compare({ ...SAME, "gpu-zones:hold": '{"until":"2026-12-31T00:00:00Z","reason":"freeze"}' }).problems,
      [],
    );
  });

  it("wins where it differs, and the warning names the key and its line in the file", () => {
    assert.deepEqual(compare({ ...SAME, "gpu-zones:apps": '{"pd":{"replicas":3}}' }), {
      values: { apps: { pd: { replicas: 3 } } },
      problems: [
        `warning GZ007 Pulumi.zone-x.yaml:4  apps
    the engine's value of gpu-zones:apps is not the one in Pulumi.zone-x.yaml; the engine's is used
    fix: write the value into the stack file, or leave --config-file out (docs/problems/GZ007.md)`,
      ],
    });
  });

  it("may hold keys that the file does not have: text as it is, structures as JSON", () => {
    const { values } = compare(
      { "gpu-zones:site": "dc 1", "gpu-zones:deleteData": "true", "gpu-zones:gpu": "{}" },
      "",
    );
    assert.deepEqual(values, { site: "dc 1", deleteData: "true", gpu: {} });
  });

  it("keeps text that looks like a number text where the file has text", () => {
    assert.deepEqual(compare({ "gpu-zones:site": "43" }, 'site: "42"\n').values, { site: "43" });
  });

  it("takes a date that nobody quoted for a date", () => {
    const engine = { "gpu-zones:hold": '{"until":"2027-01-31 00:00:00 +0000 UTC","reason":"freeze"}' };
    const { zone, problems } = resolve("hold: { until: 2026-12-31, reason: freeze }\n", engine);
    assert.deepEqual(
      problems.map(({ severity }) => severity),
      ["warning"],
    );
    assert.equal(zone?.hold?.until, "2027-01-31");
  });

  it("takes a key with nothing behind it for nothing, as the file does", () => {
    assert.deepEqual(compare({ "gpu-zones:apps": "" }, "apps:\n"), { values: undefined, problems: [] });
  });

  it("leaves other namespaces alone, and secrets, which always differ from their ciphertext", () => {
    const engine = { "aws:region": "x", "gpu-zones:secrets": '{"a":"clear"}' };
    assert.deepEqual(compare(engine, "secrets: { a: { secure: xyz } }\n"), {
      values: undefined,
      problems: [],
    });
  });

  it("cannot choose other layers: those are read before the engine is asked", () => {
    const { zone, problems } = resolve("extends: [dev]\n", { "gpu-zones:extends": '["prod"]' });
    assert.equal(zone, undefined);
    assert.equal(resolve("extends: [dev]\n", {}).zone, undefined);
    assert.deepEqual(problems.map(formatProblem), [
      `error GZ007 Pulumi.zone-x.yaml:1  extends
    wanted the layers that Pulumi.zone-x.yaml names, got others from the engine
    fix: write extends into the stack file; it cannot be set for one run (docs/problems/GZ007.md)`,
    ]);
  });

  it("replaces a key whole, over what the layers below the file say, and is the origin of its values", () => {
    const texts = {
      prod: "apps: { pd: { replicas: 1 }, sd: {} }\n",
      [ZONE]: "apps: { pd: { env: { A: a } }, td: {} }\n",
    };
    const { zone } = resolve(texts, { "gpu-zones:apps": '{"pd":{"replicas":3}}' });
    assert.deepEqual(Object.keys(zone?.apps ?? {}), ["pd", "sd"]);
    assert.equal(zone?.apps["pd"]?.env, undefined);
    assert.deepEqual(
      zone?.origins
        .chain("apps.pd.replicas")
        .map(({ layer, file, line, value }) => [layer, file, line, value]),
      [
        ["prod", "layers/prod.yaml", 1, 1],
        ["engine", "the engine's configuration", 0, 3],
      ],
    );
  });

  it("leaves out a key that only the file has, and the warning names it", () => {
    const { zone, problems } = resolve("site: dc-1\napps: { pd: {} }\nhold:\n", { "gpu-zones:site": "dc-1" });
    assert.deepEqual(zone?.apps, {});
    assert.deepEqual(problems.map(formatProblem), [
      `warning GZ007 Pulumi.zone-x.yaml:2  apps
    gpu-zones:apps of Pulumi.zone-x.yaml is not in the engine's configuration; it is left out
    fix: write the key into the configuration that was handed over, or leave --config-file out (docs/problems/GZ007.md)`,
    ]);
  });

  it("leaves the file's form where a value means the same, and its order of keys", () => {
    const file =
      'hold: { until: "2026-12-31 00:00:00 +0000 UTC", reason: a }\napps: { b: { replicas: 1 }, a: {} }\n';
    const engine = {
      "gpu-zones:hold": '{"until":"2026-12-31T00:00:00Z","reason":"b"}',
      "gpu-zones:apps": '{"a":{},"b":{"replicas":2}}',
    };
    const { values } = compare(engine, file) as { values: Record<string, object> };
    assert.deepEqual(values["hold"], { until: "2026-12-31 00:00:00 +0000 UTC", reason: "b" });
    assert.deepEqual(Object.keys(values["apps"] ?? {}), ["b", "a"]);
  });

  it("has no value for a key that the engine keeps secret, and that is an error", () => {
    const { zone, problems } = resolve("apps: { pd: {} }\n", { "gpu-zones:apps": undefined });
    assert.equal(zone, undefined);
    assert.deepEqual(
      problems.map(({ code, path, file }) => [code, path, file]),
      [["GZ008", "apps", "the engine's configuration"]],
    );
  });

  it("keeps the clear text of secret keys to itself", () => {
    const config = { "gpu-zones:apps": "clear", "gpu-zones:site": "dc-1" };
    assert.deepEqual(withoutClearText(config, '["gpu-zones:apps"]'), {
      ...config,
      "gpu-zones:apps": undefined,
    });
    assert.deepEqual(withoutClearText(config, undefined), config);
  });

  it("may write true and false as text", () => {
    const { zone, problems } = resolve("deleteData: true\n", { "gpu-zones:deleteData": "true" });
    assert.deepEqual([zone?.deleteData, problems], [true, []]);
  });

  it("is checked like any other layer, and what is wrong with it points at no line of the stack file", () => {
    assert.equal(
      told(resolve("deleteData: true\n", { "gpu-zones:deleteData": "yes" }))[1],
      `error GZ003 the engine's configuration  deleteData
    wanted true or false, got "yes"
    fix: write true (docs/problems/GZ003.md)`,
    );
  });
});
