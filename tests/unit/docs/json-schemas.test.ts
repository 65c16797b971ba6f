import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { layerJsonSchema, zoneJsonSchema } from "../../../docs/json-schemas.ts";
import { listZones } from "../../../plan/config/read.ts";

const CHECKOUT = join(import.meta.dirname, "..", "..", "..");

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, formats: { date: true } });
const isZone = ajv.compile(zoneJsonSchema());
const isLayer = ajv.compile(layerJsonSchema());

/** Paths at which the schema refuses a text; empty: it takes it. */
function refused(validate: ValidateFunction, text: string): string[] {
  if (validate(parse(text))) return [];
  return [...new Set((validate.errors ?? []).map(({ instancePath }) => instancePath))];
}

/** A stack file with one key of ours. */
const zoneWith = (key: string, value: string): string => `config:\n  gpu-zones:${key}: ${value}\n`;

describe("the JSON Schema of stack files", () => {
  it("takes every shipped stack file, each of which names it in its first line", async () => {
    for (const zone of await listZones(CHECKOUT)) {
      const text = await readFile(join(CHECKOUT, `Pulumi.${zone}.yaml`), "utf8");
      assert.deepEqual(refused(isZone, text), [], zone);
      assert.equal(text.split("\n")[0], "# yaml-language-server: $schema=docs/schema/zone.schema.json");
    }
  });

  it("takes other namespaces, what Pulumi writes, and keys with nothing behind them", () => {
    const text =
      "config:\n  aws:region: x\n  gpu-zones:apps:\nencryptionsalt: v1\nsecretsprovider: x\nenvironment: [a]\n";
    assert.deepEqual(refused(isZone, text), []);
    assert.deepEqual(refused(isZone, "config:\n"), []);
  });

  it("takes what Pulumi makes of a stack file that it rewrites", () => {
    const text =
      "config:\n  gpu-zones:apps: ''\n  gpu-zones:site: ''\n  gpu-zones:deleteData: 'true'\n  gpu-zones:hold: { until: '2026-12-31 00:00:00 +0000 UTC', reason: a }\n";
    assert.deepEqual(refused(isZone, text), []);
  });

  it("takes nothing behind a key, also one whose work is not done, and null where it means none", () => {
    assert.deepEqual(refused(isZone, "config:\n  gpu-zones:images:\n  gpu-zones:secrets:\n"), []);
    assert.deepEqual(refused(isZone, zoneWith("apps", "{ pd: null, td: { gpu: null } }")), []);
    assert.deepEqual(refused(isZone, zoneWith("nodePools", "{ a: { sharing: null } }")), []);
  });

  const wrong: [title: string, text: string][] = [
    ["an unknown key of a zone", zoneWith("sitee", "dc-1")],
    ["an unknown key of an app", zoneWith("apps", "{ pd: { replcas: 1 } }")],
    ["a key of ours without its prefix", "config:\n  site: dc-1\n"],
    ["a key of ours outside config", "gpu-zones:site: dc-1\n"],
    ["nothing where something is wanted", zoneWith("apps", "{ pd: { replicas: null } }")],
    ["a namespace that is ours but for its case", "config:\n  GPU-ZONES:apps: {}\n"],
    ["a namespace that is ours but for a letter", "config:\n  gpu-zone:apps: {}\n"],
    ["an image that is none", zoneWith("apps", "{ pd: { image: 'a b' } }")],
    ["memory in units of cores", zoneWith("hardware", "{ a: { memory: 500m } }")],
    ["a switch that would take out every app", zoneWith("appDefaults", "{ enabled: false }")],
    ["a wrong type", zoneWith("apps", "{ pd: { replicas: six } }")],
    ["a bad unit", zoneWith("nodePools", "{ a: { memory: 512 gigs } }")],
    ["a key whose work is not done", zoneWith("gpu", "{ driver: { version: x } }")],
    ["a top key whose work is not done", zoneWith("secrets", "{}")],
    ["a key of an app whose work is not done", zoneWith("apps", "{ pd: { minReplicas: 1 } }")],
    ["two kinds of GPU request at once", zoneWith("apps", "{ pd: { gpu: { mig: 1g.5gb, model: x } } }")],
  ];
  for (const [title, text] of wrong) {
    it(`refuses ${title}`, () => {
      assert.notDeepEqual(refused(isZone, text), []);
    });
  }

  it("describes every key, for the editor to show", () => {
    const config = zoneJsonSchema().properties?.["config"];
    assert.ok(typeof config === "object");
    for (const [key, schema] of Object.entries(config.properties ?? {}))
      assert.ok(typeof schema === "object" && (schema.description ?? "") !== "", key);
  });
});

describe("the JSON Schema of layers", () => {
  it("takes every shipped layer, each of which names it in its first line", async () => {
    for (const file of await readdir(join(CHECKOUT, "layers"))) {
      const text = await readFile(join(CHECKOUT, "layers", file), "utf8");
      assert.deepEqual(refused(isLayer, text), [], file);
      assert.equal(text.split("\n")[0], "# yaml-language-server: $schema=../docs/schema/layer.schema.json");
    }
  });

  it("takes an empty layer", () => {
    assert.deepEqual(refused(isLayer, "# nothing yet\n"), []);
  });

  it("refuses an unknown key, a prefix, extends, and a key whose work is not done", () => {
    for (const text of [
      "sitee: dc-1\n",
      "gpu-zones:site: dc-1\n",
      "extends: [dev]\n",
      "images: { mirror: x }\n",
    ])
      assert.notDeepEqual(refused(isLayer, text), [], text);
  });
});
