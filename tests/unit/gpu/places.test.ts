import assert from "node:assert/strict";
import fc from "fast-check";
import { MIG_BOARDS, type MigBoard, type MigLayout } from "../../../plan/gpu/mig-boards.ts";
import { migBoard } from "../../../plan/gpu/mig.ts";
import { layoutText, nearestLayouts, places } from "../../../plan/gpu/places.ts";
import { everyLayout, layoutKey, PRINTED } from "./brute-force-placer.ts";

const A100 = "NVIDIA-A100-PCIE-40GB";
const RTX = "NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition";

/** Whose placements the board has; undefined: nobody read them. */
function printedOf(board: MigBoard): keyof typeof PRINTED | undefined {
  const name = board.products[0] ?? "";
  if (name === "NVIDIA-A30") return "A30";
  if (name.startsWith("NVIDIA-RTX-PRO")) return name.includes("6000") ? "RTX PRO 6000" : undefined;
  return "A100";
}

/** `1g.10gb` as the placer calls it: by slices, and by whether it has twice the memory of the smallest. */
function bareName(board: MigBoard, profile: string): string {
  const [, slices = "", memory = ""] = /^(\dg)\.(\d+)gb$/.exec(profile) ?? [];
  const least = Math.min(...board.profiles.map(({ memoryGB }) => memoryGB));
  return slices === "1g" && Number(memory) > least ? "1g double" : slices;
}

/** All counts of each profile from none to one too many. */
function* layouts(board: MigBoard, profiles = plain(board)): Generator<Record<string, number>> {
  const [first, ...rest] = profiles;
  if (first === undefined) {
    yield {};
    return;
  }
  for (const layout of layouts(board, rest))
    for (let count = 0; count <= first.maxInstances + 1; count++) yield { [first.profile]: count, ...layout };
}

function plain(board: MigBoard) {
  return board.profiles.filter(({ profile }) => !/[+-]/.test(profile));
}

const KNOWN = MIG_BOARDS.flatMap((board) => {
  const printed = printedOf(board);
  return printed === undefined ? [] : [{ board, printed }];
});

function fitOn(product: string, layout: MigLayout): string {
  const board = migBoard(product);
  assert.ok(board);
  return places(board, layout);
}

describe("a MIG layout on one board", () => {
  for (const { board, printed } of KNOWN) {
    it(`fits ${board.products[0] ?? ""} exactly where a placer that tries everything finds it`, () => {
      const possible = everyLayout(PRINTED[printed]);
      let fitting = 0;
      for (const layout of layouts(board)) {
        const bare = Object.entries(layout).map(([name, count]) => [bareName(board, name), count]);
        const expected = possible.has(layoutKey(Object.fromEntries(bare) as Record<string, number>));
        assert.equal(places(board, layout) === "fits", expected, JSON.stringify(layout));
        if (expected) fitting++;
      }
      assert.equal(fitting, possible.size, "the placer's layouts are all among those that were asked for");
    });
  }

  it("of variants lies where the plain profiles lie, and no variant makes room", () => {
    const boards = KNOWN.map(({ board, printed }) => ({ board, possible: everyLayout(PRINTED[printed]) }));
    const anyLayout = fc.constantFrom(...boards).chain(({ board, possible }) =>
      fc
        .dictionary(fc.constantFrom(...board.profiles.map(({ profile }) => profile)), fc.nat(4), {
          maxKeys: 5,
        })
        .map((layout) => ({ board, possible, layout })),
    );
    fc.assert(
      fc.property(anyLayout, ({ board, possible, layout }) => {
        const counts: Record<string, number> = {};
        for (const [profile, count] of Object.entries(layout)) {
          const name = bareName(board, profile.replace(/[+-].*/, ""));
          counts[name] = (counts[name] ?? 0) + count;
        }
        const fit = places(board, layout);
        if (fit === "fits") assert.ok(possible.has(layoutKey(counts)), JSON.stringify(layout));
        else if (!Object.keys(layout).some((profile) => /[+-]/.test(profile)))
          assert.ok(!possible.has(layoutKey(counts)), JSON.stringify(layout));
      }),
      { numRuns: 2000 },
    );
  });

  it("does not fit by its sums: two 3g slices leave compute for one more, and no memory", () => {
    assert.equal(fitOn(A100, { "3g.20gb": 2 }), "fits");
    assert.equal(fitOn(A100, { "3g.20gb": 2, "1g.5gb": 1 }), "impossible");
  });

  it("has no more than one instance with media extensions, of whichever size", () => {
    assert.equal(fitOn("NVIDIA-A30", { "1g.6gb+me": 1, "2g.12gb": 1 }), "fits");
    assert.equal(fitOn("NVIDIA-A30", { "1g.6gb+me": 1, "2g.12gb+me": 1 }), "impossible");
  });

  it("with all media engines in one instance leaves none for others, which nobody could verify", () => {
    assert.equal(fitOn(RTX, { "1g.24gb+me.all": 1, "1g.24gb-me": 3 }), "fits");
    assert.equal(fitOn(RTX, { "1g.24gb+me.all": 1, "1g.24gb": 3 }), "unknown");
    assert.equal(fitOn(RTX, { "1g.24gb+me.all": 1, "2g.48gb+me.all": 1 }), "unknown");
  });

  it("is impossible with a profile of another board", () => {
    assert.equal(fitOn(A100, { "1g.10gb": 1, "3g.40gb": 1 }), "impossible");
  });

  it("that does not lie on a board whose places were inferred may still be possible", () => {
    assert.equal(fitOn("NVIDIA-GB300", { "3g.139gb": 2, "1g.35gb": 1 }), "unknown");
    assert.equal(
      fitOn("NVIDIA-GB300", { "4g.139gb": 1, "3g.139gb": 1, "1g.35gb": 1 }),
      "impossible",
      "8 of 7",
    );
  });

  it("is never impossible on a board whose table nobody could verify", () => {
    assert.equal(fitOn("NVIDIA-RTX-PRO-4500-Blackwell", { "3g.20gb": 9 }), "unknown");
    assert.equal(fitOn("NVIDIA-RTX-PRO-5000-Blackwell", { "1g.12gb": 1, "2g.24gb-me": 1 }), "unknown");
    assert.equal(
      fitOn("NVIDIA-RTX-PRO-5000-Blackwell", { "1g.12gb-me": 3 }),
      "fits",
      "equal slices, as published",
    );
  });
});

describe("the layouts nearest to one that does not fit", () => {
  const near = (layout: MigLayout, most = 3): string[] => {
    const board = migBoard(A100);
    assert.ok(board);
    return nearestLayouts(board, layout, most).map(layoutText);
  };

  it("are full boards, those that differ by the fewest slices first", () => {
    assert.deepEqual(near({ "3g.20gb": 2, "1g.5gb": 1 }), [
      "{ 3g.20gb: 2 }",
      "{ 1g.5gb: 2, 1g.10gb: 1, 3g.20gb: 1 }",
      "{ 1g.5gb: 4, 3g.20gb: 1 }",
    ]);
  });

  it("have a variant only where one was asked for", () => {
    assert.deepEqual(near({ "1g.5gb+me": 1, "1g.5gb": 7 }, 2), [
      "{ 1g.5gb: 7 }",
      "{ 1g.5gb: 6, 1g.5gb+me: 1 }",
    ]);
    assert.ok(!near({ "1g.5gb": 8 }, 50).join().includes("+me"));
  });

  it("all fit", () => {
    for (const { board } of KNOWN)
      for (const each of nearestLayouts(board, {}, 1000)) assert.equal(places(board, each), "fits");
  });
});
