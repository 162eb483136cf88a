import type { GraphValue } from "../../harness/api.ts";
import { add, child, conv2d, type Module, reshape, take, transpose } from "../../harness/onnx/index.ts";
import type { DecoderConfig } from "../sam-decoder/config.ts";
import { layerNormGelu } from "../sam-decoder/maskHeads.ts";
import { pixelsInPlace } from "./hqFeatures.ts";

interface HqMask {
  /** Kernel that the HQ token became, [prompts, 1, embedding / 8]. */
  readonly kernel: GraphValue;
  /** Pixels that SAM's upscaling gives, [prompts, 16 grid², embedding / 8]. */
  readonly pixels: GraphValue;
  /** [1, embedding / 8, 4 grid, 4 grid], the image's. */
  readonly features: GraphValue;
}

/** Taps of a 3 x 3 kernel. */
const taps = 9;

/**
 * Returns the HQ mask [prompts, 1, 4 grid, 4 grid]: the kernel's product with the pixels, convolved twice, and the features. The
 * second convolution has nothing behind it but that product, so the kernel goes through it first: one map a tap instead of
 * embedding / 8 maps, a 28th of its products.
 */
export function hqMask(decoder: Module, { kernel, pixels, features }: HqMask, config: DecoderConfig): GraphValue {
  const { graph } = decoder;
  const channels = config.embedding / 8;
  const hidden = 2 * channels;
  const side = 4 * config.grid;
  const steps = child(decoder, "embedding_maskfeature");
  const image = pixelsInPlace(graph, pixels, "prompts", config);
  const by3 = { inputs: channels, outputs: hidden, kernel: 3, padding: 1, bias: "with bias" } as const;
  const mixed = reshape(graph, conv2d(child(steps, "0"), image, by3), ["prompts", hidden, side * side]);
  const activated = layerNormGelu(child(steps, "1"), transpose(graph, mixed, [0, 2, 1]), hidden);

  const { ofTaps, ofBias } = throughConvolution(child(steps, "3"), kernel, hidden, channels);
  const maps = graph.op("FusedMatMul", [ofTaps, activated], { transB: 1 });
  const shifted = summedTaps(decoder, reshape(graph, maps, ["prompts", taps, side, side]));
  const ofFeatures = graph.op("MatMul", [kernel, reshape(graph, features, [channels, side * side])]);
  const rest = reshape(graph, add(graph, ofFeatures, ofBias), ["prompts", 1, side, side]);
  return add(graph, shifted, rest);
}

/**
 * Takes the kernel [prompts, 1, outputs] back through a 3 x 3 convolution: each tap's kernel on the inputs, [prompts, 9, inputs], and
 * what the convolution's bias adds to every pixel, [prompts, 1, 1].
 */
function throughConvolution(module: Module, kernel: GraphValue, inputs: number, outputs: number) {
  const { graph } = module;
  const weights = take(module, "weight", [outputs, inputs, 3, 3]);
  const matrix = graph.derived({
    name: `${weights.name}.taps`,
    dims: [outputs, taps * inputs],
    from: [weights],
    compute: (values) => {
      const result = new Float32Array(values!.length);
      for (let output = 0; output < outputs; output++)
        for (let input = 0; input < inputs; input++)
          for (let tap = 0; tap < taps; tap++)
            result[(output * taps + tap) * inputs + input] = values![(output * inputs + input) * taps + tap]!;
      return result;
    },
  });
  const bias = take(module, "bias", [outputs]);
  const column = graph.derived({ name: bias.name, dims: [outputs, 1], from: [bias], compute: (values) => values! });
  return {
    ofTaps: reshape(graph, graph.op("MatMul", [kernel, matrix]), ["prompts", taps, inputs]),
    ofBias: graph.op("MatMul", [kernel, column]),
  };
}

/**
 * Adds each tap's map [prompts, 9, rows, columns] at its own shift, with zeros beyond the edge: [prompts, 1, rows, columns]. As a
 * convolution whose kernel has a single one a map.
 */
function summedTaps({ graph }: Module, maps: GraphValue): GraphValue {
  const kernels = graph.constant("taps[9]", "float32", [1, taps, 3, 3], () =>
    Float32Array.from({ length: taps * taps }, (_, i) => (Math.floor(i / taps) === i % taps ? 1 : 0)),
  );
  return graph.op("Conv", [maps, kernels], { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] });
}
