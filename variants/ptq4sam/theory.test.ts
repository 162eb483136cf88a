import { expect, test } from "vitest";
import type { CalibrationValues, OnnxGraph, TheoryCounts } from "../../harness/api.ts";
import { describeGraphs } from "../../harness/build/build.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import type { UniformQuantizer } from "../../harness/quantize/index.ts";
import { seededCheckpoint } from "../../harness/weights/index.ts";
import { samConfigs } from "../sam/config.ts";
import { type Calibrated, type CalibratedWeight, writeCalibrated } from "./calibrate/calibrated.ts";
import { floatPlaces, type Places } from "./calibrate/places.ts";
import { type Model, wholeGraph } from "./graphs/stages.ts";
import { theoryOf } from "./theory.ts";

const model = { config: samConfigs["sam-nano"], checkpoint: seededCheckpoint() };
const paper = "the paper's";

test("one block's share is what its sizes say", () => {
  const at8 = theoryOf(model, calibratedAt(8, "none"), paper);
  const at4 = theoryOf(model, calibratedAt(8, "image_encoder.blocks.0.mlp"), paper);
  // Two products of 1024 tokens, 96 x 384 weights, whose weights have 4 instead of 8 bits.
  const macs = 2 * 1024 * 96 * 384;
  expect(at8.bitOperations - at4.bitOperations).toBe(macs * (8 * 8 - 4 * 8));
  expect(at8.storageBytes - at4.storageBytes).toBe((2 * 96 * 384 * 4) / 8);
});

test("fewer bits save more, and what stays in float bounds it", () => {
  const wide = theoryOf(model, calibratedAt(8, "none"), paper);
  const narrow = theoryOf(model, calibratedAt(4, "none"), paper);
  expect(narrow.bitOperations).toBeLessThan(wide.bitOperations);
  expect(narrow.storageBytes).toBeGreaterThan(narrow.floatStorageBytes / 8);
  expect(wide.floatStorageBytes).toBe(1_036_136 * 4);
});

// Per block: qkv, proj and the two layers of the MLP over all tokens, windows padded as published; 1 x 1 convolution of the
// neck; three projections of the image's tokens for the decoder's first layer; in the decoder what multiplies tokens of prompts:
// two layers of 401,408 multiply-accumulates, and 28,672 at the end.
test("an integer row counts as int8 what its graph multiplies in int8, and nothing else", async () => {
  const { theory, notes, graphs } = await deployedOf("sam-nano");
  const inInteger = 6 * 1024 * 12 * 96 ** 2 + 1024 * 96 * 64 + 3 * 1024 * 64 * 32 + 2 * 401_408 + 28_672;
  const float = 1_245_219_456;
  expect(theory.floatBitOperations).toBe(float * 32 ** 2);
  expect(theory.bitOperations).toBe((float - inInteger) * 32 ** 2 + inInteger * 8 ** 2);
  expect(1 - theory.bitOperations / theory.floatBitOperations).toBeCloseTo(0.522, 3);
  // The fused graph multiplies keys and values of one more token, that of padding, in the four blocks with windows. In the decoder's
  // last attention it leaves out the box's two corners, which nothing is read from.
  expect(integerMacs(graphs)).toBe(inInteger + 4 * 2 * 96 ** 2 - 2 * 2 * 64 * 32);
  expect(notes).toEqual([
    "25 layers of the encoder and 25 of the decoder are int8; bit operations and storage count these as int8 and all else as float32",
  ]);
});

test("SAM ViT-B saves 70.0 % of its bit operations in the graph, 92.7 % by the paper's scheme", async () => {
  const { theory } = await deployedOf("sam-vit-b");
  expect(1 - theory.bitOperations / theory.floatBitOperations).toBeCloseTo(0.7, 3);
  const vitB: Model = { ...model, config: samConfigs["sam-vit-b"] };
  const onPaper = theoryOf(vitB, calibratedAt(8, "none", vitB), paper);
  expect(1 - onPaper.bitOperations / onPaper.floatBitOperations).toBeCloseTo(0.927, 3);
});

/** Returns what the plug-in says while it builds `w8a8`, from quantisers that need no image. */
async function deployedOf(base: "sam-nano" | "sam-vit-b") {
  const { values, ...built } = { values: valuesOf(base), notes: [] as string[] };
  let theory: TheoryCounts | undefined;
  const variant = variantOf(await loadRegistry(), `ptq4sam/${base}/w8a8`);
  const graphs = await describeGraphs(
    { variant, checkpoint: seededCheckpoint(), graph: "fused", calibration: values },
    {
      note: (text) => built.notes.push(text),
      theory: (counts) => {
        theory = counts;
      },
    },
  );
  return { ...built, graphs, theory: theory! };
}

function valuesOf(base: "sam-nano" | "sam-vit-b"): CalibrationValues {
  const calibrated = calibratedAt(8, "none", { ...model, config: samConfigs[base] });
  return writeCalibrated({ ...calibrated, setting: "w8a8" });
}

/** Counts integer multiply-accumulates by the runtime's operator alone, for one image and one box prompt. */
function integerMacs(graphs: readonly OnnxGraph[]): number {
  return graphs
    .filter(({ name }) => name !== "decoder-mask")
    .map(({ counts }) => counts.macs({ prompts: 1, points: 2 }).get("MatMulIntegerToFloat") ?? 0)
    .reduce((sum, macs) => sum + macs, 0);
}

/** Returns a calibration with every place at some bits, and the weights below one module at 4. */
function calibratedAt(bits: number, four: string, of: Model = model): Calibrated {
  const activations = new Map<string, UniformQuantizer>();
  const softmax = new Map<string, UniformQuantizer>();
  const weights = new Map<string, CalibratedWeight>();
  const quantizer = { bits, scale: 1, zeroPoint: 0 };
  const places: Places = {
    ...floatPlaces,
    activation(place, x) {
      activations.set(place, quantizer);
      return x;
    },
    softmax(place, { probabilities }) {
      softmax.set(place, quantizer);
      return probabilities;
    },
    weight(weight) {
      const rows = weight.dims[0]!;
      const own = weight.name.startsWith(four) ? 4 : bits;
      weights.set(weight.name, { bits: own, scales: new Float32Array(rows), zeroPoints: new Uint8Array(rows) });
      return weight;
    },
  };
  for (const name of ["encoder", "decoder"] as const) wholeGraph(of, name, () => places);
  return { setting: "test", signs: new Map(), activations, softmax, weights, notes: [] };
}
