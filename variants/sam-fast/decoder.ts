import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CalibrateContext, GraphFiles, OnnxGraph, Prompt, RawVariant } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { writeGraph } from "../../harness/onnx/index.ts";
import {
  type ByteScale,
  linearsOf,
  quantizerFor,
  type Range,
  rangesOf,
  toInt8,
  withRanges,
} from "../../harness/quantize/index.ts";
import { baseOf } from "../base-model/graphs.ts";

const defaults = {
  /** Rows of a prompt: products with fewer take less time than rounding their values to integers. */
  leastRows: 256,
};

/** Scales of what a decoder's products take, by the names of their weights. */
export type DecoderScales = Readonly<Record<string, ByteScale>>;

/** A product of a decoder that becomes int8. */
interface DecoderProduct {
  /** Name of the weight. */
  readonly weight: string;
  /** Name of the value that it takes. */
  readonly activations: string;
}

/**
 * Returns the products of a weight with normalised values of each place of the image: in SAM's decoder the first of upscaling, a
 * quarter of its work. The second takes GELU's values, whose few large ones leave eight bits too little for the rest: with it
 * sam-nano loses 0.2 and 0.3 points of mIoU by one point and by three. What multiplies prompt tokens is small, and in attention
 * neither side is a weight.
 */
export function decoderProducts(decoder: OnnxGraph): readonly DecoderProduct[] {
  const { nodes, values } = decoder;
  const linears = new Set(linearsOf(decoder).map(({ weight }) => weight));
  const givers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const isNormalised = (name: string): boolean => {
    const giver = givers.get(name);
    return giver?.operator === "Reshape" ? isNormalised(giver.inputs[0]!) : giver?.operator === "LayerNormalization";
  };
  return nodes.flatMap(({ inputs: [activations, weight] }) => {
    if (!linears.has(weight ?? "") || !isNormalised(activations!)) return [];
    const rows = values.get(activations!)!.dims.at(-2);
    const gains = typeof rows === "number" && rows >= defaults.leastRows;
    return gains ? [{ weight: weight!, activations: activations! }] : [];
  });
}

/**
 * Returns the decoder with these products in int8: one scale for the values of each, known beforehand, so that a mask depends on its
 * own prompt alone, and one scale an output channel for weights. Products add their bias themselves.
 */
export function int8Decoder(decoder: OnnxGraph, scales: DecoderScales): OnnxGraph {
  return toInt8(decoder, ({ weight }) => {
    const activations = scales[weight];
    return activations === undefined ? undefined : { activations, bias: "added within" };
  });
}

/**
 * Finds the scales of a decoder's products from the ranges of their values: over the images given, each prompted with its boxes and
 * with their centres. Throws HarnessError for a model whose decoder has no such product, and for images without a box.
 */
export async function decoderScales(
  graphs: ReadonlyMap<string, OnnxGraph>,
  context: CalibrateContext,
): Promise<DecoderScales> {
  const { id } = context.preset;
  const decoder = graphs.get("decoder");
  const products = decoder === undefined ? [] : decoderProducts(decoder);
  const loadRaw = baseOf(context).plugin.loadRaw;
  if (products.length === 0 || loadRaw === undefined)
    throw new HarnessError(`${id}: has no decoder with products that would gain from int8`);
  const tapped = withRanges(decoder!, [...new Set(products.map(({ activations }) => activations))]);
  const folder = join(context.folder, "decoder");
  mkdirSync(folder);
  const raw = await loadRaw(written(graphs, tapped, folder), context.runtime, baseOf(context).preset);
  try {
    const ranges = await rangesOver(raw, context);
    if (ranges.length === 0) throw new HarnessError(`${id}: no calibration image has a box to prompt the decoder with`);
    return Object.fromEntries(products.map(({ weight }, i) => [weight, byteScale(ranges[i]!)]));
  } finally {
    await raw.close();
    rmSync(folder, { recursive: true });
  }
}

/** Writes the graphs that decode a prompt without a mask. */
function written(graphs: ReadonlyMap<string, OnnxGraph>, tapped: OnnxGraph, folder: string): GraphFiles {
  const used = [...graphs].filter(([name]) => name !== "decoder-mask");
  return Object.fromEntries(
    used.map(([name, graph]) => [name, writeGraph(name === "decoder" ? tapped : graph, folder)]),
  );
}

/** Returns the ranges of the decoder's values over all images and prompts; none where no image has a prompt. */
async function rangesOver(raw: RawVariant, context: CalibrateContext): Promise<readonly Range[]> {
  let ranges: readonly Range[] = [];
  let images = 0;
  for await (const { input, prompts } of context.images()) {
    context.signal.throwIfAborted();
    context.progress(images++, context.count, "ranges in the decoder");
    if (prompts.length === 0) continue;
    const encoded = await raw.encode(input.tensor);
    for (const asked of [prompts, prompts.map(centreOf)]) {
      const found = rangesOf(await raw.decodePrompts!(encoded, asked));
      ranges = found.map((range, i) => widest(ranges[i] ?? range, range));
    }
  }
  return ranges;
}

function centreOf({ box }: Prompt<"model">): Prompt<"model"> {
  const { x0, y0, x1, y1 } = box!;
  return { frame: "model", points: [{ x: (x0 + x1) / 2, y: (y0 + y1) / 2, label: 1 }] };
}

function widest(a: Range, b: Range): Range {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

function byteScale({ low, high }: Range): ByteScale {
  const { scale, zeroPoint } = quantizerFor(low, high, 8);
  return { scale, zeroPoint };
}
