/** Weights of one axis: output i is the sum over k < counts[i] of weights[i * taps + k] * input[first[i] + k]. */
export interface TriangleFilter {
  readonly taps: number;
  readonly first: Int32Array;
  readonly counts: Int32Array;
  /** They add up to 1 for each output, and none is negative. */
  readonly weights: Float64Array;
}

/**
 * Returns the triangle of bilinear interpolation that widens when shrinking, so that every input pixel counts. Weights are in
 * doubles. Pillow and PyTorch's antialiased interpolation have the same.
 * Sources: precompute_coeffs of Pillow src/libImaging/Resample.c; aten/src/ATen/native/cpu/UpSampleKernel.cpp of PyTorch.
 */
export function triangleFilter(inputs: number, outputs: number): TriangleFilter {
  const scale = inputs / outputs;
  const support = Math.max(scale, 1);
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  const weights = new Float64Array(outputs * taps);
  for (let i = 0; i < outputs; i++) {
    const centre = (i + 0.5) * scale;
    const start = Math.max(Math.floor(centre - support + 0.5), 0);
    const end = Math.min(Math.floor(centre + support + 0.5), inputs);
    const triangle = Array.from({ length: end - start }, (_, k) =>
      Math.max(1 - Math.abs((k + start - centre + 0.5) * (1 / support)), 0),
    );
    const total = triangle.reduce((sum, weight) => sum + weight, 0);
    first[i] = start;
    counts[i] = triangle.length;
    triangle.forEach((weight, k) => {
      weights[i * taps + k] = weight * (1 / total);
    });
  }
  return { taps, first, counts, weights };
}
