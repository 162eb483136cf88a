import type { Checkpoint, Weight } from "../../../harness/api.ts";
import type { GraphBuilder } from "../../../harness/onnx/index.ts";
import { fakeQuantizeLog2Node, fakeQuantizeNode, fakeQuantizeRows } from "../../../harness/quantize/index.ts";
import type { Calibrated, CalibratedWeight } from "../calibrate/calibrated.ts";
import type { Places } from "../calibrate/places.ts";
import { withWeights } from "./changedWeights.ts";

/** Quantises at every place and turns back to float, so that values are those that integers would give. */
export function simulatedPlaces(graph: GraphBuilder, { activations, softmax, weights }: Calibrated): Places {
  return {
    activation: (place, x) => fakeQuantizeNode(graph, x, known(activations, place)),
    softmax(place, { probabilities }) {
      const quantizer = known(softmax, place);
      return "tau" in quantizer
        ? fakeQuantizeLog2Node(graph, probabilities, quantizer)
        : fakeQuantizeNode(graph, probabilities, quantizer);
    },
    weight: (weight) => ({ ...weight, read: () => fakeQuantizedWeight(weight.read(), known(weights, weight.name)) }),
    product: () => undefined,
  };
}

function known<T>(map: ReadonlyMap<string, T>, place: string): T {
  const found = map.get(place);
  if (found === undefined) throw new Error(`the calibration knows no place named ${place}`);
  return found;
}

/** Quantises a weight and turns it back: to the nearest integer, or in the direction that was learned. */
function fakeQuantizedWeight(values: Float32Array, weight: CalibratedWeight): Float32Array {
  const { bits, scales, zeroPoints, up } = weight;
  if (up === undefined)
    return fakeQuantizeRows(
      values,
      [...scales].map((scale, row) => ({ bits, scale, zeroPoint: zeroPoints[row]! })),
    );
  const width = values.length / scales.length;
  return values.map((value, i) => {
    const row = Math.floor(i / width);
    const scale = scales[row]!;
    const zeroPoint = zeroPoints[row]!;
    const integer = Math.floor(Math.fround(value / scale)) + ((up[i >> 3]! >> (i & 7)) & 1);
    return Math.min(Math.max(integer, -zeroPoint), 2 ** bits - 1 - zeroPoint) * scale;
  });
}

/**
 * Returns the checkpoint with the signs of the keys' channels multiplied onto the projections of keys and of queries: every
 * score stays as it was, and keys have one mode.
 */
export function withSigns(checkpoint: Checkpoint, signs: ReadonlyMap<string, readonly number[]>): Checkpoint {
  const signed = new Map<string, readonly number[]>(
    [...signs].flatMap(([path, channels]) =>
      ["q_proj", "k_proj"].flatMap((layer) => [
        [`${path}.${layer}.weight`, channels] as const,
        [`${path}.${layer}.bias`, channels] as const,
      ]),
    ),
  );
  return withWeights(checkpoint, (weight) => signedWeight(weight, signed.get(weight.name)));
}

function signedWeight(weight: Weight, signs: readonly number[] | undefined): Weight {
  if (signs === undefined) return weight;
  return {
    ...weight,
    read() {
      const values = weight.read();
      const width = values.length / signs.length;
      return values.map((value, i) => value * signs[Math.floor(i / width)]!);
    },
  };
}
