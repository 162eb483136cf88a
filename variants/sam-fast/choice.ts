import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CalibrateContext, CalibrationValues, OnnxGraph } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { openSession, writeGraph } from "../../harness/onnx/index.ts";
import { type Int8Linear, type Linear, linearsOf, toInt8 } from "../../harness/quantize/index.ts";
import { keepSensitive } from "./sensitive.ts";

const defaults = {
  /** Largest relative error of the image embedding, as `relativeError` measures it. */
  bound: 0.05,
};

/** Record of a calibration: it says which layers of the encoder stay in float, and the errors that decided it. */
interface LayerChoice {
  readonly bound: number;
  readonly error: number;
  readonly errorOfAll: number;
  readonly images: number;
  /** Names of their weights. */
  readonly inFloat: readonly string[];
}

/**
 * Rule by which activations and weights become integers. `per-token` is segment-anything-fast's own way, in each layer exact in
 * integers and scales; the fused graph rounds the values' bias elsewhere, so its embedding is 1.1 % of the std from theirs.
 * `per-tensor` finds one scale for all tokens, which takes less time and is less near to float.
 */
export type Scheme = "per-tensor" | "per-token";

/** Scales of a layer under each scheme. */
export const layerOf: Readonly<Record<Scheme, Int8Linear>> = {
  "per-tensor": { activations: "by tensor", weights: "largest is 127" },
  "per-token": { activations: "by row", weights: "largest is 127.5" },
};

/** Returns the encoder with its linear layers in int8, except for those that the choice keeps in float. */
export function int8Encoder(encoder: OnnxGraph, scheme: Scheme, inFloat: readonly string[]): OnnxGraph {
  const kept = new Set(inFloat);
  return toInt8(encoder, ({ weight, layer }) => (kept.has(weight) || layer !== "linear" ? undefined : layerOf[scheme]));
}

/** Returns the layers that segment-anything-fast has in int8: the linear layers of blocks, and no convolution of the neck. */
export function fastLinears(encoder: OnnxGraph): readonly Linear[] {
  return linearsOf(encoder).filter(({ layer }) => layer === "linear");
}

/**
 * Measures, on the images given, how far int8 takes the image embedding from the float graph's, and keeps the layers in float
 * that it takes to stay within `--bound`.
 */
export async function chooseLayers(
  encoder: OnnxGraph,
  scheme: Scheme,
  context: CalibrateContext,
): Promise<CalibrationValues> {
  const bound = boundOf(context.options);
  const expected = await embeddings(encoder, context);
  let graphs = 0;
  const choice = await keepSensitive({
    bound,
    blocks: blocksOf(encoder),
    errorOf: async (inFloat) => {
      context.progress(graphs, graphs + 1, "layers in int8");
      const found = await embeddings(int8Encoder(encoder, scheme, inFloat), context);
      graphs++;
      return relativeError(found, expected);
    },
  });
  const values: LayerChoice = { bound, ...choice, images: context.count };
  return { ...values };
}

/**
 * Returns the bound that flags name, or the default.
 * Throws HarnessError for a bound that nothing or everything is within.
 */
function boundOf({ bound }: Readonly<Record<string, string>>): number {
  if (bound === undefined) return defaults.bound;
  const value = Number(bound);
  if (value > 0 && value < 1) return value;
  throw new HarnessError("--bound: not a relative error", { found: bound, expected: "a number between 0 and 1" });
}

/** Returns the weights' names block by block: `image_encoder.blocks.3.attn.proj.weight` under `image_encoder.blocks.3`. */
function blocksOf(encoder: OnnxGraph): readonly (readonly string[])[] {
  const blocks = new Map<string, string[]>();
  for (const { weight } of fastLinears(encoder)) {
    const block = weight.replace(/(\.\d+)\..*/, "$1");
    blocks.set(block, [...(blocks.get(block) ?? []), weight]);
  }
  return [...blocks.values()];
}

async function embeddings(encoder: OnnxGraph, context: CalibrateContext): Promise<readonly Float32Array[]> {
  const folder = join(context.folder, "encoder");
  mkdirSync(folder);
  const session = await openSession(writeGraph(encoder, folder), context.runtime);
  try {
    const found: Float32Array[] = [];
    for await (const { input } of context.images()) {
      context.signal.throwIfAborted();
      found.push((await session.run({ image: input.tensor })).image_embedding!.data);
    }
    return found;
  } finally {
    await session.close();
    rmSync(folder, { recursive: true });
  }
}

/** Returns the root mean square of the difference, over the standard deviation of what is expected. */
export function relativeError(found: readonly Float32Array[], expected: readonly Float32Array[]): number {
  let difference = 0;
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (const [image, values] of expected.entries())
    for (const [i, value] of values.entries()) {
      difference += (found[image]![i]! - value) ** 2;
      sum += value;
      squares += value * value;
      count++;
    }
  return Math.sqrt(difference / (squares - (sum * sum) / count));
}

/** Reads what a calibration stored. Throws HarnessError where it is not one of this method. */
export function readChoice(values: CalibrationValues): LayerChoice {
  const { bound, error, errorOfAll, images, inFloat } = values;
  const numbers = { bound, error, errorOfAll, images };
  if (allNumbers(numbers) && Array.isArray(inFloat)) return { ...numbers, inFloat };
  throw new HarnessError("sam-fast: the stored calibration is of another kind", {
    hint: "delete it; it is made again when it is needed",
  });
}

function allNumbers<K extends string>(values: Readonly<Record<K, unknown>>): values is Readonly<Record<K, number>> {
  return Object.values(values).every((value) => typeof value === "number");
}

/** Words the choice for the run's manifest. */
export function describeChoice({ bound, error, errorOfAll, images, inFloat }: LayerChoice, layers: number): string {
  const percent = (value: number) => `${(100 * value).toPrecision(2)} %`;
  const measured = `the image embedding's relative error is ${percent(error)} (bound ${percent(bound)}) on ${images} images`;
  if (inFloat.length === 0) return `all ${layers} linear layers of the encoder are int8; ${measured}`;
  const names = inFloat.map((name) => name.replace("image_encoder.", "")).join(", ");
  return `${layers - inFloat.length} of ${layers} linear layers of the encoder are int8; ${measured}, ${percent(errorOfAll)} without those kept in float: ${names}`;
}
