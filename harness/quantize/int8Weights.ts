import type { GraphConstant, GraphValue } from "../api.ts";
import { type GraphBuilder, transposeMatrix } from "../onnx/index.ts";
import { clamp, roundHalfEven } from "./uniform.ts";

/** A scale on the integers 0 … 255: value = scale (integer - zeroPoint). */
export interface ByteScale {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * Gives the scales of a weight, one an output channel: known ones, or symmetric ones by the channel's largest magnitude. Either
 * that magnitude becomes 127, and values are divided by the scale; or it becomes 127.5, values are multiplied by the scale's
 * reciprocal, and what rounds beyond -128 … 127 is clamped. The second is torchao's dynamically_quantize_per_channel, which
 * segment-anything-fast runs on: its largest weight is a tie, so dividing gives other integers.
 */
export type WeightScales = readonly ByteScale[] | "largest is 127" | "largest is 127.5";

/** A weight is [outputs, inputs], as checkpoints have it, or the other way round. */
export interface WeightMatrix {
  readonly constant: GraphConstant;
  readonly layout: "outputs first" | "inputs first";
  readonly inputs: number;
  readonly outputs: number;
}

export interface QuantizedWeight {
  /** [inputs, outputs] */
  readonly integers: GraphValue;
  /** [outputs] */
  readonly scales: GraphValue;
  /** [outputs]; none where all are 0. */
  readonly zeroPoints?: GraphValue;
}

/** Returns the weight's integers, less 128, and its scales as constants; both are computed when the file is written. */
export function quantizedWeight(graph: GraphBuilder, matrix: WeightMatrix, wanted: WeightScales): QuantizedWeight {
  const { constant, inputs, outputs } = matrix;
  const name = `${constant.name}.int8`;
  const read = () => outputsFirst(matrix);
  const integers = graph.constant(name, "int8", [inputs, outputs], () => {
    const values = read();
    return transposeMatrix(quantizeChannels(values, channelsOf(values, inputs, wanted)), outputs, inputs);
  });
  const scales = graph.constant(`${name}.scales`, "float32", [outputs], () =>
    Float32Array.from(typeof wanted === "string" ? channelsOf(read(), inputs, wanted) : wanted, ({ scale }) => scale),
  );
  if (typeof wanted === "string") return { integers, scales };
  const zeroPoints = graph.constant(`${name}.zeroPoints`, "int8", [outputs], () =>
    Int8Array.from(wanted, ({ zeroPoint }) => zeroPoint - 128),
  );
  return { integers, scales, zeroPoints };
}

/** Reads a weight as [outputs, inputs]. */
export function outputsFirst({ constant, layout, inputs, outputs }: WeightMatrix): Float32Array {
  const values = constant.read() as Float32Array;
  return layout === "outputs first" ? values : transposeMatrix(values, inputs, outputs);
}

/** Turns a channel's values into steps of its scale, before they are rounded. */
export interface Channel extends ByteScale {
  stepsOf(value: number): number;
}

/** Returns the scales of a weight's output channels, whose `inputs` values stand side by side. */
export function channelsOf(values: Float32Array, inputs: number, wanted: WeightScales): readonly Channel[] {
  const divided = ({ scale, zeroPoint }: ByteScale): Channel => ({
    scale,
    zeroPoint,
    stepsOf: (value) => Math.fround(value / scale),
  });
  if (typeof wanted !== "string") return wanted.map(divided);
  return Array.from({ length: values.length / inputs }, (_, channel) => {
    const largest = largestOf(values.subarray(channel * inputs, (channel + 1) * inputs));
    if (wanted === "largest is 127") return divided({ scale: Math.fround(largest / 127) || 1, zeroPoint: 128 });
    const scale = Math.fround(Math.max(largest / 127.5, 2 ** -23));
    const reciprocal = Math.fround(1 / scale);
    return { scale, zeroPoint: 128, stepsOf: (value) => Math.fround(value * reciprocal) };
  });
}

function largestOf(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

/** Returns the integers of `ByteScale` less 128, row by row of [outputs, inputs]. */
export function quantizeChannels(values: Float32Array, channels: readonly Channel[]): Int8Array {
  const result = new Int8Array(values.length);
  const inputs = values.length / channels.length;
  for (const [row, { zeroPoint, stepsOf }] of channels.entries())
    for (let i = row * inputs; i < (row + 1) * inputs; i++)
      result[i] = clamp(roundHalfEven(stepsOf(values[i]!)) + zeroPoint - 128, -128, 127);
  return result;
}
