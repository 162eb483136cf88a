import type { Box, Crop, ImageRecord, Size } from "../api.ts";
import { pointGrid } from "./grid.ts";

const defaults = {
  /**
   * The overlap of neighbours as a share of the image's shorter side, with two crops a side. With four crops a side it is half
   * as much.
   */
  overlap: 512 / 1500,
};

export interface CropBox {
  /** Whole pixels of the image frame. */
  readonly box: Box;
  /** 0: the whole image; 1: 2 x 2 crops; 2: 4 x 4. */
  readonly layer: number;
}

/** Points along each side of the image and of its crops. */
export interface CropGrid {
  readonly side: number;
  /** Layers of crops besides the image itself. */
  readonly layers: number;
  /** Divides the number of points along a crop's side from one layer to the next. */
  readonly downscale: number;
}

/**
 * Returns the image, then the crops of each layer, down the columns. The last crop of a row or column ends with the image.
 * Source: generate_crop_boxes of segment_anything/utils/amg.py.
 */
export function cropBoxes({ height, width }: Size, layers: number): CropBox[] {
  const crops: CropBox[] = [{ box: { x0: 0, y0: 0, x1: width, y1: height }, layer: 0 }];
  for (let layer = 1; layer <= layers; layer++) {
    const count = 2 ** layer;
    const overlap = Math.floor(defaults.overlap * Math.min(height, width) * (2 / count));
    const columns = stretches(width, count, overlap);
    const rows = stretches(height, count, overlap);
    for (const [x0, x1] of columns) for (const [y0, y1] of rows) crops.push({ box: { x0, y0, x1, y1 }, layer });
  }
  return crops;
}

/** Returns the crops of an image, each with a grid of points; the numbers of points go on from crop to crop. */
export function cropsOf({ id, size }: ImageRecord, { side, layers, downscale }: CropGrid): readonly Crop[] {
  let first = 0;
  return cropBoxes(size, layers).map(({ box, layer }) => {
    const targets = pointGrid(id, box, Math.floor(side / downscale ** layer), first);
    first += targets.length;
    return { box, targets };
  });
}

function stretches(length: number, count: number, overlap: number): (readonly [number, number])[] {
  const each = Math.ceil((overlap * (count - 1) + length) / count);
  return Array.from({ length: count }, (_, i) => {
    const start = (each - overlap) * i;
    return [start, Math.min(start + each, length)] as const;
  });
}
