import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalQuantity, quantityValue } from "../../../plan/quantity.ts";

/** What resource.Quantity of apimachinery v0.36.1 makes of a quantity, read from it. */
const STORED: [written: string | number, stored: string][] = [
  [1, "1"],
  [0, "0"],
  [0.5, "500m"],
  [1_000_000_000_000, "1T"],
  ["1", "1"],
  ["1000m", "1"],
  ["1500m", "1500m"],
  ["1.500", "1500m"],
  ["0.5", "500m"],
  [".5", "500m"],
  ["1.", "1"],
  ["007", "7"],
  ["+1", "1"],
  ["-1000m", "-1"],
  ["2000k", "2M"],
  ["1e3", "1e3"],
  ["1000e3", "1e6"],
  ["1e0", "1"],
  ["1E2", "100"],
  ["1024Mi", "1Gi"],
  ["1536Mi", "1536Mi"],
  ["1.5Gi", "1536Mi"],
  ["-1.5Gi", "-1536Mi"],
  ["10240Gi", "10Ti"],
  ["512", "512"],
  ["0Gi", "0"],
  ["0.5Ki", "512"],
  ["1.1Ki", "1126400m"],
  ["1048576", "1048576"],
  ["0.0000000001", "1n"],
];

/** A quantity in any unit, with the fraction that a person writes. */
const quantity = fc
  .tuple(
    fc.nat(5_000_000),
    fc.option(fc.nat(999), { nil: undefined }),
    fc.constantFrom("", "m", "u", "k", "M", "G", "Ki", "Mi", "Gi", "Ti", "e3", "e-3", "E2"),
  )
  .map(([whole, part, unit]) => `${whole}${part === undefined ? "" : `.${part}`}${unit}`);

describe("a quantity", () => {
  for (const [written, stored] of STORED) {
    it(`written as ${JSON.stringify(written)} is stored as "${stored}"`, () => {
      assert.equal(canonicalQuantity(written), stored);
    });
  }

  it("keeps its value in its canonical form, which is its own canonical form", () => {
    fc.assert(
      fc.property(quantity, (text) => {
        const canonical = canonicalQuantity(text) ?? "";
        assert.equal(quantityValue(canonical), quantityValue(text));
        assert.equal(canonicalQuantity(canonical), canonical);
        assert.doesNotMatch(canonical, /\./);
      }),
    );
  });

  it("of a list of resources is rounded up to thousandths, as it is when it is stored", () => {
    assert.deepEqual(
      ["500u", "1500u", "1n", "2", "1.1Ki"].map((text) => canonicalQuantity(text, true)),
      ["1m", "2m", "1m", "2", "1126400m"],
    );
  });

  it("is told from other text", () => {
    for (const text of ["", "abc", "1 Gi", "2Gib", "1e", "e3", "1e999999999", "--1", "NaN", "1.2.3"])
      assert.equal(canonicalQuantity(text), undefined, text);
  });
});
