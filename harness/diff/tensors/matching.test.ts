import { expect, test } from "vitest";
import { graphOf, type NodeOf } from "../fixtures/tensorsOf.ts";
import { matchTensors, pairedOutputs } from "./matching.ts";

const node = (output: string, operator: string, ...samples: readonly number[]): NodeOf => {
  return { output, operator, inputs: [], samples };
};

function pairsOf(a: readonly NodeOf[], b: readonly NodeOf[]): readonly string[] {
  const { pairs } = matchTensors(graphOf(a), graphOf(b), []);
  return pairs.map((pair) => `${pair.a.name} ${pair.b.name} ${pair.by}`);
}

test("outputs are paired by name, and those of other names by their place", () => {
  const outputs = (...names: readonly string[]) => names.map((name) => ({ name, type: "float32" }));
  expect(pairedOutputs(outputs("masks", "iou", "low"), outputs("scores", "masks", "logits"))).toEqual([
    { a: "masks", b: "masks" },
    { a: "iou", b: "scores" },
    { a: "low", b: "logits" },
  ]);
});

test("an extra tensor of the same shape does not shift the pairs behind it", () => {
  const own = [node("a1", "Add", 1, 2, 3, 4), node("a2", "Add", 4, 1, 3, 2), node("a3", "Add", 2, 4, 4, 1)];
  const others = [
    node("b1", "Add", 1, 2, 3, 4),
    node("extra", "Add", 9, 1, 7, 1),
    node("b2", "Add", 4, 1, 3, 2),
    node("b3", "Add", 2, 4, 4, 1),
  ];
  expect(pairsOf(own, others)).toEqual(["a1 b1 order", "a2 b2 order", "a3 b3 order"]);
});

test("a number that two exporters gave to different tensors does not pair them", () => {
  const own = [node("Add_1", "Add", 1, 2, 3, 4), node("Add_2", "Add", 4, 1, 3, 2)];
  const others = [node("Add_1", "Add", 7, 7, 1, 7), node("Add_2", "Add", 1, 2, 3, 4), node("Add_3", "Add", 4, 1, 3, 2)];
  expect(pairsOf(own, others)).toEqual(["Add_1 Add_2 order", "Add_2 Add_3 order"]);
});

test("a name in common pairs tensors whose values have nothing in common", () => {
  const own = [node("x", "Add", 1, 2, 3, 4), node("lin2", "MatMul", 4, 1, 3, 2)];
  const others = [node("x", "Add", 1, 2, 3, 4), node("lin2", "MatMulIntegerToFloat", 2, 7, 1, 9)];
  expect(pairsOf(own, others)).toEqual(["x x name", "lin2 lin2 name"]);
});

test("tensors with other numbers of values, or of another operator and other values, have no partner", () => {
  const { aloneA, aloneB } = matchTensors(
    graphOf([node("a", "Add", 1, 2, 3), node("product", "Mul", 1, 5, 3, 2)]),
    graphOf([node("a", "Add", 1, 2, 3, 4), node("sum", "Sub", 9, 2, 7, 1)]),
    [],
  );
  expect([aloneA, aloneB].map((tensors) => tensors.map(({ name }) => name))).toEqual([
    ["a", "product"],
    ["a", "sum"],
  ]);
});
