import type { GraphValue } from "../../harness/api.ts";
import { add, child, type Module, reshape, take, transpose } from "../../harness/onnx/index.ts";
import { passedBias } from "../sam-decoder/passedBias.ts";

/**
 * The neck of SAM 2, whose convolutions are all 1 x 1. They are numbered from the coarsest map, 0, to the finest, 3. Values are
 * nested tokens ([cells, tokens in each, channels], ./tokenOrder.ts). EdgeTAM and EfficientTAM have the same neck.
 * Source: FpnNeck of sam2/modeling/backbones/image_encoder.py, _prepare_backbone_features of sam2_base.py.
 */

interface Linear {
  readonly inputs: number;
  readonly outputs: number;
}

/** Returns the 1 x 1 convolution of the map of this number, without its bias. */
function lateral(neck: Module, index: number, tokens: GraphValue, channels: number): GraphValue {
  const widths = { inputs: tokens.dims[2] as number, outputs: channels };
  return neck.graph.op("FusedMatMul", [tokens, matrixOf(child(neck, `convs.${index}.conv`), widths)], { transB: 1 });
}

/** Returns the weight of a 1 x 1 convolution as a matrix [outputs, inputs]. */
function matrixOf(convolution: Module, { inputs, outputs }: Linear): GraphValue {
  const kernels = take(convolution, "weight", [outputs, inputs, 1, 1]);
  const dims = [outputs, inputs];
  return convolution.graph.derived({ name: kernels.name, dims, from: [kernels], compute: (values) => values! });
}

interface Coarse {
  /** Tokens of the second coarsest stage, whose map is the image embedding's. */
  readonly fine: GraphValue;
  /** Tokens of the coarsest stage. */
  readonly coarse: GraphValue;
  /** Channels of the image embedding. */
  readonly channels: number;
  /** Rows and columns of the coarsest stage. */
  readonly coarsest: number;
}

/**
 * Returns the image embedding [1, channels, 2 coarsest, 2 coarsest]: the finer map, the coarser one enlarged to it, and the
 * vector that stands for "no memory", which is added everywhere. A coarse token is repeated for each of its four, so enlarging
 * it takes no values; the three constants are added to it, before there are four.
 */
export function imageEmbedding(root: Module, { fine, coarse, channels, coarsest }: Coarse): GraphValue {
  const { graph } = root;
  const neck = child(root, "image_encoder.neck");
  const biases = [0, 1].map((index) => take(neck, `convs.${index}.conv.bias`, [channels]));
  const noMemory = take(root, "no_mem_embed", [1, 1, channels]);
  const constant = graph.derived({
    name: `${noMemory.name}+convs.bias`,
    dims: [channels],
    from: [...biases, noMemory],
    compute: (first, ...others) => first!.map((value, i) => others.reduce((sum, each) => sum + each[i]!, value)),
  });
  const enlarged = add(graph, lateral(neck, 0, coarse, channels), constant);
  return toImage(neck, add(graph, lateral(neck, 1, fine, channels), enlarged), coarsest);
}

interface HighResolution {
  /** Number of the map's convolution in the neck. */
  readonly map: 2 | 3;
  /** Name of the mask decoder's convolution that follows. */
  readonly convolution: "conv_s1" | "conv_s0";
  /** Channels between the two. */
  readonly channels: number;
  readonly outputs: number;
}

/**
 * Returns a high-resolution map as nested tokens [cells, tokens in each, outputs], once an image. Nothing lies between the
 * neck's convolution and the mask decoder's, so they are one product, to far fewer channels.
 */
export function highResolution(
  root: Module,
  tokens: GraphValue,
  { map, convolution, channels, outputs }: HighResolution,
): GraphValue {
  const { graph } = root;
  const inputs = tokens.dims[2] as number;
  const first = child(root, `image_encoder.neck.convs.${map}.conv`);
  const second = child(root, `sam_mask_decoder.${convolution}`);
  const from = [take(first, "weight", [channels, inputs, 1, 1]), take(second, "weight", [outputs, channels, 1, 1])];
  const biases = [take(first, "bias", [channels]), take(second, "bias", [outputs])];
  const matrix = graph.derived({
    name: `${second.path}.weight x ${first.path}.weight`,
    dims: [outputs, inputs],
    from,
    compute: (narrow, wide) => matrixProduct(wide!, narrow!, { inputs: channels, outputs }),
  });
  const bias = graph.derived({
    name: `${second.path}.bias+${first.path}.bias`,
    dims: [outputs],
    from: [from[1]!, ...biases],
    compute: (weights, passed, own) => passedBias({ bias: passed!, matrix: weights!, own: own! }),
  });
  return add(graph, graph.op("FusedMatMul", [tokens, matrix], { transB: 1 }), bias);
}

/** Returns A B for A [outputs, inputs] and B [inputs, columns], row-major. Sums are in float64. */
function matrixProduct(a: Float32Array, b: Float32Array, { inputs, outputs }: Linear): Float32Array {
  const columns = b.length / inputs;
  const result = new Float32Array(outputs * columns);
  const row = new Float64Array(columns);
  for (let output = 0; output < outputs; output++) {
    row.fill(0);
    for (let input = 0; input < inputs; input++) {
      const factor = a[output * inputs + input]!;
      for (let column = 0; column < columns; column++) row[column]! += factor * b[input * columns + column]!;
    }
    result.set(row, output * columns);
  }
  return result;
}

/** Puts nested tokens in their places: [cells, tokens in each, channels] → [1, channels, rows, columns]. */
export function toImage({ graph }: Module, tokens: GraphValue, coarsest: number): GraphValue {
  const [cells, inEach, channels] = tokens.dims as [number, number, number];
  if (cells !== coarsest ** 2) throw new Error(`${cells} cells for ${coarsest} x ${coarsest}`);
  const levels = Math.log2(inEach) / 2;
  const quarters = Array.from({ length: levels }, (_, i) => 2 + 2 * i);
  const split = reshape(graph, tokens, [coarsest, coarsest, ...quarters.flatMap(() => [2, 2]), channels]);
  const rows = [0, ...quarters];
  const columns = [1, ...quarters.map((axis) => axis + 1)];
  const moved = transpose(graph, split, [2 + 2 * levels, ...rows, ...columns]);
  return reshape(graph, moved, [1, channels, coarsest * 2 ** levels, coarsest * 2 ** levels]);
}
