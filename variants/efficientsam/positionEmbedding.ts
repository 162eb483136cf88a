import type { Geometry, GraphValue, MaskSpec } from "../../harness/api.ts";
import { upscaleLogits } from "../../harness/mask/index.ts";
import { type Module, take } from "../../harness/onnx/index.ts";
import type { EfficientSamConfig } from "./config.ts";

/** Side of the images that the encoder was pre-trained on, px: what the stored position embedding is made for. */
const pretrainedSide = 224;

/**
 * Returns the position embedding at the encoder's grid, [1, grid², width], from the checkpoint's [1, 1 + n², width]: the class
 * token is dropped, the n x n table resized bicubically. The authors' code does it in every forward pass; here it is a
 * constant.
 * Source: efficient_sam/efficient_sam_encoder.py, get_abs_pos.
 */
export function positionEmbedding(encoder: Module, { side, patch, width }: EfficientSamConfig): GraphValue {
  const trained = Math.floor(pretrainedSide / patch);
  const grid = side / patch;
  const table = take(encoder, "pos_embed", [1, 1 + trained * trained, width]);
  return encoder.graph.derived({
    name: `${table.name}.resized`,
    dims: [1, grid * grid, width],
    from: [table],
    compute: (values) => resizeTable(values!.subarray(width), trained, grid, width),
  });
}

/**
 * Resizes [trained², width] to [grid², width], channel by channel. Logits that are resized straight to an image go through
 * F.interpolate's bicubic, so the same function serves.
 */
function resizeTable(table: Float32Array, trained: number, grid: number, width: number): Float32Array {
  const square = { height: grid, width: grid };
  const geometry: Geometry = { image: square, resized: square, offset: { x: 0, y: 0 }, frame: square };
  const spec: MaskSpec = { path: "direct", interpolation: "bicubic", threshold: ">0" };
  const resized = new Float32Array(grid * grid * width);
  for (let channel = 0; channel < width; channel++) {
    const plane = Float32Array.from({ length: trained * trained }, (_, place) => table[place * width + channel]!);
    const result = upscaleLogits(plane, geometry, spec);
    for (let place = 0; place < result.length; place++) resized[place * width + channel] = result[place]!;
  }
  return resized;
}
