import type { OnnxGraph } from "../../../harness/api.ts";
import { type ByteScale, convolutionsToInt8, toInt8, type UniformQuantizer } from "../../../harness/quantize/index.ts";
import { gainsTime } from "../../sam-fast/layers.ts";
import type { Calibrated } from "../calibrate/calibrated.ts";
import { findPlaces } from "./places.ts";

/** A graph with products of integers, and the layers that they are of. */
export interface IntegerGraph {
  readonly graph: OnnxGraph;
  readonly layers: ReadonlySet<string>;
}

/**
 * Returns a fused graph with those of its layers in int8 that have an integer product, on the calibration's own scales. Kernels
 * of convolutions are symmetric, which the runtime asks for; a convolution that would take more time in int8 stays in float.
 */
export function inIntegers(graph: OnnxGraph, { activations, weights }: Calibrated): IntegerGraph {
  const places = new Map(findPlaces(graph).layers.map((layer) => [layer.weight.name, layer.place]));
  const layers = new Set<string>();
  /** Returns a layer's place where it is quantised to 8 bits. */
  const placeOf = (weight: string): string | undefined => {
    const place = places.get(weight);
    const eight =
      place !== undefined && weights.get(place)?.bits === 8 && activations.get(`${place}.input`)?.bits === 8;
    return eight ? place : undefined;
  };
  const byteOf = (place: string): UniformQuantizer => activations.get(place)!;
  const withConvolutions = convolutionsToInt8(graph, (convolution) => {
    const place = gainsTime(convolution) ? placeOf(convolution.weight) : undefined;
    if (place === undefined) return undefined;
    layers.add(place);
    return { activations: byteOf(`${place}.input`), result: byteOf(`${place}.result`) };
  });
  const result = toInt8(withConvolutions, ({ weight }) => {
    const place = placeOf(weight);
    if (place === undefined) return undefined;
    layers.add(place);
    const { scales, zeroPoints } = weights.get(place)!;
    const channels = Array.from(scales, (scale, i): ByteScale => ({ scale, zeroPoint: zeroPoints[i]! }));
    return { activations: byteOf(`${place}.input`), weights: channels };
  });
  return { graph: result, layers };
}
