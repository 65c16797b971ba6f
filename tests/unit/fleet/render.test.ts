import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { yamlDocument } from "../../../fleet/render.ts";
import type { KubernetesObject } from "../../../plan/object.ts";

/** Text that a reader of YAML 1.1 or 1.2 takes for something else when it stands bare. */
const TRICKY = [
  ...["yes", "No", "on", "OFF", "y", "N", "true", "~", "null", "", "=", "<<", "-", "?"],
  ...[
    "1_000",
    "0777",
    "0o14",
    "0x1F",
    "0b11",
    "12:30:45",
    "190:20:30",
    "1e3",
    ".5",
    "1.",
    ".inf",
    ".NaN",
    "+1",
  ],
  ...["2020-01-01", "2020-01-01T00:00:00Z", "2001-12-14 21:59:43.10 -5"],
  ...[
    " x",
    "x ",
    "a: b",
    "# no",
    "a #b",
    "@x",
    "%x",
    "`x",
    "- a",
    "{a}",
    "a\nb",
    "a\n",
    "\n a\n",
    "a\tb",
    "a\u0085b",
  ],
  ...["a\u2028b", "\ufeffa", "\u007f", "\u0000"],
];

describe("a rendered object as YAML", () => {
  it("is the same to readers of YAML 1.1 and 1.2, in its keys too", () => {
    const text = fc.oneof(fc.constantFrom(...TRICKY), fc.string({ unit: "grapheme", maxLength: 8 }));
    fc.assert(
      fc.property(fc.dictionary(text, text, { maxKeys: 8 }), fc.array(text), (data, args) => {
        const object: KubernetesObject = {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "c" },
          data: { ...data },
          args: [...TRICKY, ...args, 1, 0.5, true, null],
        };
        const yaml = yamlDocument(object);
        for (const version of ["1.1", "1.2"] as const)
          assert.deepEqual(parse(yaml, { version }), JSON.parse(JSON.stringify(object)), version);
      }),
    );
  });

  it("quotes what needs it, and nothing else", () => {
    const data = { a: "yes", b: "1_000", c: "plain", d: "2020-01-01" };
    assert.equal(
      yamlDocument({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data }),
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: "yes"\n  b: "1_000"\n  c: plain\n  d: "2020-01-01"',
    );
  });
});
