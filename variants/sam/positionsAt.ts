import type { Checkpoint, Weight } from "../../harness/api.ts";
import { type Stretch, stretchedPlaces } from "../bicubic/stretched.ts";
import type { SamConfig } from "./config.ts";

type Sides = Pick<SamConfig, "side" | "patch" | "globalBlocks">;

/**
 * Returns the checkpoint of an encoder with SAM's names as one that was trained at another input side would be: its absolute
 * positions are stretched by bicubic interpolation (a = -0.75, corners not aligned), and the relative positions of its global
 * blocks linearly. Those of windows stay as they are, because windows keep their size.
 * Sources: F.interpolate of PyTorch, and get_rel_pos of segment_anything/modeling/image_encoder.py.
 */
export function positionsAt(checkpoint: Checkpoint, trained: Sides, wanted: Sides): Checkpoint {
  if (wanted.side === trained.side) return checkpoint;
  const from = trained.side / trained.patch;
  const to = wanted.side / wanted.patch;
  return {
    ...checkpoint,
    take(name, dims) {
      if (name.endsWith(".pos_embed")) {
        const width = dims.at(-1)!;
        const weight = checkpoint.take(name, [1, from, from, width]);
        return resized(weight, dims, (values) => stretchedPlaces(values, { from, to, width }));
      }
      const block = /\.blocks\.(\d+)\.(?:efficient\.)?attn\.rel_pos_[hw]$/.exec(name)?.[1];
      if (block === undefined || !trained.globalBlocks.includes(Number(block))) return checkpoint.take(name, dims);
      const weight = checkpoint.take(name, [2 * from - 1, dims[1]!]);
      return resized(weight, dims, (values) =>
        stretchedRows(values, { from: 2 * from - 1, to: dims[0]!, width: dims[1]! }),
      );
    },
  };
}

function resized(weight: Weight, dims: readonly number[], resize: (values: Float32Array) => Float32Array): Weight {
  return { name: weight.name, dims, read: () => resize(weight.read()) };
}

/** Stretches [from, width] to [to, width] linearly: a row lies at its centre, and those beyond the ends are the ends. */
export function stretchedRows(values: Float32Array, { from, to, width }: Stretch): Float32Array {
  const result = new Float32Array(to * width);
  for (let row = 0; row < to; row++) {
    const at = Math.min(Math.max(((row + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, from - 1);
    for (let i = 0; i < width; i++)
      result[row * width + i] = values[low * width + i]! * (1 - (at - low)) + values[high * width + i]! * (at - low);
  }
  return result;
}
