import { expect, test } from "vitest";
import { TimeRecorder, untimed } from "./timing.ts";

/** A recorder whose times a test sets. */
function recorderAt(at: { nowMs: number; cpuMs: number }): TimeRecorder {
  return new TimeRecorder({ clock: { nowMs: () => at.nowMs }, cpuMs: () => at.cpuMs });
}

test("a row has the number of pieces, their sum, the time that passed, and the processor's time", async () => {
  const at = { nowMs: 40, cpuMs: 30 };
  const recorder = recorderAt(at);
  recorder.begun("program");
  for (const [ms, cpu] of [
    [100, 150],
    [20, 10],
  ] as const)
    await recorder.timed("graphs", () => {
      at.nowMs += ms;
      at.cpuMs += cpu;
    });
  at.nowMs += 5;
  expect(recorder.table()).toMatchObject({
    wholeMs: 165,
    otherMs: 5,
    sharedMs: 0,
    ownCpuMs: 190,
    rows: [
      { work: "program", count: 1, summedMs: 40, wallMs: 40, aloneMs: 40, cpuMs: 30 },
      { work: "graphs", count: 2, summedMs: 120, wallMs: 120, aloneMs: 120, cpuMs: 160 },
    ],
  });
});

test("of work side by side the sum is told apart from the time that passed, and from the time alone", () => {
  const recorder = recorderAt({ nowMs: 100, cpuMs: 0 });
  const piece = (work: "calibration" | "accuracy-images", fromMs: number, toMs: number) =>
    recorder.book({ work, fromMs, toMs });
  piece("calibration", 10, 60);
  piece("accuracy-images", 20, 50);
  piece("accuracy-images", 30, 80);
  // One piece ends as the next begins: no time is between them.
  piece("accuracy-images", 80, 90);
  const { rows, sharedMs, otherMs } = recorder.table();
  expect(rows).toEqual([
    expect.objectContaining({ work: "calibration", count: 1, summedMs: 50, wallMs: 50, aloneMs: 10 }),
    expect.objectContaining({ work: "accuracy-images", count: 3, summedMs: 90, wallMs: 70, aloneMs: 30 }),
  ]);
  expect([sharedMs, otherMs]).toEqual([40, 20]);
  expect(rows[0]!.cpuMs).toBeUndefined();
});

test("a step that fails is booked, and its error goes on", async () => {
  const at = { nowMs: 0, cpuMs: 0 };
  const recorder = recorderAt(at);
  const step = recorder.timed("weights", () => {
    at.nowMs = 7;
    throw new Error("no weights");
  });
  await expect(step).rejects.toThrow("no weights");
  expect(recorder.table().rows).toMatchObject([{ work: "weights", summedMs: 7 }]);
});

test("where nothing is timed a step is done all the same", async () => {
  expect(await untimed.timed("graphs", () => 3)).toBe(3);
});
