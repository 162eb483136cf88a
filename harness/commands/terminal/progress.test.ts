import { Writable } from "node:stream";
import { expect, test, vi } from "vitest";
import { createProgress, formatDuration } from "./progress.ts";

/** A console whose notes are kept, and a clock that is set by hand. */
function setUp({ isTTY, columns }: { isTTY: boolean; columns?: number }) {
  const written: string[] = [];
  const stream = () =>
    new Writable({
      write(chunk, _, done) {
        written.push(String(chunk));
        done();
      },
    });
  const notes = Object.assign(stream(), { isTTY, columns });
  const time = { ms: 0 };
  return { console: { out: stream(), notes }, written, time, clock: { nowMs: () => time.ms } };
}

const wipe = "\r\u001b[2K";

test("a terminal's line is drawn over itself with rate and time left, and wiped off at the end", () => {
  const { console, written, time, clock } = setUp({ isTTY: true });
  const progress = createProgress(console, { total: 40, unit: "images", clock });
  progress.update(0, "sam-nano");
  time.ms = 4000;
  progress.update(10, "sam-nano");
  progress.finish();
  expect(written).toEqual([`${wipe}sam-nano  0/40 images`, `${wipe}sam-nano  10/40 images  2.5/s  12 s left`, wipe]);
});

test("a terminal's line is drawn ten times a second at most", () => {
  const { console, written, time, clock } = setUp({ isTTY: true });
  const progress = createProgress(console, { total: 1000, unit: "images", clock });
  for (let i = 0; i < 1000; i++) {
    time.ms = i;
    progress.update(i, "sam-nano");
  }
  expect(written).toHaveLength(10);
});

test("a line longer than the terminal is cut, so that it does not wrap", () => {
  const { console, written, clock } = setUp({ isTTY: true, columns: 30 });
  createProgress(console, { total: 5, unit: "images", clock }).update(0, "a-variant-of-a-very-long-name");
  expect(written[0]!.slice(wipe.length)).toHaveLength(29);
});

test.each([
  [90, "accuracy, sam-nano 5/26  mIoU box 38.1 ±6.0  5/52 images  1.0/s  1 min 07 s left"],
  [80, "accuracy, sam-nano 5/26  mIoU box 38.1 ±6.0  5/52 images  1 min 07 s left"],
  [70, "accuracy, sam-nano 5/26  5/52 images  1 min 07 s left"],
  [50, "accuracy, sam-nano…  5/52 images  1 min 07 s left"],
])("in %i columns a line loses its rate, then its figure, then the end of its label", (columns, expected) => {
  const { console, written, time, clock } = setUp({ isTTY: true, columns });
  const progress = createProgress(console, { total: 52, unit: "images", clock });
  time.ms = 5000;
  // 47 images and 20 turns are left, and each takes a second.
  progress.update(5, "accuracy, sam-nano 5/26", { detail: "mIoU box 38.1 ±6.0", after: 20 });
  expect(written).toEqual([`${wipe}${expected}`]);
});

test("a file gets a plain line every ten seconds and nothing of a short job", () => {
  const { console, written, time, clock } = setUp({ isTTY: false });
  const progress = createProgress(console, { total: 40, unit: "images", clock });
  for (const second of [1, 5, 9, 11, 15, 20, 22]) {
    time.ms = second * 1000;
    progress.update(second, "sam-nano");
  }
  progress.finish();
  expect(written).toEqual(["sam-nano  11/40 images  1.0/s  29 s left\n", "sam-nano  22/40 images  1.0/s  18 s left\n"]);
});

test("what an earlier process had done does not count into the rate", () => {
  const { console, written, time, clock } = setUp({ isTTY: true });
  const progress = createProgress(console, { total: 40, unit: "images", from: 20, clock });
  time.ms = 10_000;
  progress.update(22, "sam-nano");
  expect(written).toEqual([`${wipe}sam-nano  22/40 images  5.0 s each  1 min 30 s left`]);
});

test("a note stands above the line", () => {
  const { console, written, clock } = setUp({ isTTY: true });
  const progress = createProgress(console, { total: 4, unit: "images", clock });
  progress.update(1, "sam-nano");
  progress.note("stopping after this image");
  expect(written.slice(1)).toEqual([`${wipe}stopping after this image\n`, `${wipe}sam-nano  1/4 images`]);
});

test("durations are as exact as one plans by", () => {
  expect([0.2, 59.5, 250, 7500].map(formatDuration)).toEqual(["1 s", "1 min 00 s", "4 min 10 s", "2 h 05 min"]);
});

test("rate and time left go by a clock that nobody sets, whatever happens to the date", () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: new Date("2026-05-02T12:00:00.000Z") });
  try {
    const { console, written } = setUp({ isTTY: true });
    const progress = createProgress(console, { total: 40, unit: "images" });
    for (const [done, date] of [
      [10, "2026-05-01T12:00:00.000Z"],
      [20, "2030-01-01T12:00:00.000Z"],
    ] as const) {
      vi.advanceTimersByTime(4000);
      vi.setSystemTime(new Date(date));
      progress.update(done, "sam-nano");
    }
    expect(written.map((line) => line.slice(wipe.length))).toEqual([
      "sam-nano  10/40 images  2.5/s  12 s left",
      "sam-nano  20/40 images  2.5/s  8 s left",
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ["no time has passed", 0, 10, "10/40 images"],
  ["nothing is done", 5000, 0, "0/40 images"],
  ["more are done than there are", 5000, 41, "41/40 images  8.2/s"],
  ["all are done", 5000, 40, "40/40 images  8.0/s"],
])("a rate or a time left that makes no sense is left out: %s", (_, ms, done, line) => {
  const { console, written, time, clock } = setUp({ isTTY: true });
  const progress = createProgress(console, { total: 40, unit: "images", clock });
  time.ms = ms;
  progress.update(done, "sam-nano");
  expect(written).toEqual([`${wipe}sam-nano  ${line}`]);
});
