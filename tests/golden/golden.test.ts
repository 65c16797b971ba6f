import assert from "node:assert/strict";
import { assertGolden, judge, judgeGrowing, unifiedDiff, type GoldenCase } from "./golden.ts";

const CASE: GoldenCase = { golden: "a\nb\nc\n", actual: "a\nB\nc\n", update: false, ci: false };

describe("a golden file", () => {
  it("that says the same is left alone, whoever asks", () => {
    for (const update of [false, true])
      for (const ci of [false, true])
        assert.equal(judge({ ...CASE, actual: "a\nb\nc\n", update, ci }), "same");
  });

  it("that says something else, or is not there, differs", () => {
    assert.equal(judge(CASE), "differs");
    assert.equal(judge({ ...CASE, ci: true }), "differs");
    assert.equal(judge({ ...CASE, golden: undefined }), "differs");
  });

  it("is written when that is asked for, and never on CI", () => {
    assert.equal(judge({ ...CASE, update: true }), "write");
    assert.equal(judge({ ...CASE, golden: undefined, update: true }), "write");
    assert.match(JSON.stringify(judge({ ...CASE, update: true, ci: true })), /refused where CI is set/);
  });

  it("that differs is shown as a unified diff, with the command that writes it", () => {
    const asked = process.env["UPDATE_GOLDEN"];
    delete process.env["UPDATE_GOLDEN"];
    try {
      assert.throws(() => {
        assertGolden("not-there.txt", "a\nb\n");
      }, /^Error: tests\/golden\/not-there\.txt is not there; if that is meant: UPDATE_GOLDEN=1 npm test\n@@ -0,0 \+1,2 @@\n\+a\n\+b\n$/);
    } finally {
      if (asked !== undefined) process.env["UPDATE_GOLDEN"] = asked;
    }
    assert.equal(unifiedDiff("a\nb\nc\n", "a\nB\nc\n"), "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    assert.equal(unifiedDiff("a\n", "a\n"), "");
  });
});

describe("a golden file that may only grow", () => {
  const grown = { ...CASE, actual: "a\na2\nb\nc\n" };

  it("takes more lines, when that is asked for", () => {
    assert.equal(judgeGrowing({ ...grown, update: true }), "write");
    assert.equal(judgeGrowing(grown), "differs");
    assert.equal(judgeGrowing({ ...grown, golden: undefined, update: true }), "write");
  });

  it("loses and changes no line, whoever asks, and says what that would do", () => {
    for (const update of [false, true]) {
      const verdict = judgeGrowing({ ...CASE, update });
      assert.ok(typeof verdict === "object");
      assert.match(verdict.refused, /may not lose or change a line\. Lost:\n {2}b\nThe engine knows/);
      assert.match(verdict.refused, /deleted, with its pods/);
    }
  });
});
