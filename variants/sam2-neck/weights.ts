import type { GraphValue } from "../../harness/api.ts";
import { child, type Module, take } from "../../harness/onnx/index.ts";
import { passedBias } from "../sam-decoder/passedBias.ts";

/**
 * Weights of SAM 2's neck as the fused encoders use them. All of its convolutions are 1 x 1; they are numbered from the coarsest
 * map, 0, to the finest, 3. Source: FpnNeck of sam2/modeling/backbones/image_encoder.py, _prepare_backbone_features of
 * sam2_base.py.
 */

interface Linear {
  readonly inputs: number;
  readonly outputs: number;
}

/** Form of a 1 x 1 convolution's weight: for tokens a matrix [outputs, inputs], for an image kernels [outputs, inputs, 1, 1]. */
export type Form = "matrix" | "kernels";

/** Returns the weight of the neck's convolution of this number. */
export function lateralWeight(neck: Module, index: number, { inputs, outputs }: Linear, form: Form): GraphValue {
  const kernels = take(child(neck, `convs.${index}.conv`), "weight", [outputs, inputs, 1, 1]);
  const dims = dimsOf({ inputs, outputs }, form);
  return neck.graph.derived({ name: kernels.name, dims, from: [kernels], compute: (values) => values! });
}

/**
 * Returns all that is added to the image embedding at every place, [channels]: the biases of the two convolutions whose maps are
 * summed, and the vector that stands for "no memory".
 */
export function embeddingBias(root: Module, channels: number): GraphValue {
  const neck = child(root, "image_encoder.neck");
  const biases = [0, 1].map((index) => take(neck, `convs.${index}.conv.bias`, [channels]));
  const noMemory = take(root, "no_mem_embed", [1, 1, channels]);
  return root.graph.derived({
    name: `${noMemory.name}+convs.bias`,
    dims: [channels],
    from: [...biases, noMemory],
    compute: (first, ...others) => first!.map((value, i) => others.reduce((sum, each) => sum + each[i]!, value)),
  });
}

/** A high-resolution map: the neck's convolution, and the mask decoder's, which follows it at once. */
export interface HighResolution {
  /** Number of the map's convolution in the neck. */
  readonly map: 2 | 3;
  /** Name of the mask decoder's convolution. */
  readonly convolution: "conv_s1" | "conv_s0";
  /** Channels between the two. */
  readonly channels: number;
  readonly outputs: number;
}

/** Returns the two high-resolution maps, the finest first. */
export function highResolutionMaps(channels: number): readonly [HighResolution, HighResolution] {
  return [
    { map: 3, convolution: "conv_s0", channels, outputs: channels / 8 },
    { map: 2, convolution: "conv_s1", channels, outputs: channels / 4 },
  ];
}

/**
 * Returns weight and bias of a high-resolution map, which is computed once an image. Nothing lies between the neck's convolution
 * and the mask decoder's, so they are one product, to far fewer channels.
 */
export function highResolutionWeights(
  root: Module,
  inputs: number,
  { map, convolution, channels, outputs }: HighResolution,
  form: Form,
): { readonly weight: GraphValue; readonly bias: GraphValue } {
  const { graph } = root;
  const first = child(root, `image_encoder.neck.convs.${map}.conv`);
  const second = child(root, `sam_mask_decoder.${convolution}`);
  const from = [take(first, "weight", [channels, inputs, 1, 1]), take(second, "weight", [outputs, channels, 1, 1])];
  const biases = [take(first, "bias", [channels]), take(second, "bias", [outputs])];
  return {
    weight: graph.derived({
      name: `${second.path}.weight x ${first.path}.weight`,
      dims: dimsOf({ inputs, outputs }, form),
      from,
      compute: (wide, narrow) => matrixProduct(narrow!, wide!, { inputs: channels, outputs }),
    }),
    bias: graph.derived({
      name: `${second.path}.bias+${first.path}.bias`,
      dims: [outputs],
      from: [from[1]!, ...biases],
      compute: (weights, passed, own) => passedBias({ bias: passed!, matrix: weights!, own: own! }),
    }),
  };
}

function dimsOf({ inputs, outputs }: Linear, form: Form): readonly number[] {
  return form === "matrix" ? [outputs, inputs] : [outputs, inputs, 1, 1];
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
