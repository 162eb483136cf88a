import { expect, test } from "vitest";
import { random } from "../stats/random.ts";
import { median } from "../stats/summary.ts";
import type { Group } from "./groups.ts";
import { latencySchedule, type ScheduledTurn } from "./schedule.ts";

/** Seconds of a turn on the undisturbed machine. To load a model takes a second and half a turn. */
const seconds: Readonly<Record<string, number>> = {
  "vit-h": 13,
  "vit-l": 6,
  "vit-b": 2.8,
  blvit: 2.6,
  ptq4sam: 2.5,
  mobilesam: 0.5,
  "efficientsam-s": 1.2,
  fastsam: 0.8,
  lightening: 0.4,
};
const groups: readonly Group[] = [
  ["vit-h", "mobilesam"],
  ["vit-l", "vit-b", "lightening"],
  ["blvit", "ptq4sam", "efficientsam-s", "fastsam"],
];
const latency = { warmup: 3, rounds: 20 };

/** Factor by which the machine is slow when this share of the undisturbed measurement's time has passed. */
type Drift = (share: number) => number;

const linear: Drift = (share) => 1 + 0.3 * share;
const levelling: Drift = (share) => 1 + 0.3 * (1 - Math.exp(-3 * share));
const stepAt =
  (place: number): Drift =>
  (share) =>
    share < place ? 1 : 1.3;

const inBlocks = (rounds = latency.rounds) =>
  latencySchedule(groups, { ...latency, rounds }, random(1, "latency", "order"));

/** The obvious order, which hits whoever comes last. */
const oneAfterTheOther = () =>
  groups.flatMap((names, group) =>
    latencySchedule([names], latency, random(1, "latency", "order")).map((turn) => ({ ...turn, group })),
  );

test("a machine that slows by 30 % changes no ratio of two medians by 1 %, where groups follow each other by 20 %", () => {
  expect(distortion(inBlocks(), linear)).toBeLessThan(0.01);
  expect(distortion(oneAfterTheOther(), linear)).toBeGreaterThan(0.2);
});

test("a drift that levels off, as heat does, changes none by 2 %, where groups follow each other by 10 %", () => {
  expect(distortion(inBlocks(), levelling)).toBeLessThan(0.02);
  expect(distortion(oneAfterTheOther(), levelling)).toBeGreaterThan(0.1);
});

test("a step of 30 % changes a ratio by half of that at most, and by 6 % in the mean over the times of the step", () => {
  const times = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  const balanced = times.map((time) => distortion(inBlocks(), stepAt(time)));
  expect(Math.max(...balanced)).toBeLessThan(0.151);
  expect(mean(balanced)).toBeLessThan(0.06);
  const unbalanced = times.map((time) => distortion(oneAfterTheOther(), stepAt(time)));
  expect(Math.max(...unbalanced)).toBeGreaterThan(0.29);
  expect(mean(unbalanced)).toBeGreaterThan(0.18);
});

test.each([2, 4, 6, 8, 10, 14, 30, 60])("%i rounds are balanced within a twentieth", (rounds) => {
  expect(distortion(inBlocks(rounds), linear)).toBeLessThan(0.05);
});

test("an odd number of rounds is less balanced: its middle round decides", () => {
  expect(distortion(inBlocks(5), linear)).toBeLessThan(0.07);
  expect(distortion(inBlocks(15), linear)).toBeLessThan(0.04);
});

/** Returns the share by which the drift changes the ratio of two candidates' medians, for the two that it changes most. */
function distortion(turns: readonly ScheduledTurn[], drift: Drift): number {
  const undisturbed = play(turns, () => 1).endS;
  const { samples } = play(turns, (timeS) => drift(Math.min(1, timeS / undisturbed)));
  const slowdowns = [...samples].map(([name, own]) => median(own) / seconds[name]!);
  return Math.max(...slowdowns) / Math.min(...slowdowns) - 1;
}

/** Takes the turns on a machine that is slower by a factor of the time, and returns the measured ones. */
function play(turns: readonly ScheduledTurn[], slowness: (timeS: number) => number) {
  const samples = new Map<string, number[]>();
  let timeS = 0;
  let loaded: number | undefined;
  for (const { name, round, group } of turns) {
    if (group !== loaded) for (const each of groups[group]!) timeS += (1 + seconds[each]! / 2) * slowness(timeS);
    loaded = group;
    const took = seconds[name]! * slowness(timeS);
    timeS += took;
    if (round >= 0) samples.set(name, [...(samples.get(name) ?? []), took]);
  }
  return { endS: timeS, samples };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
