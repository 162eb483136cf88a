import { expect, test } from "vitest";
import { random } from "../stats/random.ts";
import { cyclesOf, interleavedRounds, latencySchedule } from "./schedule.ts";

const names = ["sam-nano", "mobilesam-nano", "sam-fast/sam-nano"];
const plan = (rounds: number, seed = 1) => interleavedRounds(names, rounds, random(seed, "latency order"));

test("every variant has one turn a round", () => {
  const turns = plan(20);
  expect(turns).toHaveLength(60);
  for (let round = 0; round < 20; round++) {
    const own = turns.slice(round * 3, round * 3 + 3);
    expect(own.map(({ round: its, turn }) => [its, turn])).toEqual([0, 1, 2].map((turn) => [round, turn]));
    expect(own.map(({ name }) => name).sort()).toEqual([...names].sort());
  }
});

test("the order follows from the seed, and more rounds do not change the first ones", () => {
  expect(plan(10)).toEqual(plan(10));
  expect(plan(30).slice(0, 30)).toEqual(plan(10));
  expect(plan(10, 2)).not.toEqual(plan(10));
});

test("each variant comes first, second and third about as often", () => {
  const turns = plan(600);
  for (const name of names) {
    for (let place = 0; place < 3; place++) {
      const count = turns.filter((turn) => turn.name === name && turn.turn === place).length;
      expect(Math.abs(count - 200)).toBeLessThan(40); // 3.5 standard deviations
    }
  }
});

test("nothing to measure has no turns", () => {
  expect(interleavedRounds([], 5, random(1, "x"))).toEqual([]);
  expect(plan(0)).toEqual([]);
  expect(latencySchedule([], { warmup: 3, rounds: 5 }, random(1, "x"))).toEqual([]);
  expect(latencySchedule([["a"], ["b"]], { warmup: 3, rounds: 0 }, random(1, "x"))).toEqual([]);
});

const groups = [["vit-h", "mobilesam"], ["vit-l"], ["vit-b", "fastsam", "efficientsam"]];
const grouped = (rounds: number, seed = 1, warmup = 3) =>
  latencySchedule(groups, { warmup, rounds }, random(seed, "latency", "order"));

test("one group takes the very turns of interleaved rounds, the first ones to warm up", () => {
  const turns = latencySchedule([names], { warmup: 3, rounds: 20 }, random(7, "latency", "order"));
  const interleaved = interleavedRounds(names, 23, random(7, "latency", "order"));
  expect(turns.map(({ name, round, turn }) => ({ name, round: round + 3, turn }))).toEqual(interleaved);
  expect(turns.flatMap(({ completes }) => completes ?? [])).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
});

test("the same groups and seed give the same turns, another seed others", () => {
  expect(JSON.stringify(grouped(20))).toBe(JSON.stringify(grouped(20)));
  expect(grouped(20, 2)).not.toEqual(grouped(20));
});

test.each([1, 2, 5, 7, 10, 20, 60])("in groups every variant has each of %i measured rounds once", (rounds) => {
  const turns = grouped(rounds);
  for (const name of groups.flat()) {
    const own = turns.filter((turn) => turn.name === name && turn.round >= 0);
    expect(own.map(({ round }) => round)).toEqual(Array.from({ length: rounds }, (_, i) => i));
  }
  expect(turns.at(-1)!.completes).toBe(rounds);
});

test("a group warms up each time that it is loaded, and not where it stays loaded from one block to the next", () => {
  const turns = grouped(20);
  for (const [i, { group, block }] of turns.entries()) {
    const before = turns[i - 1];
    if (before !== undefined && before.group === group && before.block === block) continue;
    const warm = turns.slice(i).findIndex(({ round }) => round >= 0) / groups[group]!.length;
    expect(warm).toBe(before?.group === group ? 0 : block === 0 ? 3 : 1);
  }
  expect(grouped(20, 1, 0)[0]!.round).toBe(-1);
});

test("the second half of the cycles mirrors the first, in order and in rounds", () => {
  for (let rounds = 2; rounds <= 60; rounds++) {
    const cycles = cyclesOf(rounds);
    expect(cycles.reduce((sum, cycle) => sum + cycle.rounds, 0)).toBe(rounds);
    for (const [i, cycle] of cycles.entries()) {
      const mirror = cycles.at(-1 - i)!;
      expect(mirror.rounds).toBe(cycle.rounds);
      if (mirror !== cycle) expect(mirror.direction).not.toBe(cycle.direction);
    }
  }
  expect(cyclesOf(20).map(({ rounds }) => rounds)).toEqual([5, 5, 5, 5]);
  expect(cyclesOf(5).map(({ rounds }) => rounds)).toEqual([2, 1, 2]);
});

test("a cycle has one block of each group, and what is complete after it is told", () => {
  const turns = grouped(20);
  const blocks = turns.filter(({ group, block }, i) => group !== turns[i - 1]?.group || block !== turns[i - 1]?.block);
  const order = blocks.slice(0, 3).map(({ group }) => group);
  const back = order.toReversed();
  expect(blocks.map(({ group }) => group)).toEqual([...order, ...back, ...order, ...back]);
  expect(turns.flatMap(({ completes }) => completes ?? [])).toEqual([5, 10, 15, 20]);
});
