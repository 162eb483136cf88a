/**
 * Rounds to IEEE 754 half precision, to the nearest and to even where two are as near; what is too large becomes infinite. Returns
 * the 16 bits of each number.
 */
export function toHalves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(bits, halfOf);
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

/** Leaves out the lowest bits. */
function rounded(bits: number, dropped: number): number {
  const kept = bits >>> dropped;
  const rest = bits & ((1 << dropped) - 1);
  const half = 1 << (dropped - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}
