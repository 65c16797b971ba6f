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

  it("says so when something takes longer than usual", async () => {
    const lines: string[] = [];
    const progress = new Progress({ line: (line) => lines.push(line) }, 0.01);
    const activity = progress.start("kwok: building", 0.001);
    while (lines.length < 2) await new Promise(setImmediate);
    activity.end("done");
    assert.equal(lines[1], "kwok: building: 0:00, longer than the usual 0:00");
  });

  it("rewrites its line on a terminal also where a caller takes the whole lines", () => {
    const written: string[] = [];
    const lines: string[] = [];
    const write = (text: string): number => written.push(text);
    const screen = (isTTY: boolean) =>
      screenOf({ isTTY, columns: 80, write } as unknown as NodeJS.WriteStream, (line) => lines.push(line));
    new Progress(screen(true)).start("kwok: building", 70).end("done");
    assert.deepEqual(lines, ["kwok: building: done after 0:00"]);
    assert.equal(written[0], "\r\u001b[Kkwok: building: 0:00 of about 1:10");
    assert.equal(written.at(-1), "\r\u001b[K");
    written.length = 0;
    new Progress(screen(false)).start("etcd: building").end("done");
    assert.deepEqual(written, []);
    assert.deepEqual(lines.slice(1), ["etcd: building", "etcd: building: done after 0:00"]);
  });

  it("writes times as minutes and seconds", () => {
    assert.deepEqual([0, 7.4, 59.6, 200, 3720].map(clock), ["0:00", "0:07", "1:00", "3:20", "62:00"]);
  });
});
