import type { OnnxGraph } from "../../../harness/api.ts";
import { type ByteScale, toInt8 } from "../../../harness/quantize/index.ts";
import type { Calibrated } from "../calibrate/calibrated.ts";
import { findPlaces } from "./places.ts";

/** A graph with products of integers, and the layers that they are of. */
export interface IntegerGraph {
  readonly graph: OnnxGraph;
  readonly layers: ReadonlySet<string>;
}

/** Returns a fused graph with those of its layers in int8 that have an integer product, on the calibration's own scales. */
export function inIntegers(graph: OnnxGraph, { activations, weights }: Calibrated): IntegerGraph {
  const places = new Map(findPlaces(graph).layers.map((layer) => [layer.weight.name, layer.place]));
  const layers = new Set<string>();
  const scaleOf = (place: string): ByteScale | undefined => {
    const quantizer = activations.get(place);
    return quantizer?.bits === 8 ? { scale: quantizer.scale, zeroPoint: quantizer.zeroPoint } : undefined;
  };
  const result = toInt8(graph, ({ weight }) => {
    const place = places.get(weight);
    const known = place === undefined ? undefined : weights.get(place);
    const input = place === undefined ? undefined : scaleOf(`${place}.input`);
    if (known?.bits !== 8 || input === undefined) return undefined;
    layers.add(place!);
    const channels = Array.from(known.scales, (scale, i): ByteScale => ({ scale, zeroPoint: known.zeroPoints[i]! }));
    return { activations: input, weights: channels };
  });
  return { graph: result, layers };
}
