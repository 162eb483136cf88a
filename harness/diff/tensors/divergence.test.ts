import { expect, test } from "vitest";
import { graphOf, type NodeOf } from "../fixtures/tensorsOf.ts";
import { type ComparedPair, firstDivergence, withoutChance } from "./divergence.ts";
import type { TensorPair } from "./matching.ts";
import { errorOf } from "./tensorError.ts";

/** A chain in which each tensor follows from the one before. */
function chain(samples: Readonly<Record<string, readonly number[]>>) {
  const names = Object.keys(samples);
  const nodes = names.map((output, i): NodeOf => {
    return { output, operator: "Add", inputs: i === 0 ? [] : [names[i - 1]!], samples: samples[output]! };
  });
  return graphOf(nodes);
}

const equal = [1, 2, 3, 4];
const other = [4, 4, 1, 2];

function compared(values: readonly (readonly number[])[], by: TensorPair["by"]) {
  const names = ["x", "middle", "y"];
  const a = chain(Object.fromEntries(names.map((name) => [name, equal])));
  const b = chain(Object.fromEntries(names.map((name, i) => [name, values[i]!])));
  const pairs = a.tensors.map((tensor, i): ComparedPair => {
    const partner = b.tensors[i]!;
    const error = errorOf(tensor.samples, partner.samples);
    return { a: tensor, b: partner, by: tensor.name === "y" ? "output" : by, compared: "values", error };
  });
  return { pairs, graphs: { a, b } };
}

test("two tensors of one shape of which nothing differs that follows are no pair", () => {
  const { pairs, graphs } = compared([equal, other, equal], "order");
  const sorted = withoutChance(pairs, graphs, 1e-3);
  expect(sorted.byChance.map(({ a }) => a.name)).toEqual(["middle"]);
  expect(firstDivergence(sorted.pairs, graphs, 1e-3)).toBeUndefined();
});

test("a pair stays where what follows from it differs too, and is the first that diverges", () => {
  const { pairs, graphs } = compared([equal, other, [1, 2, 3, 4.1]], "order");
  const sorted = withoutChance(pairs, graphs, 1e-3);
  expect(sorted.byChance).toEqual([]);
  const { pair, inputs } = firstDivergence(sorted.pairs, graphs, 1e-3)!;
  expect([pair.a.name, inputs.map(({ a }) => a.name)]).toEqual(["middle", ["x"]]);
});

test("a small divergence stays, though what follows from it is within the tolerance again", () => {
  const { pairs, graphs } = compared([equal, [1, 2, 3, 4.003], equal], "order");
  expect(withoutChance(pairs, graphs, 1e-3).byChance).toEqual([]);
});

test("outputs are a pair whatever they hold", () => {
  const { pairs, graphs } = compared([equal, equal, other], "order");
  expect(withoutChance(pairs, graphs, 1e-3).byChance).toEqual([]);
});
