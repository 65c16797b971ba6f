import assert from "node:assert/strict";
import { resolve, told } from "./layer-texts.ts";

const strategy = (texts: string | Readonly<Record<string, string>>): unknown => {
  const loaded = resolve(texts);
  assert.deepEqual(told(loaded), []);
  return loaded.zone?.gpu.mig?.strategy;
};
const MIG = (value: string): string => `gpu:\n  mig: { strategy: ${value} }\n`;
const ALIAS = (value: string): string => `gpu:\n  migManager: { strategy: ${value} }\n`;

describe("gpu.migManager.strategy", () => {
  it("is another name of gpu.mig.strategy, over its default", () => {
    assert.equal(strategy(ALIAS("mixed")), "mixed");
    assert.equal(strategy(""), "single");
  });

  it("and gpu.mig.strategy replace each other as one key, whichever a layer writes", () => {
    assert.equal(strategy({ fleet: MIG("mixed"), "zone-x": ALIAS("none") }), "none");
    assert.equal(strategy({ fleet: ALIAS("mixed"), "zone-x": MIG("none") }), "none");
    assert.equal(strategy({ fleet: ALIAS("mixed"), "zone-x": ALIAS("none") }), "none");
  });

  it("may repeat what gpu.mig.strategy says", () => {
    assert.equal(strategy("gpu: { mig: { strategy: mixed }, migManager: { strategy: mixed } }\n"), "mixed");
  });

  it("may not say something else in the same file", () => {
    assert.deepEqual(told(resolve("gpu:\n  mig: { strategy: mixed }\n  migManager: { strategy: none }\n")), [
      `error GZ003 Pulumi.zone-x.yaml:3  gpu.migManager.strategy
    wanted the value of gpu.mig.strategy, whose other name this is, got none here and mixed there
    fix: take gpu.migManager.strategy out (docs/problems/GZ003.md)`,
    ]);
  });

  it("gives the strategy its own line, for who asks where it comes from", () => {
    const origin = resolve({ fleet: MIG("mixed"), "zone-x": `\n${ALIAS("none")}` }).zone?.origins.chain(
      "gpu.mig.strategy",
    );
    assert.deepEqual(
      origin?.map(({ layer, line, value }) => [layer, line, value]),
      [
        ["defaults", 0, "single"],
        ["fleet", 2, "mixed"],
        ["zone-x", 3, "none"],
      ],
    );
  });

  it("that is wrong is told once, where it stands", () => {
    assert.deepEqual(
      resolve(ALIAS("some")).problems.map(({ path }) => path),
      ["gpu.migManager.strategy"],
    );
  });
});
