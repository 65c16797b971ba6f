import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../../plan/object.ts";
import { locateAll } from "../../../plan/config/document.ts";
import { mergeLayers, type Layer, type Merged } from "../../../plan/config/layers.ts";
import { mergePlain } from "../../../plan/config/merge-plain.ts";
import { layersOf } from "./layer-texts.ts";

type JsonMap = Record<string, Json>;

function merge(...texts: string[]): Merged {
  return mergeLayers(layersOf(Object.fromEntries(texts.map((text, index) => [`layer-${index}`, text]))));
}

/** Who wrote a value, lowest first. */
function chain({ origins }: Merged, path: string): string[] {
  return origins.chain(path).map(({ file, line, value }) => `${file}:${line} ${JSON.stringify(value)}`);
}

describe("layers merged", () => {
  it("merge maps deeply, and replace scalars and lists", () => {
    const merged = merge(
      "site: a\napps:\n  pd: { replicas: 1, components: [a, b] }\n",
      "apps:\n  pd: { replicas: 2, components: [c] }\n  td: {}\n",
    );
    assert.deepEqual(merged.value, { site: "a", apps: { pd: { replicas: 2, components: ["c"] }, td: {} } });
  });

  it("keep every writer of a value, the one that won last", () => {
    const merged = merge("apps:\n  pd: { replicas: 1 }\n", "\napps:\n  pd: { replicas: 2 }\n");
    assert.deepEqual(chain(merged, "apps.pd.replicas"), [
      "layers/layer-0.yaml:2 1",
      "layers/layer-1.yaml:3 2",
    ]);
  });

  it("keep no writer of what a higher layer replaced as a whole", () => {
    const merged = merge("nodePools: { a: { nodes: [x, y] } }\n", "nodePools: { a: { nodes: [z] } }\n");
    assert.deepEqual(chain(merged, "nodePools.a.nodes.0"), ['layers/layer-1.yaml:1 "z"']);
    assert.deepEqual(chain(merged, "nodePools.a.nodes.1"), []);
  });

  it("take nothing away where a key has nothing behind it: an app is listed, a commented-out list says nothing", () => {
    const merged = merge("site: a\napps:\n  pd: { replicas: 2 }\n", "site:\napps:\n  pd:\n", "apps:\n");
    assert.deepEqual(merged.value, { site: "a", apps: { pd: { replicas: 2 } } });
  });

  it("replace one kind of GPU request by another as a whole, for apps and for their defaults", () => {
    const lower =
      "appDefaults: { gpu: { model: T4, shared: true } }\napps: { pd: { gpu: { model: T4, count: 2 } } }\n";
    const upper =
      "appDefaults: { gpu: { mig: 1g.5gb } }\napps: { pd: { gpu: { productLabel: T4-SHARED } } }\n";
    const merged = merge(lower, upper);
    assert.deepEqual(merged.value, {
      appDefaults: { gpu: { mig: "1g.5gb" } },
      apps: { pd: { gpu: { productLabel: "T4-SHARED" } } },
    });
    assert.deepEqual(chain(merged, "apps.pd.gpu.count"), []);
  });

  it("merge requests of one kind: a layer may change the count alone", () => {
    const merged = merge("apps: { pd: { gpu: { model: T4 } } }\n", "apps: { pd: { gpu: { count: 2 } } }\n");
    assert.deepEqual(merged.value, { apps: { pd: { gpu: { model: "T4", count: 2 } } } });
  });

  it("take a request that only agrees to share for one of a whole GPU", () => {
    const merged = merge(
      "apps: { pd: { gpu: { shared: true } }, td: { gpu: { mig: 1g.5gb } } }\n",
      "apps: { pd: { gpu: { mig: 1g.5gb } }, td: { gpu: { shared: any } } }\n",
    );
    assert.deepEqual(merged.value, {
      apps: { pd: { gpu: { mig: "1g.5gb" } }, td: { gpu: { shared: "any" } } },
    });
  });

  it("replace nodes by a selector and a selector by nodes, and leave the rest of the pool", () => {
    const merged = merge(
      "nodePools: { a: { os: u, selector: { x: y }, count: 2 }, b: { os: u, nodes: [n] } }\n",
      "nodePools: { a: { nodes: [m] }, b: { selector: { x: z }, count: 1 } }\n",
    );
    assert.deepEqual(merged.value, {
      nodePools: { a: { os: "u", nodes: ["m"] }, b: { os: "u", selector: { x: "z" }, count: 1 } },
    });
    assert.deepEqual(chain(merged, "nodePools.a.count"), []);
  });

  it("take null for none where it stands behind a key of an app", () => {
    const merged = merge("apps: { pd: { gpu: { model: T4 } } }\n", "apps: { pd: { gpu: null } }\n");
    assert.deepEqual(merged.value, { apps: { pd: { gpu: null } } });
  });

  it("replace one way of sharing by another", () => {
    const merged = merge(
      "nodePools: { a: { sharing: { timeSlicing: 4 } } }\n",
      "nodePools: { a: { sharing: { mps: 4 } } }\n",
    );
    assert.deepEqual(merged.value, { nodePools: { a: { sharing: { mps: 4 } } } });
  });

  it("take model, mig and mps for kinds only where they are: apps and variables may be named so", () => {
    const merged = merge(
      "apps: { model: { env: { model: a } } }\n",
      "apps: { mig: {}, model: { env: { mig: b, productLabel: c } } }\n",
    );
    assert.deepEqual(merged.value, {
      apps: { model: { env: { model: "a", mig: "b", productLabel: "c" } }, mig: {} },
    });
  });

  it("take MIG layouts of pools and classes whole: two of them together are a board that nobody asked for", () => {
    const merged = merge(
      "hardware: { a: { mig: { 1g.5gb: 7 } } }\n",
      "hardware: { a: { mig: { 3g.20gb: 2 } } }\n",
    );
    assert.deepEqual(merged.value, { hardware: { a: { mig: { "3g.20gb": 2 } } } });
    const pool = mergePlain({ mig: { "1g.5gb": 7 } }, { mig: { "3g.20gb": 2 } }, "nodePools.a");
    assert.deepEqual(pool, { mig: { "3g.20gb": 2 } });
    const zone = mergePlain({ mig: { strategy: "single" } }, { mig: {} }, "gpu");
    assert.deepEqual(zone, { mig: { strategy: "single" } });
  });

  it("leave the prototype of every map alone", () => {
    const root = locateAll(JSON.parse('{"__proto__": {"polluted": true}}'), 1);
    mergeLayers([{ name: "a", file: "a.yaml", root }]);
    assert.equal(({} as JsonMap)["polluted"], undefined);
  });
});

