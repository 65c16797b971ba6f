import assert from "node:assert/strict";
import { join } from "node:path";
import { renderRows } from "../../../bench/render.ts";
import { KUSTOMIZE } from "../render/kustomize-path.ts";

describe("the bench's rendering", function () {
  this.timeout(60_000);

  it("measures a zone that renders, beside a root written by hand that builds", async () => {
    const rows = await renderRows(join(import.meta.dirname, "..", "..", ".."), KUSTOMIZE, 1);
    assert.equal(rows.length, 3);
    for (const { ours, theirs } of rows) assert.ok(ours.seconds > 0 && theirs.seconds > 0);
  });
});
