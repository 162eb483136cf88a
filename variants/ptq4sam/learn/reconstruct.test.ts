import { expect, test } from "vitest";
import type { Tensor } from "../../../harness/api.ts";
import { observer, type UniformQuantizer, weightQuantizers } from "../../../harness/quantize/index.ts";
import { normal, random } from "../../../harness/stats/random.ts";
import { seededCheckpoint } from "../../../harness/weights/index.ts";
import { type SamConfig, samConfigs } from "../../sam/config.ts";
import type { Calibrated, CalibratedWeight } from "../calibrate/calibrated.ts";
import { drawRows, drawsOf, reconstruct, type Seen } from "./reconstruct.ts";
import { Unit, type UnitShape } from "./units.ts";

const config: SamConfig = {
  ...samConfigs["sam-nano"],
  decoder: { ...samConfigs["sam-nano"].decoder, embedding: 16, mlp: 32 },
};
const path = "mask_decoder.transformer.layers.0.mlp";
const mlp: UnitShape = { kind: "relu mlp", path, inputs: [`${path}.lin1.input`] };
const bits = 3;

test("learning lowers a unit's error on images that it did not learn from", async () => {
  const unit = new Unit(mlp, config, seededCheckpoint(), statistics());
  const { before, after } = await reconstruct(unit, images(8), { seed: 0, iterations: 200, report: () => undefined });
  expect(before).toBeGreaterThan(0);
  expect(after).toBeLessThan(0.9 * before);
});

test("every iteration is reported, and a report that throws ends learning", async () => {
  let count = 0;
  const report = () => {
    if (++count === 3) throw new Error("enough");
  };
  const unit = new Unit(mlp, config, seededCheckpoint(), statistics());
  await expect(reconstruct(unit, images(1), { seed: 0, iterations: 9, report })).rejects.toThrow("enough");
  expect(count).toBe(3);
});

test("all keys of a group take part in an attention, in their order, and some of its queries", () => {
  const tensors = [tensor([2, 300, 4]), tensor([2, 500, 4]), tensor([2, 500, 4])];
  const shape: UnitShape = { kind: "attention", path: "any", inputs: ["q", "k", "v"] };
  const { float } = drawRows(shape, { float: tensors, quantized: tensors }, random(1, "draw"));
  expect(float.matrices.map(({ rows }) => rows)).toEqual([64, 500, 500]);
  const keys = tensors[1]!.data;
  const first = keys.slice(0, 2000);
  const second = keys.slice(2000);
  expect([first, second]).toContainEqual(float.matrices[1]!.values);
});

test("tokens that attend to one another are all there, and some are asked", () => {
  const only = tensor([1, 400, 4]);
  const shape: UnitShape = { kind: "self attention", path: "any", inputs: ["x"], side: 20 };
  const { float } = drawRows(shape, { float: [only], quantized: [only] }, random(1, "draw"));
  expect(float.matrices[0]!.values).toEqual(only.data);
  expect(new Set(float.queries).size).toBe(64);
});

test("an iteration sees several groups where each has few tokens", () => {
  const drawsFor = (kind: UnitShape["kind"], dims: readonly number[]) =>
    drawsOf({ kind, path: "any", inputs: ["x"] }, { float: [tensor(dims)], quantized: [] });
  expect(drawsFor("attention", [8, 7, 4])).toBe(9);
  expect(drawsFor("self attention", [16, 64, 4])).toBe(1);
  // An MLP's rows are drawn from all groups at once.
  expect(drawsFor("relu mlp", [8, 7, 4])).toBe(1);
});

function tensor(dims: readonly number[]): Tensor {
  return { dims, data: Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => i) };
}

/** Draws inputs whose channels go together, so that rounding one weight up can make up for another one. */
function images(count: number): Seen[] {
  return Array.from({ length: count }, (_, image) => {
    const stream = random(image, "inputs");
    const data = new Float32Array(40 * 16);
    for (let row = 0; row < 40; row++) {
      const shared = [normal(stream), normal(stream), normal(stream)];
      for (let i = 0; i < 16; i++) data[row * 16 + i] = shared[i % 3]! + 0.3 * normal(stream);
    }
    const input = { dims: [1, 40, 16], data };
    return { float: [input], quantized: [input] };
  });
}

function statistics(): Calibrated {
  const range = (values: Float32Array): UniformQuantizer => {
    const seen = observer("omse", bits);
    seen.observe(values);
    return seen.quantizer();
  };
  const weightOf = (name: string, dims: readonly [number, number]): [string, CalibratedWeight] => {
    const values = seededCheckpoint().take(`${path}.${name}.weight`, dims).read();
    const quantizers = weightQuantizers(values, dims[0], { bits, rule: "omse" });
    const scales = Float32Array.from(quantizers, ({ scale }) => scale);
    return [
      `${path}.${name}.weight`,
      { bits, scales, zeroPoints: Uint8Array.from(quantizers, (each) => each.zeroPoint) },
    ];
  };
  const inputs = images(1)[0]!.float[0]!.data;
  return {
    setting: "w3a3",
    signs: new Map(),
    softmax: new Map(),
    notes: [],
    activations: new Map([
      [`${path}.lin1.input`, range(inputs)],
      [`${path}.lin2.input`, range(inputs.map((x) => Math.abs(x)))],
    ]),
    weights: new Map([weightOf("lin1", [32, 16]), weightOf("lin2", [16, 32])]),
  };
}
