import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CalibrateContext, CalibrationValues, NamedTensors, OnnxGraph } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { openSession, writeGraph } from "../../harness/onnx/index.ts";
import { withRanges } from "../../harness/quantize/index.ts";
import type { DecoderScales } from "./decoder.ts";
import { type FastLayers, fastLayers, type Int8Choice, int8Encoder, type Scheme } from "./layers.ts";
import { ValueRanges } from "./scales.ts";
import { keepSensitive } from "./sensitive.ts";

const defaults = {
  /** Largest relative error of the encoder's outputs, as `relativeError` measures it. */
  bound: 0.05,
};

/** Record of a calibration: it says which layers of the encoder stay in float, and the errors that decided it. */
interface LayerChoice extends Omit<Int8Choice, "scheme"> {
  readonly bound: number;
  readonly error: number;
  readonly errorOfAll: number;
  readonly images: number;
  /** Scales of the decoder's products, where these are int8. */
  readonly decoder?: DecoderScales | undefined;
}

/**
 * Measures, on the images given, how far int8 takes the encoder's outputs from the float graph's, and keeps the layers in float
 * that it takes to stay within `--bound`.
 */
export async function chooseLayers(
  encoder: OnnxGraph,
  scheme: Scheme,
  context: CalibrateContext,
): Promise<CalibrationValues> {
  const bound = boundOf(context.options);
  const layers = fastLayers(encoder, context.preset.id);
  const convolutions = await scalesOf(encoder, layers, context);
  const expected = await outputsOf(encoder, context);
  let graphs = 0;
  const choice = await keepSensitive({
    bound,
    blocks: blocksOf(layers),
    errorOf: async (inFloat) => {
      context.progress(graphs, graphs + 1, "layers in int8");
      const found = await outputsOf(int8Encoder(encoder, layers, { scheme, inFloat, convolutions }), context);
      graphs++;
      return largestError(found, expected);
    },
  });
  const values: LayerChoice = { bound, ...choice, images: context.count, convolutions };
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
function blocksOf({ linears, convolutions }: FastLayers): readonly (readonly string[])[] {
  const blocks = new Map<string, Set<string>>();
  for (const weight of [...linears, ...convolutions.map((each) => each.weight)]) {
    const block = weight.replace(/(\.\d+)\..*/, "$1");
    blocks.set(block, (blocks.get(block) ?? new Set()).add(weight));
  }
  return [...blocks.values()].map((names) => [...names]);
}

/** Returns the scales of convolutions, from the ranges of their values over all images. */
async function scalesOf(
  encoder: OnnxGraph,
  { convolutions }: FastLayers,
  context: CalibrateContext,
): Promise<LayerChoice["convolutions"]> {
  if (convolutions.length === 0) return {};
  const ranges = new ValueRanges(convolutions);
  await runEach(withRanges(encoder, ranges.values), context, (outputs) => ranges.observe(outputs));
  return ranges.scales();
}

/** Returns the encoder's outputs by name, one array an image. */
async function outputsOf(encoder: OnnxGraph, context: CalibrateContext): Promise<Outputs> {
  const found = new Map<string, Float32Array[]>(encoder.outputs.map(({ name }) => [name, []]));
  await runEach(encoder, context, (outputs) => {
    for (const [name, arrays] of found) arrays.push(outputs[name]!.data);
  });
  return found;
}

type Outputs = ReadonlyMap<string, readonly Float32Array[]>;

async function runEach(
  graph: OnnxGraph,
  context: CalibrateContext,
  take: (outputs: NamedTensors) => void,
): Promise<void> {
  const folder = join(context.folder, "encoder");
  mkdirSync(folder);
  const session = await openSession(writeGraph(graph, folder), context.runtime);
  try {
    for await (const { input } of context.images()) {
      context.signal.throwIfAborted();
      take(await session.run({ [graph.inputs[0]!.name]: input.tensor }));
    }
  } finally {
    await session.close();
    rmSync(folder, { recursive: true });
  }
}

/** Returns the error of the output that is furthest from what is expected. */
function largestError(found: Outputs, expected: Outputs): number {
  return Math.max(...[...expected].map(([name, arrays]) => relativeError(found.get(name)!, arrays)));
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
  // An output without any spread, such as a table, is as it was.
  return difference === 0 ? 0 : Math.sqrt(difference / (squares - (sum * sum) / count));
}

/** Reads what a calibration stored. Throws HarnessError where it is not one of this method. */
export function readChoice(values: CalibrationValues): LayerChoice {
  const { bound, error, errorOfAll, images, inFloat, convolutions = {}, decoder } = values;
  const numbers = { bound, error, errorOfAll, images };
  if (allNumbers(numbers) && Array.isArray(inFloat))
    return {
      ...numbers,
      inFloat,
      convolutions: convolutions as LayerChoice["convolutions"],
      decoder: decoder as LayerChoice["decoder"],
    };
  throw new HarnessError("sam-fast: the stored calibration is of another kind", {
    hint: "delete it; it is made again when it is needed",
  });
}

function allNumbers<K extends string>(values: Readonly<Record<K, unknown>>): values is Readonly<Record<K, number>> {
  return Object.values(values).every((value) => typeof value === "number");
}

/** Words the choice for the run's manifest. */
export function describeChoice({ bound, error, errorOfAll, images, inFloat }: LayerChoice, layers: FastLayers): string {
  const percent = (value: number) => `${(100 * value).toPrecision(2)} %`;
  const whose = layers.convolutions.length === 0 ? "the image embedding's" : "the encoder's";
  const measured = `${whose} relative error is ${percent(error)} (bound ${percent(bound)}) on ${images} images`;
  const kept = new Set(inFloat);
  const kinds = [
    { names: new Set(layers.linears), text: "linear layers" },
    { names: new Set(layers.convolutions.map(({ weight }) => weight)), text: "convolutions" },
  ].filter(({ names }) => names.size > 0);
  const counts = kinds.map(({ names, text }) => {
    const int8 = [...names].filter((name) => !kept.has(name)).length;
    return int8 === names.size ? `all ${int8} ${text}` : `${int8} of ${names.size} ${text}`;
  });
  const are = `${counts.join(" and ")} of the encoder ${layers.convolutions.length === 0 ? "" : "that gain time "}are int8; ${measured}`;
  if (inFloat.length === 0) return are;
  const names = inFloat.map((name) => name.replace("image_encoder.", "")).join(", ");
  return `${are}, ${percent(errorOfAll)} without those kept in float: ${names}`;
}
