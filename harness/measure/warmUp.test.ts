import { expect, test } from "vitest";
import { warmUpUntilStable } from "./warmUp.ts";

/** Returns the samples one after the other, and the last one for ever. */
function series(...samples: readonly number[]) {
  let at = 0;
  return async () => samples[Math.min(at++, samples.length - 1)]!;
}

test("what is steady from the beginning takes two groups of three", async () => {
  expect(await warmUpUntilStable(series(10))).toEqual({ samples: 6, stable: true });
});

test("a slow beginning is waited out", async () => {
  // 900, 400, 100, 50, then 20: the groups (50, 20, 20) and (20, 20, 20) are the first of one median.
  expect(await warmUpUntilStable(series(900, 400, 100, 50, 20))).toEqual({ samples: 9, stable: true });
});

test("what never settles ends and says so", async () => {
  let value = 1;
  const growing = async () => {
    value *= 1.2;
    return value;
  };
  expect(await warmUpUntilStable(growing)).toEqual({ samples: 40, stable: false });
});

test("a minute of warm-up is enough, steady or not", async () => {
  let nowMs = 0;
  const slow = async () => {
    nowMs += 25_000;
    return 10;
  };
  expect(await warmUpUntilStable(slow, { nowMs: () => nowMs })).toEqual({ samples: 3, stable: false });
});
