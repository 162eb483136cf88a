import type { GraphValue } from "../../harness/api.ts";
import { type Module, take } from "../../harness/onnx/index.ts";
import { gridOf } from "./blocks.ts";
import type { Sam2Config } from "./config.ts";

/** PyTorch's bicubic interpolation; Pillow and OpenCV have another constant. */
const cubicCoefficient = -0.75;

/** Returns the positions of all patches [1, width, grid, grid]: a background that is stretched, and a window that is tiled. */
export function positions(trunk: Module, config: Sam2Config): GraphValue {
  const { width, background, windows } = config;
  const grid = gridOf(config, 0);
  const stretched = take(trunk, "pos_embed", [1, width, background, background]);
  const tiled = take(trunk, "pos_embed_window", [1, width, windows[0], windows[0]]);
  return trunk.graph.derived({
    name: `${stretched.name}+window`,
    dims: [1, width, grid, grid],
    from: [stretched, tiled],
    compute: (whole, window) => {
      const values = new Float32Array(width * grid * grid);
      for (let channel = 0; channel < width; channel++) {
        const plane = values.subarray(channel * grid * grid, (channel + 1) * grid * grid);
        const source = whole!.subarray(channel * background ** 2, (channel + 1) * background ** 2);
        stretch(source, background, plane, grid);
        const tile = window!.subarray(channel * windows[0] ** 2, (channel + 1) * windows[0] ** 2);
        for (let i = 0; i < plane.length; i++)
          plane[i]! += tile[(Math.floor(i / grid) % windows[0]) * windows[0] + ((i % grid) % windows[0])]!;
      }
      return values;
    },
  });
}

/**
 * Stretches a square of `from` rows over one of `to` rows, bicubic with half-pixel centres; what lies outside is as at the
 * edge. Source of the rule: F.interpolate(mode="bicubic", align_corners=False) of PyTorch.
 */
export function stretch(source: Float32Array, from: number, target: Float32Array, to: number): void {
  const { first, weights } = cubicFilter(from, to);
  const at = (i: number, k: number) => Math.min(Math.max(first[i]! + k, 0), from - 1);
  const wide = new Float64Array(from * to);
  for (let row = 0; row < from; row++)
    for (let x = 0; x < to; x++)
      for (let k = 0; k < 4; k++) wide[row * to + x]! += weights[4 * x + k]! * source[row * from + at(x, k)]!;
  for (let y = 0; y < to; y++)
    for (let x = 0; x < to; x++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[4 * y + k]! * wide[at(y, k) * to + x]!;
      target[y * to + x] = sum;
    }
}

/** Returns the four weights of each output, and the place of the first one's input, which may lie outside. */
function cubicFilter(from: number, to: number): { readonly first: Int32Array; readonly weights: Float64Array } {
  const first = new Int32Array(to);
  const weights = new Float64Array(4 * to);
  for (let i = 0; i < to; i++) {
    const centre = ((i + 0.5) * from) / to - 0.5;
    first[i] = Math.floor(centre) - 1;
    for (let k = 0; k < 4; k++) weights[4 * i + k] = cubic(Math.abs(centre - first[i]! - k));
  }
  return { first, weights };
}

function cubic(distance: number): number {
  const a = cubicCoefficient;
  if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance ** 2 + 1;
  return distance < 2 ? a * (((distance - 5) * distance + 8) * distance - 4) : 0;
}
