import { expect, test } from "vitest";
import { budgetOf } from "../pickle/budget.ts";
import type { PickleDict, PickleRecord, PickleValue } from "../pickle/pickleValue.ts";
import { findStateDict, stripPrefixes } from "./stateDict.ts";

const tensor: PickleRecord = { kind: "record", className: "torch._utils._rebuild_tensor_v2", args: [] };
const dict = (entries: Record<string, PickleValue>): PickleDict => ({
  kind: "dict",
  entries: new Map(Object.entries(entries)),
});
const find = (root: PickleValue) => findStateDict(root, { label: "x.pth", budget: budgetOf("x.pth", 1000) });

test.each([
  "model",
  "state_dict",
  "model_state",
  "model_state_dict",
  "net",
  "params",
  "params_ema",
  "ema_state_dict",
  "ema",
])("a state dict under %s is found", (key) => {
  const { nesting, tensors } = find(dict({ epoch: 3, loss: tensor, [key]: dict({ w: tensor }) }));
  expect([nesting, [...tensors.keys()]]).toEqual([key, ["w"]]);
});

test("weights go before their average", () => {
  expect(find(dict({ params_ema: dict({ a: tensor }), params: dict({ b: tensor }) })).nesting).toBe("params");
  expect(find(dict({ ema_state_dict: dict({ a: tensor }), net: dict({ b: tensor }) })).nesting).toBe("net");
});

test("a state dict inside a tuple or a list is found, with its place", () => {
  const state = dict({ model: dict({ w: tensor }) });
  expect(find({ kind: "tuple", items: [7, state, null] }).nesting).toBe("[1] / model");
  expect(find({ kind: "list", items: [state] }).nesting).toBe("[0] / model");
});

test("a tuple that contains itself holds nothing", () => {
  const list: { kind: "list"; items: PickleValue[] } = { kind: "list", items: [] };
  list.items.push(list);
  expect(() => find(list)).toThrow("x.pth: holds no state dict");
});

test.each([
  ["module.", ["module.a", "module.b.c"], ["a", "b.c"]],
  ["_orig_mod.", ["_orig_mod.a", "_orig_mod.b.c"], ["a", "b.c"]],
  ["_orig_mod.", ["image_encoder._orig_mod.a", "mask_decoder.c"], ["image_encoder.a", "mask_decoder.c"]],
  ["module. / _orig_mod.", ["module._orig_mod.a", "module.b"], ["a", "b"]],
  ["_orig_mod. / module.", ["_orig_mod.module.a", "_orig_mod.module.b"], ["a", "b"]],
])("%s is taken off names", (nesting, given, names) => {
  const stripped = stripPrefixes({ nesting: "", tensors: new Map(given.map((name) => [name, 1])) });
  expect([stripped.nesting, [...stripped.tensors.keys()]]).toEqual([nesting, names]);
});

test("names that would become equal stay", () => {
  const tensors = new Map([
    ["a", 1],
    ["_orig_mod.a", 2],
  ]);
  expect([...stripPrefixes({ nesting: "", tensors }).tensors.keys()]).toEqual(["a", "_orig_mod.a"]);
});
