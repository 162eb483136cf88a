import type { OnnxGraph } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { boxPrompt } from "../../harness/onnx/index.ts";
import {
  type ByteScale,
  type Convolution,
  convolutionsOf,
  convolutionsToInt8,
  type Int8Linear,
  linearsOf,
  toInt8,
} from "../../harness/quantize/index.ts";

const defaults = {
  /**
   * Multiply-accumulates for each element that a convolution reads and writes. Below that, rounding to integers and back takes
   * the time that the products save: the least here is that of EdgeSAM's 96 → 192 channels, which gains, and MobileSAM's
   * 64 → 256 channels, which lose, have 51.
   */
  worthwhile: 64,
};

/**
 * Rule by which activations and weights of linear layers become integers. `per-token` is segment-anything-fast's own way, in
 * each layer exact in integers and scales; the fused graph rounds the values' bias elsewhere, so its embedding is 1.1 % of the
 * std from theirs. `per-tensor` finds one scale for all tokens, which takes less time and is less near to float.
 */
export type Scheme = "per-tensor" | "per-token";

/** Scales of a linear layer under each scheme. */
export const layerOf: Readonly<Record<Scheme, Int8Linear>> = {
  "per-tensor": { activations: "by tensor", weights: "largest is 127" },
  "per-token": { activations: "by row", weights: "largest is 127.5" },
};

/** Scales of what a convolution takes and gives, found on calibration images. */
export interface ConvolutionScales {
  readonly activations: ByteScale;
  readonly result: ByteScale;
}

/** The layers of an encoder that become int8, by the names of their weights. */
export interface FastLayers {
  readonly linears: readonly string[];
  readonly convolutions: readonly Convolution[];
}

/**
 * Returns the layers that become int8. Where linear layers do most of the work, they are segment-anything-fast's: the linear
 * layers, and no convolution. Where convolutions do, they become int8 too, those that gain time by it: a convolution of each
 * channel by itself, and one with few products for what it reads and writes, stay in float. Throws HarnessError for an encoder
 * without any such layer, and for one that takes images of any size.
 */
export function fastLayers(encoder: OnnxGraph, id: string): FastLayers {
  requireFixedSize(encoder, id, "one of a fixed size, whose values have ranges that can be found on other images");
  const linears = linearsOf(encoder);
  const convolutions = convolutionsOf(encoder);
  const found = byConvolutions(encoder)
    ? {
        linears: linears.map(({ weight }) => weight),
        convolutions: convolutions.filter(gainsTime),
      }
    : { linears: linears.filter(({ layer }) => layer === "linear").map(({ weight }) => weight), convolutions: [] };
  if (found.linears.length + found.convolutions.length > 0) return found;
  throw new HarnessError(`${id}: its encoder has no layer that would gain from int8`, {
    found: `${linears.length} linear layers, ${convolutions.length} convolutions`,
    expected: "a linear layer, or a convolution over many channels",
  });
}

/** Throws HarnessError for an encoder that takes images of any size. */
export function requireFixedSize(encoder: OnnxGraph, id: string, expected: string): void {
  if (encoder.inputs.every(({ dims }) => dims.every((dim) => typeof dim === "number"))) return;
  throw new HarnessError(`${id}: its encoder takes images of any size`, { expected });
}

/** Tells whether a convolution takes less time in int8, rounding included. */
export function gainsTime({ groups, macs, elements }: Convolution): boolean {
  return groups === 1 && macs >= defaults.worthwhile * elements;
}

/** Returns whether convolutions do most of a graph's multiply-accumulates. */
export function byConvolutions({ counts }: OnnxGraph): boolean {
  const macs = counts.macs(boxPrompt);
  const all = [...macs.values()].reduce((sum, value) => sum + value, 0);
  return 2 * (macs.get("Conv") ?? 0) > all;
}

export interface Int8Choice {
  readonly scheme: Scheme;
  /** Names of the weights that stay in float. */
  readonly inFloat: readonly string[];
  /** Scales of convolutions, by the names of their weights; those without stay in float. */
  readonly convolutions: Readonly<Record<string, ConvolutionScales>>;
}

/** Returns the encoder with these layers in int8, except for those that the choice keeps in float. */
export function int8Encoder(encoder: OnnxGraph, layers: FastLayers, choice: Int8Choice): OnnxGraph {
  const kept = new Set(choice.inFloat);
  const linears = new Set(layers.linears.filter((name) => !kept.has(name)));
  const convolutions = new Set(layers.convolutions.map(({ weight }) => weight).filter((name) => !kept.has(name)));
  const withConvolutions =
    convolutions.size === 0
      ? encoder
      : convolutionsToInt8(encoder, ({ weight }) =>
          convolutions.has(weight) ? choice.convolutions[weight] : undefined,
        );
  return toInt8(withConvolutions, ({ weight }) => (linears.has(weight) ? layerOf[choice.scheme] : undefined));
}
