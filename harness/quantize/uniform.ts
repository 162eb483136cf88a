/** This file quantises uniformly, by an affine map, on the integers 0 … 2^bits - 1. */

export interface UniformQuantizer {
  readonly bits: number;
  /** The scale is exact in float32, as the graph has it. */
  readonly scale: number;
  /** The integer that stands for 0. */
  readonly zeroPoint: number;
}

/**
 * Returns the quantiser that covers `min` … `max`, the ends of an observer's range. It always covers 0, which thereby has no
 * error.
 */
export function quantizerFor(min: number, max: number, bits: number): UniformQuantizer {
  // 0 - x, so that no zero is a negative one.
  const below = 0 - Math.min(min, 0);
  const high = Math.max(max, 0);
  const steps = 2 ** bits - 1;
  const scale = Math.fround((high + below) / steps);
  // A tensor of zeros: any scale serves.
  if (!(scale > 0)) return { bits, scale: 1, zeroPoint: 0 };
  return { bits, scale, zeroPoint: clamp(roundHalfEven(below / scale), 0, steps) };
}

/** Rounds half to even, 2.5 → 2 and 3.5 → 4, as the runtime's Round and QuantizeLinear do. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

export function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

/** Returns each value after quantising and back, in float32 arithmetic: bit for bit what the graph computes. */
export function fakeQuantize(values: Float32Array, quantizer: UniformQuantizer): Float32Array {
  return fakeQuantizeInto(new Float32Array(values.length), values, { ...quantizer, start: 0, end: values.length });
}

/** Returns the values after quantising and back by output channel: row i of [quantizers.length, …] by quantiser i. */
export function fakeQuantizeRows(values: Float32Array, quantizers: readonly UniformQuantizer[]): Float32Array {
  const width = values.length / quantizers.length;
  const result = new Float32Array(values.length);
  for (const [row, quantizer] of quantizers.entries())
    fakeQuantizeInto(result, values, { ...quantizer, start: row * width, end: (row + 1) * width });
  return result;
}

interface Span extends UniformQuantizer {
  readonly start: number;
  readonly end: number;
}

function fakeQuantizeInto(result: Float32Array, values: Float32Array, span: Span): Float32Array {
  const { scale, bits, zeroPoint, start, end } = span;
  const low = -zeroPoint;
  const high = 2 ** bits - 1 - zeroPoint;
  for (let i = start; i < end; i++)
    result[i] = clamp(roundHalfEven(Math.fround(values[i]! / scale)), low, high) * scale;
  return result;
}
