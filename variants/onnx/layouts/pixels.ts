import type { ModelInput, Tensor } from "../../../harness/api.ts";

/**
 * Returns the part of the model frame that the image fills, pixel by pixel: [1, 3, height, width] of the frame → [height,
 * width, 3].
 */
export function rowsOfPixels({ tensor, geometry }: ModelInput): Tensor {
  const { resized, offset, frame } = geometry;
  const { height, width } = resized;
  const data = new Float32Array(height * width * 3);
  for (let channel = 0; channel < 3; channel++)
    for (let y = 0; y < height; y++) {
      const from = (channel * frame.height + y + offset.y) * frame.width + offset.x;
      for (let x = 0; x < width; x++) data[(y * width + x) * 3 + channel] = tensor.data[from + x]!;
    }
  return { dims: [height, width, 3], data };
}
