import assert from "node:assert/strict";
import { Failures } from "../../../tools/failures.ts";
import { clear, type Workshop, workshop } from "./workshop.ts";

const MINUTE = 60_000;
const FILE = new URL("https://vendor.example/a/tool.tar.gz");
const OTHER = new URL("https://vendor.example/b/tool.tar.gz");

describe("the memory of failed downloads", () => {
  let shop: Workshop;
  let now: number;
  const clock = (): number => now;

  beforeEach(() => {
    shop = workshop();
    now = Date.UTC(2030, 0, 1);
  });
  afterEach(() => {
    clear(shop);
  });

  it("holds for five minutes, over runs, and not longer", async () => {
    await new Failures(shop.cache, "", clock).remember(FILE, "host", "connect ETIMEDOUT");
    const nextRun = new Failures(shop.cache, "", clock);
    now += 4 * MINUTE;
    assert.match(
      String(nextRun.reason(FILE)),
      /^connect ETIMEDOUT; not asked again before \d\d:\d\d, or remove \//,
    );
    now += 2 * MINUTE;
    assert.equal(nextRun.reason(FILE), undefined);
  });

  it("covers a host with all its files, or one file alone", async () => {
    const failures = new Failures(shop.cache, "", clock);
    await failures.remember(FILE, "file", "404");
    assert.equal(failures.reason(OTHER), undefined);
    assert.ok(failures.reason(FILE) !== undefined);
    await failures.remember(FILE, "host", "503");
    assert.ok(failures.reason(OTHER) !== undefined);
    assert.equal(failures.reason(new URL("https://other.example/")), undefined);
  });

  it("does not outlive a clock that was set back, or a change of proxy", async () => {
    const failures = new Failures(shop.cache, "", clock);
    await failures.remember(FILE, "host", "503");
    assert.equal(new Failures(shop.cache, "proxy:3128", clock).reason(FILE), undefined);
    now -= 48 * 60 * MINUTE;
    assert.equal(failures.reason(FILE), undefined);
  });
});
