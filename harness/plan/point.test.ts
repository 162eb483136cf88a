import { expect, test } from "vitest";
import { loadRegistry, variantOf } from "./plugins/registry.ts";
import { runtimeOf, variantAtSide } from "./point.ts";

const registry = await loadRegistry();

test("prompts keep their frame's proportion to another side", () => {
  const preset = (id: string, side: number) => variantAtSide(variantOf(registry, id), side).preset.input;
  expect(preset("efficientvit-sam-nano", 128)).toMatchObject({ side: 128, promptSide: 256 });
  expect(preset("sam-nano", 128)).toMatchObject({ side: 128, promptSide: undefined });
});

test("a method and its model have the same side", () => {
  const { preset, base } = variantAtSide(variantOf(registry, "sam-fast/sam-nano"), 384);
  expect([preset.input.side, base!.preset.input.side]).toEqual([384, 384]);
  expect(preset.notes.at(-1)).toBe("its input is 384 px here: the model was trained for 256 px, and not for this side");
});

test("a variant that is no point has the plan's threads, and the processor where it names no provider", () => {
  const runtime = { threads: 2 };
  const own = { provider: "webgpu", threads: 1 };
  expect(runtimeOf({ runtime }, {})).toEqual({ provider: "cpu", threads: 2 });
  expect(runtimeOf({ runtime }, { provider: "webgpu" })).toEqual({ provider: "webgpu", threads: 2 });
  expect(runtimeOf({ runtime }, { point: { label: "", sizes: {}, runtime: own, accuracy: "here" } })).toBe(own);
});
