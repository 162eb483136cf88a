import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { countdown, Deadlines } from "./deadlines.ts";

const second = 1000;
const minute = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a first call and a load have half an hour, later ones 20 times the slowest of their kind, at least a minute", () => {
  const deadlines = new Deadlines();
  expect(deadlines.allowedMs("image")).toBe(30 * minute);
  deadlines.took("image", 2 * second);
  expect(deadlines.allowedMs("image")).toBe(minute);
  deadlines.took("image", 9 * second);
  deadlines.took("image", 1 * second);
  expect(deadlines.allowedMs("image")).toBe(180 * second);
  expect(deadlines.allowedMs("turn")).toBe(30 * minute);
  deadlines.took("open", 1 * second);
  expect(deadlines.allowedMs("open")).toBe(30 * minute);
});

test("a time that the user gives takes the place of all but loading's", () => {
  const deadlines = new Deadlines(5 * second);
  deadlines.took("image", 9 * second);
  expect(["image", "turn", "measure", "open"].map((call) => deadlines.allowedMs(call))).toEqual([
    5 * second,
    5 * second,
    5 * second,
    30 * minute,
  ]);
});

test("a countdown ends after its time, once, and not where it is stopped before", () => {
  const ended = vi.fn();
  countdown(2 * second, ended);
  const stopped = countdown(2 * second, ended);
  vi.advanceTimersByTime(1750);
  expect(ended).not.toHaveBeenCalled();
  stopped.stop();
  vi.advanceTimersByTime(minute);
  expect(ended).toHaveBeenCalledOnce();
});

test("an hour in which the process itself was stopped does not count", () => {
  const ended = vi.fn();
  let now = 0;
  const clock = { nowMs: () => now };
  const going = countdown(5 * second, ended, clock);
  const run = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      now += 250;
      vi.advanceTimersByTime(250);
    }
  };
  run(2 * second);
  now += 3600 * second;
  run(2 * second);
  expect(ended).not.toHaveBeenCalled();
  expect(going.elapsedMs).toBeLessThan(5 * second);
  run(1 * second);
  expect(ended).toHaveBeenCalledOnce();
});

test("a date that is set back or forward neither lengthens nor ends a deadline", () => {
  for (const date of ["2026-05-01T12:00:00.000Z", "2030-05-02T12:00:00.000Z"]) {
    vi.setSystemTime(new Date("2026-05-02T12:00:00.000Z"));
    const ended = vi.fn();
    const going = countdown(5 * second, ended);
    vi.advanceTimersByTime(2 * second);
    vi.setSystemTime(new Date(date));
    vi.advanceTimersByTime(2 * second);
    expect(ended).not.toHaveBeenCalled();
    expect(going.elapsedMs).toBe(4 * second);
    vi.advanceTimersByTime(1 * second);
    expect(ended).toHaveBeenCalledOnce();
  }
});
