import { expect, test } from "vitest";
import { planTimeLine, timeShortage } from "./planTime.ts";

const latency = { rounds: 20, warmup: 3 };
const minutes = (parts: readonly [number, number, number, number], rounds = 20) => {
  const [graphs, accuracy, memory, own] = parts.map((part) => 60 * part) as [number, number, number, number];
  return {
    seconds: graphs + accuracy + memory + own,
    parts: { graphs, calibration: 0, accuracy, memory, latency: own, coldStart: 0, energy: 0 },
    untold: [],
    rounds,
  };
};

test("the line names the parts that take time, in minutes or seconds", () => {
  expect(planTimeLine(minutes([6.2, 4, 0, 11]), { latency })).toBe(
    "about 21 min: graphs 6.2, accuracy 4, latency 11 min, less what is here already",
  );
  expect(planTimeLine(minutes([0, 0.5, 0.1, 0.2]), { latency })).toBe(
    "about 48 s: accuracy 30, memory 6, latency 12 s, less what is here already",
  );
});

test("a calibration is a part of its own", () => {
  const { seconds, parts, ...rest } = minutes([1, 0, 0, 2]);
  expect(planTimeLine({ ...rest, seconds: seconds + 180, parts: { ...parts, calibration: 180 } }, { latency })).toBe(
    "about 6 min: graphs 1, calibration 3, latency 2 min, less what is here already",
  );
});

test("a cold start and energy are parts where they are asked for", () => {
  const { parts, ...rest } = minutes([1, 0, 0, 2]);
  const asked = { ...rest, seconds: 480, parts: { ...parts, coldStart: 240, energy: 60 } };
  expect(planTimeLine(asked, { latency })).toBe(
    "about 8 min: graphs 1, latency 2, cold start 4, energy 1 min, less what is here already",
  );
});

test("the line says whose time is not in it", () => {
  expect(planTimeLine({ ...minutes([0, 0.5, 0.1, 0.2]), untold: ["web-webgpu"] }, { latency })).toBe(
    "about 48 s without web-webgpu, which shows how fast it is once it runs: accuracy 30, memory 6, latency 12 s, less what is here already",
  );
});

test("the line says where a time limit leaves rounds out", () => {
  expect(planTimeLine(minutes([6, 0, 5, 13], 4), { latency, maxMinutes: 25 })).toBe(
    "about 24 min: graphs 6, memory 5, latency 13 min, less what is here already; 4 of 20 rounds of latency, for --max-minutes 25",
  );
});

test("a plan that does not fit its limit is refused with the time that it would take", () => {
  const needs = minutes([6, 0, 5, 13], 4);
  expect(timeShortage(needs, { maxMinutes: 24 })).toBeUndefined();
  expect(timeShortage(needs, {})).toBeUndefined();
  const shortage = timeShortage(needs, { maxMinutes: 10 })!;
  expect(shortage.message).toBe(
    "--max-minutes 10: the plan takes longer, also with 4 rounds of latency (found about 24 min: graphs 6, memory 5, latency 13 min)",
  );
  expect(shortage.hint).toBe("--max-minutes 24, or fewer variants or images");
});
