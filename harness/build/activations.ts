import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint, Dataset, OnnxGraph, RuntimeOptions } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { prepare } from "../image/index.ts";
import { openSession, withOutputs, writeGraph } from "../onnx/index.ts";
import type { RegisteredVariant } from "../plan/plugins/registry.ts";
import { Histogram } from "../quantize/histogram.ts";
import { describeGraphs, takesImage } from "./build.ts";

/** Describes the values that a layer of an encoder takes in, over some images. */
export interface LayerActivations {
  /** Name of the layer's weight in the checkpoint. */
  readonly layer: string;
  readonly min: number;
  readonly max: number;
  /** The middle 99.9 % of the values lie between `low` and `high`. */
  readonly low: number;
  readonly high: number;
  /** Shares of all values in equal parts of min … max. */
  readonly histogram: readonly number[];
}

const parts = 24;

/**
 * Returns ranges and histograms of the values that enter each layer with a weight, in the variant's encoder as it is measured.
 * One image is in memory at a time. Throws HarnessError where the variant has no encoder graph of its own.
 */
export async function layerActivations(
  variant: RegisteredVariant,
  checkpoint: Checkpoint,
  dataset: Dataset,
  runtime: RuntimeOptions,
): Promise<readonly LayerActivations[]> {
  const encoder = (await describeGraphs({ variant, checkpoint, graph: "fused" })).find(takesImage);
  if (encoder === undefined) throw new HarnessError(`${variant.preset.id}: has no graph that takes an image`);
  const layers = layersOf(encoder);
  const folder = mkdtempSync(join(tmpdir(), "sam-bench-activations-"));
  try {
    const tapped = withOutputs(encoder, [...new Set(layers.values())]);
    const session = await openSession(writeGraph(tapped, folder), runtime);
    const histograms = new Map([...layers.values()].map((value) => [value, new Histogram()]));
    for (const { id } of dataset.images) {
      const { tensor } = prepare(await dataset.read(id), variant.preset.input);
      const results = await session.run({ [encoder.inputs[0]!.name]: tensor });
      for (const [value, histogram] of histograms) histogram.observe(results[value]!.data);
    }
    await session.close();
    return [...layers].map(([layer, value]) => summaryOf(layer, histograms.get(value)!));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Maps a weight to the value that it is multiplied with, for each product of a computed value and a weight. */
function layersOf({ nodes, constants, inputs }: OnnxGraph): Map<string, string> {
  const weights = new Set(
    constants.filter(({ type, dims }) => type === "float32" && dims.length >= 2).map(({ name }) => name),
  );
  const given = new Set([...inputs, ...constants].map(({ name }) => name));
  const products = nodes.filter(({ operator }) => ["FusedMatMul", "MatMul", "Conv"].includes(operator));
  return new Map(
    products.flatMap(({ inputs: [x, weight] }): [string, string][] =>
      weights.has(weight!) && !given.has(x!) ? [[weight!, x!]] : [],
    ),
  );
}

function summaryOf(layer: string, seen: Histogram): LayerActivations {
  const { low: min, high: max } = seen;
  const { values, weights } = seen.samples();
  const shares = new Array<number>(parts).fill(0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, value] of values.entries()) {
    const at = max > min ? Math.min(parts - 1, Math.floor(((value - min) / (max - min)) * parts)) : 0;
    shares[at]! += weights[i]! / total;
  }
  return { layer, min, max, low: seen.quantile(0.0005), high: seen.quantile(0.9995), histogram: shares };
}
