import type { Geometry, GraphValue, MaskSpec } from "../../harness/api.ts";
import { upscaleLogits } from "../../harness/mask/index.ts";
import { type Module, take } from "../../harness/onnx/index.ts";

const bicubic: MaskSpec = { path: "direct", interpolation: "bicubic", threshold: ">0" };

/**
 * Stretches a square of values, row by row, over one of `side` rows as F.interpolate's bicubic does. Logits that are resized
 * straight to an image go through the same interpolation, so the harness's own serves.
 */
export function stretched(square: Float32Array, side: number): Float32Array {
  const image = { height: side, width: side };
  const geometry: Geometry = { image, resized: image, offset: { x: 0, y: 0 }, frame: image };
  return upscaleLogits(square, geometry, bicubic);
}

/** Says how a table of values by place is stretched along an axis. */
export interface Stretch {
  /** Places along the axis before and after. */
  readonly from: number;
  readonly to: number;
  /** Values of a place. */
  readonly width: number;
}

/** Stretches [from, from, width] over [to, to, width], channel by channel. */
export function stretchedPlaces(values: Float32Array, { from, to, width }: Stretch): Float32Array {
  const result = new Float32Array(to * to * width);
  for (let channel = 0; channel < width; channel++) {
    const plane = Float32Array.from({ length: from * from }, (_, place) => values[place * width + channel]!);
    for (const [place, value] of stretched(plane, to).entries()) result[place * width + channel] = value;
  }
  return result;
}

interface PositionTable {
  /** Rows and columns of the table that was trained. */
  readonly trained: number;
  /** Rows and columns of the encoder's tokens. */
  readonly grid: number;
  readonly width: number;
}

/**
 * Returns the position embedding at the encoder's grid, [1, grid², width], from the checkpoint's `pos_embed` [1, 1 + trained²,
 * width]: the row of the class token is dropped, and the rest stretched channel by channel. The published code does it in every
 * forward pass; here it is a constant.
 * Sources: get_abs_pos of efficient_sam/efficient_sam_encoder.py and of EfficientTAM's modeling/backbones/utils.py.
 */
export function stretchedPositions(encoder: Module, { trained, grid, width }: PositionTable): GraphValue {
  const table = take(encoder, "pos_embed", [1, 1 + trained * trained, width]);
  return encoder.graph.derived({
    name: `${table.name}.resized`,
    dims: [1, grid * grid, width],
    from: [table],
    compute: (values) => stretchedPlaces(values!.subarray(width), { from: trained, to: grid, width }),
  });
}
