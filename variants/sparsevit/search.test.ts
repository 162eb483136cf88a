import { expect, test } from "vitest";
import type { OnnxGraph } from "../../harness/api.ts";
import { runGraph } from "../../harness/onnx/fixtures/runGraph.ts";
import { seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { sparseImageEncoder } from "./encoders/imageEncoder.ts";
import { settingOf } from "./presets.ts";
import { searchSpace } from "./search.ts";
import { samStages, sparsityOf } from "./sparsity.ts";

test.each([
  ["sam-nano", [0, 0, 0, 0]],
  ["sam-nano", [0, 0.3, 0.3, 0.8]],
  ["sam-vit-b", [0.5, 0, 0.1, 0.8]],
  ["sam-vit-l", [0, 0, 0, 0.2, 0.2, 0.4, 0.5, 0.6, 0.8, 0.8, 0.8, 0.8]],
] as const)("the parts of %s at %j have the multiply-accumulates of the encoder", (base, ratios) => {
  const space = searchSpace(base)!;
  expect(space.genes).toHaveLength(ratios.length);
  const setting = settingOf(space.idOf(ratios));
  const sparsity = sparsityOf(samStages(samConfigs[base]), base === "sam-nano" ? "nano" : "full", setting);
  const whole = macsOf(sparseImageEncoder(samConfigs[base], sparsity, seededCheckpoint()));
  const names = space.partsOf(ratios);
  expect(names.reduce((sum, name) => sum + macsOf(space.part(name, seededCheckpoint())), 0)).toBe(whole);
});

test("windows are chosen once for neighbours that keep as many of one stage", () => {
  const choices = (ratios: readonly number[]) =>
    searchSpace("sam-nano")!
      .partsOf(ratios)
      .filter((name) => name.startsWith("choosing"));
  expect(choices([0.5, 0.5, 0.5, 0.5])).toEqual(["choosing 8 windows", "choosing 8 windows"]);
  expect(choices([0, 0.5, 0.5, 0.6])).toEqual(["choosing 8 windows", "choosing 8 windows", "choosing 6 windows"]);
});

test("every part runs by itself", async () => {
  const space = searchSpace("sam-nano")!;
  for (const name of new Set([...space.partsOf([0, 0.5, 0.5, 0.8])])) {
    const graph = space.part(name, seededCheckpoint());
    const [{ name: input, dims }] = graph.inputs as [(typeof graph.inputs)[0]];
    const sizes = dims.map(Number);
    const { y } = await runGraph(graph, { [input]: { dims: sizes, data: seededTensor("x.pos_embed", sizes) } });
    expect(y!.data.every(Number.isFinite), name).toBe(true);
  }
});

test("there is nothing to search on a variant that is not SAM's", () => {
  expect(searchSpace("mobilesam")).toBeUndefined();
});

function macsOf({ counts }: OnnxGraph): number {
  return [...counts.macs().values()].reduce((sum, each) => sum + each, 0);
}
