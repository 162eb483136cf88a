import { expect, test } from "vitest";
import { powerMeter } from "./gpuPower.ts";

/** A GPU whose readings and clock a test sets. */
function gpu() {
  let nowMs = 0;
  let take: (text: string) => void = () => undefined;
  let ended = false;
  const meter = powerMeter(
    {
      onText: (given) => {
        take = given;
      },
      end: () => {
        ended = true;
      },
    },
    { nowMs: () => nowMs },
  );
  const say = (atMs: number, text: string) => {
    nowMs = atMs;
    take(text);
  };
  return { meter, say, isEnded: () => ended };
}

test("power is summed over time: each reading stands until the next", () => {
  const { meter, say } = gpu();
  say(100, "300.00\n");
  say(200, "500.00\n");
  say(300, "100.00\n");
  // 300 W and 500 W over a tenth of a second each.
  expect(meter.joules()).toBeCloseTo(80, 9);
  say(1300, "");
  expect(meter.joules()).toBeCloseTo(180, 9);
  expect(meter.updates()).toBe(3);
});

test("readings that were held back and come together are one", () => {
  const { meter, say } = gpu();
  say(100, "300.00\n400.00\n200.00\n");
  say(200, "200.00\n");
  expect(meter.joules()).toBeCloseTo(20, 9);
  expect(meter.updates()).toBe(2);
});

test("a driver that does not tell shows no value, and the tool is ended with the meter", () => {
  const { meter, say, isEnded } = gpu();
  say(100, "[N/A]\n\n");
  expect([meter.joules(), meter.updates()]).toEqual([0, 0]);
  meter.close();
  expect(isEnded()).toBe(true);
});
