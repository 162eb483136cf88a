import type { OnnxGraph } from "../../../harness/api.ts";
import { type ByteScale, type Int8Linear, type Linear, linearsOf, toInt8 } from "../../../harness/quantize/index.ts";
import type { Calibrated } from "../calibrate/calibrated.ts";
import { withGatheredTables } from "./gatheredTables.ts";

/**
 * Turns a fused float graph's quantised linear layers into int8 products, on the calibration's own scales. Only 8-bit layers
 * become integers; what has no integer operator in the runtime, attention with its scores and the 3 x 3 convolution of the
 * neck, stays in float, and so do the decoder's projections of image tokens, which the fused graph multiplies with queries and
 * values instead.
 */
export function deployed(graph: OnnxGraph, calibrated: Calibrated): OnnxGraph {
  return withGatheredTables(toInt8(graph, (linear) => integersOf(linear, calibrated)));
}

/** Endings of the parts of a joint weight: the fused graph takes queries, keys and values apart, a third of the rows each. */
const jointParts = ["query", "key", "value"];

function integersOf(linear: Linear, { weights, activations }: Calibrated): Int8Linear | undefined {
  const { outputs } = linear;
  const { layer, part } = placeOf(linear);
  const known = weights.get(`${layer}.weight`);
  const input = activations.get(`${layer}.input`);
  if (known?.bits !== 8 || input?.bits !== 8) return undefined;
  const first = Math.max(part, 0) * outputs;
  const channels = Array.from(
    { length: outputs },
    (_, i): ByteScale => ({
      scale: known.scales[first + i]!,
      zeroPoint: known.zeroPoints[first + i]!,
    }),
  );
  return { activations: { scale: input.scale, zeroPoint: input.zeroPoint }, weights: channels };
}

/** Returns the layer that a product is of, by its path in the checkpoint, and its place among the joint parts, or -1. */
function placeOf({ weight }: Linear): { readonly layer: string; readonly part: number } {
  const part = jointParts.indexOf(weight.slice(weight.lastIndexOf(".") + 1));
  const name = part < 0 ? weight : weight.slice(0, weight.lastIndexOf("."));
  return { layer: name.replace(/\.weight$/, ""), part };
}

/** Returns the layers of a fused float graph that can become int8 products: a deployed graph needs no other's quantisers. */
export function linearLayers(graph: OnnxGraph): ReadonlySet<string> {
  return new Set(linearsOf(graph).map((linear) => placeOf(linear).layer));
}

/**
 * Returns the layers of a deployed graph whose products are int8, by the paths of the checkpoint:
 * `image_encoder.blocks.0.attn.qkv` for the three parts that the fused graph makes of it.
 */
export function integerLayers({ constants }: OnnxGraph): ReadonlySet<string> {
  const parts = new RegExp(`\\.weight(\\.(${jointParts.join("|")}))?\\.int8$`);
  const integers = constants.filter(({ type, name }) => type === "int8" && parts.test(name));
  return new Set(integers.map(({ name }) => name.replace(parts, "")));
}
