import { expect, test } from "vitest";
import { latencySettings } from "./latencySettings.ts";
import { planOptions } from "./options.ts";

const ignore = () => undefined;

test("without a flag there are 20 rounds after 3 of warm-up, and each can be set", () => {
  expect(latencySettings({}, ignore)).toEqual({ rounds: 20, warmup: 3 });
  expect(latencySettings({ rounds: 7 }, ignore)).toEqual({ rounds: 7, warmup: 3 });
  expect(() => latencySettings({ rounds: 0 }, ignore)).toThrow("--rounds: must be a whole number");
});

test.each([
  ["quick", { rounds: 5, warmup: 1 }],
  ["thorough", { rounds: 60, warmup: 5 }],
] as const)("--%s says what it sets, in its note and in --help", (name, settings) => {
  const notes: string[] = [];
  expect(latencySettings({ [name]: true }, (text) => notes.push(text))).toEqual(settings);
  const said = `${settings.rounds} latency samples of each variant after ${settings.warmup} of warm-up`;
  expect(notes).toEqual([`--${name}: ${said}`]);
  expect(planOptions[name].describe).toContain(said);
});

test("two flags that set the rounds are refused, and both are named", () => {
  expect(() => latencySettings({ quick: true, rounds: 20 }, ignore)).toThrow(
    "--quick: 5 latency samples of each variant after 1 of warm-up, and --rounds sets that too",
  );
  expect(() => latencySettings({ thorough: true, warmup: 0 }, ignore)).toThrow("--warmup sets that too");
  expect(() => latencySettings({ quick: true, thorough: true }, ignore)).toThrow("--thorough sets that too");
});
