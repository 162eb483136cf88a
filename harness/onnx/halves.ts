import type { HalfType } from "../api.ts";

/** The largest number of each type; what is larger by half a step or more becomes infinite. */
export const largestHalf: Readonly<Record<HalfType, number>> = {
  float16: 65504,
  bfloat16: (2 - 2 ** -7) * 2 ** 127,
};

/**
 * Rounds to a type of 16 bits, to the nearest number and to the even one where two are as near. What is too large becomes
 * infinite. Returns the 16 bits of each number.
 */
export function roundedTo(type: HalfType, values: Float32Array): Uint16Array<ArrayBuffer> {
  return type === "float16" ? toHalves(values) : toBfloats(values);
}

/** Rounds to IEEE 754 half precision, as `roundedTo` does. */
export function toHalves(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(bitsOf(values), halfOf);
}

/** Rounds to bfloat16, as `roundedTo` does: its bits are the upper half of a float32, whose range it has. */
export function toBfloats(values: Float32Array): Uint16Array<ArrayBuffer> {
  return Uint16Array.from(bitsOf(values), bfloatOf);
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127;
  const fraction = bits & 0x7fffff;
  if (exponent === 128) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  // A carry out of the fraction goes on into the exponent, as it should.
  if (exponent >= -14) return sign | Math.min(rounded(((exponent + 15) << 23) | fraction, 13), 0x7c00);
  // Below 2^-14 the leading one is written out, and halves of the smallest number round to zero.
  return exponent < -25 ? sign : sign | rounded(0x800000 | fraction, -exponent - 1);
}

function bfloatOf(bits: number): number {
  const notANumber = (bits & 0x7fffffff) > 0x7f800000;
  // Rounding could carry a fraction away that says "not a number".
  return notANumber ? (bits >>> 16) | 0x40 : rounded(bits, 16);
}

/** Leaves out the lowest bits. */
function rounded(bits: number, dropped: number): number {
  const kept = bits >>> dropped;
  const rest = bits & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
