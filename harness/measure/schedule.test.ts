import { expect, test } from "vitest";
import { random } from "../stats/random.ts";
import { interleavedRounds } from "./schedule.ts";

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
});
