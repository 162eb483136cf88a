import type { ImageRecord, PromptSampler, Target } from "../api.ts";

/** The target's own place, once: a target of a grid is a point, its box shrunk onto it. */
export const gridPoint: PromptSampler = {
  id: "grid-point",
  *prompts({ box }) {
    yield { frame: "image", points: [{ x: box.x0, y: box.y0, label: 1 }] };
  },
};

/**
 * side × side points at ((i + 0.5) / side) of the image's width and height, row by row, as targets without a mask.
 * Source: segment_anything/utils/amg.py, build_point_grid.
 */
export function pointGrid({ id, size }: ImageRecord, side: number): Target[] {
  return Array.from({ length: side * side }, (_, place) => {
    const x = (((place % side) + 0.5) / side) * size.width;
    const y = ((Math.floor(place / side) + 0.5) / side) * size.height;
    return { id: place, image: id, category: 0, box: { x0: x, y0: y, x1: x, y1: y }, areaPx: 0, crowd: false };
  });
}
