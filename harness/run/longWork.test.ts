import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toldWhereLong } from "./longWork.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("work that takes long is told of once, and its result comes all the same", async () => {
  const tell = vi.fn();
  const work = new Promise<number>((resolve) => setTimeout(() => resolve(7), 100_000));
  const told = toldWhereLong(work, tell);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(tell).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(91_000);
  expect(tell).toHaveBeenCalledTimes(1);
  expect(await told).toBe(7);
});

test("nothing is told of work that has ended or failed", async () => {
  const tell = vi.fn();
  expect(await toldWhereLong(Promise.resolve(1), tell)).toBe(1);
  await expect(toldWhereLong(Promise.reject(new Error("off")), tell)).rejects.toThrow("off");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(tell).not.toHaveBeenCalled();
});
