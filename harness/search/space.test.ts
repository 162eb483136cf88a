import { expect, test } from "vitest";
import type { Gene } from "../api.ts";
import { random } from "../stats/random.ts";
import {
  allConfigurations,
  configurationCount,
  drawConfiguration,
  inOrder,
  keyOf,
  uniformConfigurations,
} from "./space.ts";

const values = [0, 0.4, 0.8];
const genes: readonly Gene[] = [0, 0, 1, 1, 1].map((stage, i) => ({ name: `gene ${i}`, stage, values }));

test("values are put in order within their stage alone", () => {
  expect(inOrder(genes, [0.8, 0, 0.4, 0, 0.8])).toEqual([0, 0.8, 0, 0.4, 0.8]);
});

test("all configurations are there once: 6 of a stage of two, 10 of one of three", () => {
  const all = [...allConfigurations(genes)];
  expect(all).toHaveLength(60);
  expect(new Set(all.map(keyOf)).size).toBe(60);
  for (const configuration of all) expect(inOrder(genes, configuration)).toEqual(configuration);
  expect(configurationCount(genes)).toBe(60);
});

test("the space of the paper's nine ratios has 2025 configurations for sam-nano's two stages of two blocks", () => {
  const nine = Array.from({ length: 9 }, (_, i) => i / 10);
  const four = [0, 0, 1, 1].map((stage, i) => ({ name: String(i), stage, values: nine }));
  expect(configurationCount(four)).toBe(2025);
  expect([...allConfigurations(four)]).toHaveLength(2025);
});

test("every drawn configuration is one of them, and every one is drawn", () => {
  const stream = random(3, "space.test");
  const drawn = new Set(Array.from({ length: 3000 }, () => keyOf(drawConfiguration(genes, stream))));
  expect(drawn).toEqual(new Set([...allConfigurations(genes)].map(keyOf)));
});

test("uniform configurations have one value that all genes may have", () => {
  const fewer = genes.with(2, { ...genes[2]!, values: [0, 0.8] });
  expect(uniformConfigurations(fewer)).toEqual([new Array(5).fill(0), new Array(5).fill(0.8)]);
});
