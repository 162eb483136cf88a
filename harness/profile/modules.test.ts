import { expect, test } from "vitest";
import { blocksOf, commonModule, givenName, isWithin, moduleNames, scopeOf } from "./modules.ts";

test("the module that holds two others is what their names begin with, by whole parts", () => {
  expect(commonModule("a.blocks.1.attn.qkv", "a.blocks.1.attn.proj")).toBe("a.blocks.1.attn");
  expect(commonModule("a.blocks.1", "a.blocks.10")).toBe("a.blocks");
  expect(commonModule("a", "b")).toBe("");
  expect(isWithin("a.blocks.10", "a.blocks.1")).toBe(false);
});

test("a node's scope is what its name says before the operator, by this project's graphs and by PyTorch's exporter", () => {
  expect(scopeOf("image_encoder.blocks.3/Add_2")).toBe("image_encoder.blocks.3");
  expect(scopeOf("/image_encoder/blocks.3/attn/MatMul")).toBe("image_encoder.blocks.3.attn");
  expect(scopeOf("/layers/layers.0/Conv")).toBe("layers.0");
  expect(scopeOf("Conv_1")).toBe("");
});

test("a node that the runtime made of another one has that one's name and scope", () => {
  expect(givenName("Conv_nchwc")).toBe("Conv");
  expect(givenName("a.b/MatMul/MatMulScaleFusion/")).toBe("a.b/MatMul");
  expect(scopeOf("a.b/MatMul/MatMulScaleFusion/")).toBe("a.b");
  expect(scopeOf("a.b/MatMul/MatMulScaleFusion//MatmulTransposeFusion/")).toBe("a.b");
  expect(scopeOf("MatMul_8/MatmulTransposeFusion/")).toBe("");
});

test("a tensor belongs to the module of the checkpoint that it was made of", () => {
  const moduleOf = moduleNames(["enc.blocks.0.attn.qkv.weight.query", "enc.blocks.0.attn.proj.bias", "enc.pos_embed"]);
  expect(moduleOf("enc.blocks.0.attn.qkv.weight.query")).toBe("enc.blocks.0.attn.qkv");
  expect(moduleOf("enc.blocks.0.attn.proj.bias+qkv.bias")).toBe("enc.blocks.0.attn.proj");
  expect(moduleOf("enc.blocks.0.attn.rel_pos_h+rel_pos_w.table")).toBe("enc.blocks.0.attn");
  expect(moduleOf("enc.pos_embed")).toBe("enc.pos_embed");
});

test("constants of no checkpoint have no module", () => {
  const constants = ["window.padding", "ints[0,1]", "number[0.5]", "enc.ints[0,1]", "enc.number[0.5]"];
  const moduleOf = moduleNames(["enc.norm.weight", ...constants]);
  for (const name of constants) expect(moduleOf(name)).toBeUndefined();
});

test("blocks are the elements of a list of several layers each; other layers belong to what holds them", () => {
  const layers = [
    "enc.patch_embed.proj",
    "enc.blocks.0.norm1",
    "enc.blocks.0.mlp.lin1",
    "enc.neck.0",
    "enc.neck.1",
    "enc.norm",
  ];
  expect(layers.map(blocksOf(layers))).toEqual([
    "enc.patch_embed",
    "enc.blocks.0",
    "enc.blocks.0",
    "enc.neck",
    "enc.neck",
    "enc.norm",
  ]);
});

test("blocks of stages are blocks, and lists within a block are its layers", () => {
  const layers = [
    "enc.layers.1.blocks.0.attn.qkv",
    "enc.layers.1.blocks.0.mlp.fc1",
    "enc.layers.1.downsample.conv",
    "model.4.m.0.cv1",
    "model.4.m.0.cv2",
  ];
  expect(layers.map(blocksOf(layers))).toEqual([
    "enc.layers.1.blocks.0",
    "enc.layers.1.blocks.0",
    "enc.layers.1",
    "model.4",
    "model.4",
  ]);
});
