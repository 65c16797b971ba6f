import assert from "node:assert/strict";
import { childSeconds, timed } from "../../../bench/measure.ts";

describe("the bench's measure", () => {
  it("reads the processor time of a shell's children, not the shell's own", () => {
    assert.equal(childSeconds("0m0.50s 0m0.50s\n1m2.25s 0m0.50s\n"), 62.75);
    assert.equal(childSeconds(""), 0);
  });

  it("counts a command's processor time beside its time on the clock, and fails with the command", async () => {
    const here = { cwd: ".", env: process.env };
    const busy = "const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end);";
    assert.ok((await timed("node", ["-e", busy], here)).cpuSeconds >= 0.2);
    const asleep = await timed("sleep", ["0.2"], here);
    assert.ok(asleep.cpuSeconds < asleep.seconds / 2, JSON.stringify(asleep));
    await assert.rejects(timed("node", ["-e", "process.exit(3)"], here), /ended with 3/);
  });
});
