import assert from "node:assert/strict";
import { parseLocated } from "../../../plan/config/document.ts";
import { engineLayer, type EngineConfig } from "../../../plan/config/engine.ts";
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
  const { layer, problems } = engineLayer(ZONE, file, engine);
  return { values: layer && plain(layer.root), problems: problems.map(formatProblem) };
}

describe("the engine's configuration beside the stack file", () => {
  it("is nothing of its own when it says the same: order of keys, dates and numbers as text do not count", () => {
    assert.deepEqual(compare(SAME), { values: undefined, problems: [] });
    assert.deepEqual(
      compare({ "gpu-zones:hold": '{"until":"2026-12-31T00:00:00Z","reason":"freeze"}' }).problems,
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

  it("may hold keys that the file does not have: text as it is, structures and booleans as JSON", () => {
    const { values } = compare(
      { "gpu-zones:site": "dc 1", "gpu-zones:deleteData": "true", "gpu-zones:gpu": "{}" },
      "",
    );
    assert.deepEqual(values, { site: "dc 1", deleteData: true, gpu: {} });
  });

  it("keeps text that looks like a number text where the file has text", () => {
    assert.deepEqual(compare({ "gpu-zones:site": "43" }, 'site: "42"\n').values, { site: "43" });
  });

  it("takes a date that nobody quoted for a date", () => {
    const engine = { "gpu-zones:hold": '{"until":"2027-01-31 00:00:00 +0000 UTC","reason":"freeze"}' };
    const { zone, problems } = resolve(FILE.replace(/apps:\n.*\n/, ""), engine);
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
    assert.deepEqual(problems.map(formatProblem), [
      `error GZ007 Pulumi.zone-x.yaml:1  extends
    wanted the layers that Pulumi.zone-x.yaml names, got others from the engine
    fix: write extends into the stack file; it cannot be set for one run (docs/problems/GZ007.md)`,
    ]);
  });

  it("is the origin of its values, on top of the file's", () => {
    const loaded = resolve(FILE.replace(/apps:\n.*\n/, ""), { "gpu-zones:site": "dc-2" });
    assert.deepEqual(
      loaded.zone?.origins.chain("site").map(({ layer, line, value }) => [layer, line, value]),
      [
        [ZONE, 1, "dc-1"],
        ["engine", 0, "dc-2"],
      ],
    );
  });

  it("is checked like any other layer, in the words of the file", () => {
    assert.match(
      told(resolve("", { "gpu-zones:deleteData": "yes" })).join(),
      /wanted true or false, got "yes"/,
    );
  });
});
