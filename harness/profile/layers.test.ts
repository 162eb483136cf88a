import { expect, test } from "vitest";
import type { ExecutedNode } from "./executedGraph.ts";
import { layersOf, unnamed } from "./layers.ts";

/** A node named as its result, which reads values and weights of modules. */
function node(name: string, inputs: readonly string[], weights: readonly string[] = []): ExecutedNode {
  return { name, operator: "Op", inputs, outputs: [name], outputBytes: [4], macs: 0, weights };
}

test("nodes without weights belong to the deepest module about them", () => {
  const nodes = [
    node("q", ["x"], ["enc.blocks.0.attn.qkv"]),
    node("scores", ["q"]),
    node("softmax", ["scores"]),
    node("out", ["softmax"], ["enc.blocks.0.attn.proj"]),
  ];
  expect(layersOf(nodes)).toEqual([
    "enc.blocks.0.attn.qkv",
    "enc.blocks.0.attn",
    "enc.blocks.0.attn",
    "enc.blocks.0.attn.proj",
  ]);
});

test("a sum at the end of a block belongs to what feeds it, and not to the list of blocks", () => {
  const nodes = [
    node("out", ["x"], ["enc.blocks.0.mlp.lin2"]),
    node("sum", ["out", "x"]),
    node("next", ["sum"], ["enc.blocks.1.norm1"]),
  ];
  expect(layersOf(nodes)[1]).toBe("enc.blocks.0.mlp.lin2");
});

test("a scope in the name bounds the layer, and says more than a weight that many share", () => {
  const nodes = [
    node("enc.blocks.0/MatMul", ["x"], ["enc.blocks.0.mlp.lin2"]),
    node("enc.blocks.1/Concat", ["enc.blocks.0/MatMul"]),
    node("enc.blocks.1/Add", ["enc.blocks.1/Concat"], ["enc"]),
  ];
  expect(layersOf(nodes)).toEqual(["enc.blocks.0.mlp.lin2", "enc.blocks.1", "enc.blocks.1"]);
});

test("a node that reads the weights of several layers belongs to what they share", () => {
  expect(layersOf([node("both", ["x"], ["enc.neck.0", "enc.neck.1"])])).toEqual(["enc.neck"]);
});

test("nodes that nothing is known of have a layer that says so", () => {
  expect(layersOf([node("a", ["x"]), node("b", ["a"])])).toEqual([unnamed, unnamed]);
});
