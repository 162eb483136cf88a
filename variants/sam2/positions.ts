import type { GraphValue } from "../../harness/api.ts";
import { type Module, take } from "../../harness/onnx/index.ts";
import { stretched } from "../bicubic/stretched.ts";
import { gridOf } from "./blocks.ts";
import type { Sam2Config } from "./config.ts";

/** Returns the positions of all patches [1, width, grid, grid]: a background that is stretched, and a window that is tiled. */
export function positions(trunk: Module, config: Sam2Config): GraphValue {
  const { width, background, windows } = config;
  const grid = gridOf(config, 0);
  const whole = take(trunk, "pos_embed", [1, width, background, background]);
  const tiled = take(trunk, "pos_embed_window", [1, width, windows[0], windows[0]]);
  return trunk.graph.derived({
    name: `${whole.name}+window`,
    dims: [1, width, grid, grid],
    from: [whole, tiled],
    compute: (planes, tiles) => {
      const values = new Float32Array(width * grid * grid);
      for (let channel = 0; channel < width; channel++) {
        const plane = stretched(planes!.subarray(channel * background ** 2, (channel + 1) * background ** 2), grid);
        const tile = tiles!.subarray(channel * windows[0] ** 2, (channel + 1) * windows[0] ** 2);
        for (let i = 0; i < plane.length; i++)
          plane[i]! += tile[(Math.floor(i / grid) % windows[0]) * windows[0] + ((i % grid) % windows[0])]!;
        values.set(plane, channel * grid * grid);
      }
      return values;
    },
  });
}
