import assert from "node:assert/strict";
import { clock, Progress, screenOf } from "../../../tools/progress.ts";

describe("progress", () => {
  it("in a log says what begins and how long it usually takes, gives signs of life, and ends with the time", async () => {
    const lines: string[] = [];
    const progress = new Progress({ line: (line) => lines.push(line) }, 0.01);
    const activity = progress.start("kwok 0.8.0: building", 70);
    assert.deepEqual(lines, ["kwok 0.8.0: building, usually 1:10 on two cores"]);
    while (lines.length < 3) await new Promise(setImmediate);
    assert.deepEqual(lines[1], "kwok 0.8.0: building: 0:00 of about 1:10");
    activity.end("done");
    assert.deepEqual(lines.at(-1), "kwok 0.8.0: building: done after 0:00");
    const count = lines.length;
    activity.end("done");
    assert.equal(lines.length, count);
  });

  it("on a terminal rewrites one line that shows everything under way, cut to its width", () => {
    const written: string[] = [];
    const stream = { isTTY: true, columns: 30, write: (text: string) => written.push(text) };
    const progress = new Progress(screenOf(stream as unknown as NodeJS.WriteStream));
    const first = progress.start("kwok: building", 70);
    const second = progress.start("etcd: downloading");
    assert.equal(written.at(-1), "\r\u001b[Kkwok: building: 0:00 of about");
    first.end("done");
    assert.deepEqual(written.slice(-3), [
      "\r\u001b[K",
      "kwok: building: done after 0:00\n",
      "\r\u001b[Ketcd: downloading: 0:00",
    ]);
    second.at("1.0 MB of 2.0 MB");
    progress.say("a line of its own");
    assert.deepEqual(written.slice(-2), ["a line of its own\n", "\r\u001b[Ketcd: downloading: 0:00, 1.0 "]);
    second.end("done");
    assert.equal(written.at(-1), "\r\u001b[K");
  });

  it("writes times as minutes and seconds", () => {
    assert.deepEqual([0, 7.4, 59.6, 200, 3720].map(clock), ["0:00", "0:07", "1:00", "3:20", "62:00"]);
  });
});
