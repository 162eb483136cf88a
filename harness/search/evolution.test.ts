import { expect, test } from "vitest";
import type { Gene } from "../api.ts";
import { evolve, type Problem } from "./evolution.ts";
import { allConfigurations, type Configuration, keyOf } from "./space.ts";

const values = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
const genes: readonly Gene[] = [0, 0, 1, 1].map((stage, i) => ({ name: `block ${i}`, stage, values }));
/** Cost of each gene's block, and the harm of leaving out from it: late blocks are worth more than they cost. */
const weights = { cost: [0.2, 0.2, 0.2, 0.2], harm: [0.1, 0.3, 0.2, 0.9] };

const latencyOf = (ratios: Configuration) => 1 - ratios.reduce((sum, ratio, i) => sum + weights.cost[i]! * ratio, 0);
const worth = (ratios: Configuration) => 1 - ratios.reduce((sum, ratio, i) => sum + weights.harm[i]! * ratio ** 2, 0);

function problemOf(from: number, to: number, seen: string[] = []): Problem {
  return {
    genes,
    allowed: (ratios) => latencyOf(ratios) >= from && latencyOf(ratios) <= to,
    fitness: async (ratios) => {
      seen.push(keyOf(ratios));
      return worth(ratios);
    },
  };
}

const options = { population: 40, generations: 10, seed: 1 };

test("finds the best of all configurations, which trying them all names", async () => {
  const allowed = [...allConfigurations(genes)].filter(
    (ratios) => latencyOf(ratios) <= 0.75 && latencyOf(ratios) >= 0.65,
  );
  const best = allowed.reduce((a, b) => (worth(b) > worth(a) ? b : a));
  const found = await evolve(problemOf(0.65, 0.75), options);
  expect(found[0]!.values).toEqual(best);
  expect(found.length).toBeLessThan(allowed.length);
});

test("looks at nothing outside of the bounds, and at nothing that falls within a stage", async () => {
  const seen: string[] = [];
  await evolve(problemOf(0.5, 0.6, seen), options);
  for (const key of seen) {
    const [a, b, c, d] = key.split("-").map(Number) as [number, number, number, number];
    expect(latencyOf([a, b, c, d])).toBeLessThanOrEqual(0.6);
    expect(latencyOf([a, b, c, d])).toBeGreaterThanOrEqual(0.5);
    expect(a <= b && c <= d).toBe(true);
  }
});

test("the same seed looks at the same configurations in the same order, another at others", async () => {
  const a: string[] = [];
  const b: string[] = [];
  const c: string[] = [];
  await evolve(problemOf(0.65, 0.75, a), options);
  await evolve(problemOf(0.65, 0.75, b), options);
  await evolve(problemOf(0.65, 0.75, c), { ...options, seed: 2 });
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
});

test("later populations are better than the first", async () => {
  const drawn = await evolve(problemOf(0.65, 0.75), { ...options, population: 20, generations: 0 });
  const evolved = await evolve(problemOf(0.65, 0.75), { ...options, population: 20 });
  expect(evolved[0]!.fitness).toBeGreaterThan(drawn[0]!.fitness);
});

test("stops where the fitness says so, with what it has", async () => {
  let left = 5;
  const found = await evolve(
    { ...problemOf(0.65, 0.75), fitness: async (ratios) => (left-- > 0 ? worth(ratios) : undefined) },
    options,
  );
  expect(found).toHaveLength(5);
});

test("bounds that nothing meets are the user's to widen", async () => {
  await expect(evolve(problemOf(0.1, 0.2), options)).rejects.toThrow(
    "no configuration was found within the latency bounds",
  );
});
