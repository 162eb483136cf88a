import { expect, test } from "vitest";
import type { ExecutedNode } from "./executedGraph.ts";
import { liveBytes } from "./liveTensors.ts";

function node(operator: string, inputs: readonly string[], outputs: Readonly<Record<string, number>>): ExecutedNode {
  const name = Object.keys(outputs)[0]!;
  return {
    name,
    operator,
    inputs,
    outputs: Object.keys(outputs),
    outputBytes: Object.values(outputs),
    macs: 0,
    weights: [],
  };
}

test("a tensor is alive from the node that gives it to the last node that takes it", () => {
  const nodes = [
    node("MatMul", ["image"], { a: 100 }),
    node("Relu", ["a"], { b: 10 }),
    node("Relu", ["b"], { c: 1 }),
    node("Add", ["a", "c"], { d: 1000 }),
    node("Relu", ["d"], { e: 5 }),
  ];
  expect(liveBytes(nodes)).toEqual([100, 110, 111, 1101, 1005]);
});

test("another shape takes no memory, and keeps what it is a shape of alive", () => {
  const nodes = [
    node("MatMul", ["image"], { a: 100 }),
    node("Reshape", ["a"], { flat: 100 }),
    node("Relu", ["x"], { b: 10 }),
    node("Relu", ["flat"], { c: 1 }),
  ];
  expect(liveBytes(nodes)).toEqual([100, 100, 110, 111]);
});

test("an output of the graph is alive to its end", () => {
  const nodes = [
    node("Split", ["image"], { first: 40, second: 60 }),
    node("Relu", ["second"], { b: 1 }),
    node("Relu", ["b"], { c: 2 }),
  ];
  expect(liveBytes(nodes)).toEqual([100, 101, 43]);
});
