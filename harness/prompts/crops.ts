import type { Box, Crop, ImageRecord, Size } from "../api.ts";
import { pointGrid } from "./grid.ts";

const defaults = {
  /** Of the image's shorter side, for two crops a side: what neighbours share. Half of it for four. */
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
  /** Each layer's crops have the layer before's points along a side, divided by this. */
  readonly downscale: number;
}

/**
 * The image, then the crops of each layer, down the columns; the last of a row or column ends with the image.
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

/** The crops of an image with a grid of points in each, numbered on from crop to crop. */
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
