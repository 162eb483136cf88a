import { expect, test } from "vitest";
import { systemClock, timed, timedSync } from "./clock.ts";

function clockOf(...times: number[]) {
  return { nowMs: () => times.shift()! };
}

test("a step takes the time between its start and its end", async () => {
  expect(timedSync(() => "mask", clockOf(10, 12.5))).toEqual({ value: "mask", durationMs: 2.5 });
  expect(await timed(async () => "mask", clockOf(10, 12.5))).toEqual({ value: "mask", durationMs: 2.5 });
});

test("an asynchronous step is timed to its end, not to its first wait", async () => {
  let now = 0;
  const step = async () => {
    now += 1;
    await Promise.resolve();
    now += 100;
  };
  expect((await timed(step, { nowMs: () => now })).durationMs).toBe(101);
});

test("what a step throws is thrown", async () => {
  const failing = () => {
    throw new Error("no session");
  };
  expect(() => timedSync(failing)).toThrow("no session");
  await expect(timed(failing)).rejects.toThrow("no session");
});

test("the system's clock does not go back and sees less than a millisecond", () => {
  const times = Array.from({ length: 1000 }, () => systemClock.nowMs());
  expect(times.every((time, i) => i === 0 || time >= times[i - 1]!)).toBe(true);
  expect(times.some((time) => !Number.isInteger(time))).toBe(true);
});