/** Few names, so that layers meet; `toString` and the like are on every map's prototype. */
const name: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "toString", "constructor", "a b");
const scalar = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.constantFrom("x", "y"));
const { tree } = fc.letrec<{ tree: Json; map: JsonMap }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    tie("map"),
  ),
  map: fc.dictionary(name, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
}));
const layerValue: fc.Arbitrary<JsonMap> = fc.dictionary(name, tree, { maxKeys: 4, noNullPrototype: true });

function layer(value: JsonMap, index = 0): Layer {
  return { name: `layer-${index}`, file: `layer-${index}.yaml`, root: locateAll(value, index + 1) };
}

function merged(...values: JsonMap[]): JsonMap {
  return mergeLayers(values.map(layer)).value;
}

/** Paths of scalars and lists, and of maps without entries, with their values. */
function leaves(value: Json, path = ""): [string, Json][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === "" ? key : `${path}.${key}`));
}

/** True when a map meets something that is no map at the same path: there grouping decides what is left of the map. */
function mapMeetsOther(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (isMap(a) !== isMap(b)) return true;
  return isMap(a) && isMap(b) && Object.keys(a).some((key) => mapMeetsOther(own(a, key), own(b, key)));
}

function own(map: JsonMap, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function isMap(value: Json): value is JsonMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Every map's keys in reversed order. */
function reversed(value: Json): Json {
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, reversed(child)]),
  );
}

describe("the merge of layers, for any values", () => {
  it("is associative, except where a map meets something that is none", () => {
    let held = 0;
    fc.assert(
      fc.property(layerValue, layerValue, layerValue, (a, b, c) => {
        fc.pre(!mapMeetsOther(a, b) && !mapMeetsOther(b, c) && !mapMeetsOther(a, c));
        held++;
        assert.deepEqual(merged(merged(a, b), c), merged(a, merged(b, c)));
      }),
    );
    assert.ok(held >= 100);
  });

  it("has the empty layer as its neutral element, and merging twice is merging once", () => {
    fc.assert(
      fc.property(layerValue, layerValue, (a, b) => {
        assert.deepEqual(merged(a, {}), a);
        assert.deepEqual(merged({}, a), a);
        assert.deepEqual(merged(a, b, b), merged(a, b));
      }),
    );
  });

  it("ends every chain of writers with the value that came out", () => {
    fc.assert(
      fc.property(fc.array(layerValue, { minLength: 1, maxLength: 5 }), (values) => {
        const { value, origins } = mergeLayers(values.map(layer));
        for (const [path, leaf] of leaves(value)) {
          if (path === "" || isMap(leaf)) continue;
          assert.deepEqual(origins.chain(path).at(-1)?.value, leaf, path);
        }
      }),
    );
  });

  it("keeps writers of paths that came out, and of no others", () => {
    fc.assert(
      fc.property(fc.array(layerValue, { minLength: 1, maxLength: 5 }), (values) => {
        const { value, origins } = mergeLayers(values.map(layer));
        for (const path of origins.paths()) assert.ok(reaches(value, path), path);
      }),
    );
  });

  it("replaces a list by the higher layer's, and keeps nothing of the lower one", () => {
    const list = fc.array(scalar, { maxLength: 4 });
    fc.assert(
      fc.property(layerValue, name, list, layerValue, name, list, (a, key, lower, b, other, upper) => {
        assert.deepEqual(merged({ ...a, [key]: lower }, { ...b, [key]: upper })[key], upper);
        assert.deepEqual(merged({ [other]: { [key]: lower } }, { [other]: { [key]: upper } }), {
          [other]: { [key]: upper },
        });
      }),
    );
  });

  it("gives the same for any order of keys", () => {
    fc.assert(
      fc.property(fc.array(layerValue, { minLength: 1, maxLength: 4 }), (values) => {
        assert.deepEqual(merged(...values.map((value) => reversed(value) as JsonMap)), merged(...values));
      }),
    );
  });
});

/** True when the path leads to a value. */
function reaches(value: Json, path: string): boolean {
  let at: Json | undefined = value;
  for (const key of path.split(".")) {
    if (typeof at !== "object" || at === null) return false;
    at = own(at as JsonMap, key);
  }
  return at !== undefined;
}
