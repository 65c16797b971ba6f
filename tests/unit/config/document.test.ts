import assert from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import { locateAll, parseLocated, plain, type Located } from "../../../plan/config/document.ts";

/** Lines of all values, by path. */
function linesOf(node: Located, path = ""): Record<string, number> {
  const below =
    node.kind === "map"
      ? [...node.entries]
      : node.kind === "list"
        ? node.items.map((item, index) => [String(index), item] as const)
        : [];
  return Object.assign(
    path === "" ? {} : { [path]: node.line },
    ...below.map(([key, child]) => linesOf(child, path === "" ? key : `${path}.${key}`)),
  ) as Record<string, number>;
}

function messages(text: string): string[] {
  return parseLocated(text).errors.map(({ line, message }) => `${line}: ${message}`);
}

describe("a YAML file read with its lines", () => {
  it("keeps the line of every key, of every item of a list, and of what stands in flow style", () => {
    const text = "a: 1\n\n# comment\nb:\n  c: [x,\n    y]\n  d:\n    - e: 2\n      f: 3\ng: { h: 4 }\n";
    assert.deepEqual(linesOf(parseLocated(text).root), {
      a: 1,
      b: 4,
      "b.c": 5,
      "b.c.0": 5,
      "b.c.1": 6,
      "b.d": 7,
      "b.d.0": 8,
      "b.d.0.e": 8,
      "b.d.0.f": 9,
      g: 10,
      "g.h": 10,
    });
  });

  it("gives an alias the value of its anchor, at the line of the alias", () => {
    const { root } = parseLocated("a: &x { b: 1 }\nc: *x\n");
    assert.deepEqual(plain(root), { a: { b: 1 }, c: { b: 1 } });
    assert.equal(linesOf(root)["c"], 2);
  });

  it("reads keys that are no text as text, and nothing as null", () => {
    assert.deepEqual(plain(parseLocated("1: a\ntrue: b\nc:\n").root), { 1: "a", true: "b", c: null });
    assert.equal(plain(parseLocated("").root), null);
  });

  it("reads YAML 1.2: yes and 2026-12-31 are text", () => {
    assert.deepEqual(plain(parseLocated("a: yes\nb: 2026-12-31\n").root), { a: "yes", b: "2026-12-31" });
  });

  it("tells what cannot be read, with its line", () => {
    assert.deepEqual(messages("a: [1\nb: 2\n"), [
      "2: a list or map that is not closed, or lines that are not indented as their neighbours",
    ]);
    assert.deepEqual(messages("a: 1\na: 2\n"), ["2: key a twice, first in line 1"]);
  });

  it("tells an alias to nothing, tags and second documents, which are not read", () => {
    assert.deepEqual(messages("a: 1\nb: *nope\n"), ["2: alias *nope has no anchor &nope before it"]);
    assert.deepEqual(messages("a: 1\nb: !unknown x\n"), ["2: a tag that is not read here (!unknown)"]);
    assert.deepEqual(messages("a: 1\n---\nb: 1\n"), ["2: a second document (---) in one file"]);
  });

  it("tells the first thing that is no YAML, and not what follows from it", () => {
    assert.equal(messages("- a\nb: 1\nc: [\n").length, 1);
  });

  it("keeps the text of values that mean another number than they say, or another to Pulumi", () => {
    const source = (text: string): unknown => {
      const { root } = parseLocated(text);
      return root.kind === "scalar" ? root.source : undefined;
    };
    for (const text of ["1.10", "010", "12345678901234567890", "1_000", "0b11", "0x1F", "1e3", "+1", "1.0"])
      assert.equal(source(text), text);
    for (const text of [
      "1.1",
      "10",
      "-3",
      "yes",
      "'010'",
      '"1.10"',
      "12:30",
      "2026-12-31",
      "1.2.3",
      "1g.5gb",
    ])
      assert.equal(source(text), undefined, text);
  });

  it("ends at an alias that holds itself, and at aliases that would grow without end", () => {
    const bomb = ["a: &a [1]"];
    for (const [below, name] of ["ab", "bc", "cd", "de", "ef"].map((pair) => [
      pair.charAt(0),
      pair.charAt(1),
    ]))
      bomb.push(`${String(name)}: &${String(name)} [${`*${String(below)}, `.repeat(10)}]`);
    assert.deepEqual(messages("a: &x\n  b: *x\n"), [
      "2: more than 1000 aliases (*x), or one that holds itself",
    ]);
    assert.match(messages(bomb.join("\n")).join(), /^\d: more than 1000 aliases/);
  });

  it("refuses the one key that would reach every map of the process", () => {
    assert.deepEqual(messages("a:\n  __proto__: { b: 1 }\n"), ["2: a key named __proto__"]);
    assert.equal(({} as Record<string, unknown>)["b"], undefined);
  });

  it("never throws, whatever the text", () => {
    const scraps = fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&x ",
      "*x",
      "? ",
      "!",
      '"',
      "|",
      "#",
      "<<",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(scraps).map((parts) => parts.join("")),
        ),
        (text) => {
          parseLocated(text);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("gives back what was written, whatever the values", () => {
    const key = fc.string().filter((text) => text !== "__proto__");
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(key, tie("value"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (each) => {
        const { root, errors } = parseLocated(stringify(each));
        assert.deepEqual(errors, []);
        assert.deepEqual(plain(root), normal(each));
        assert.deepEqual(plain(locateAll(each, 7)), normal(each));
      }),
    );
  });
});

/** Without the null prototypes that fast-check gives some maps, and without -0. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
