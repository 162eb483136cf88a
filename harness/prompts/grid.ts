import type { Box, ImageId, PromptSampler, Target } from "../api.ts";

/** Sampler that gives the place of the target, once: a target of a grid is a point, its box shrunk onto that point. */
export const gridPoint: PromptSampler = {
  id: "grid-point",
  size: () => ({ points: 1, box: false }),
  *prompts({ box }) {
    yield { frame: "image", points: [{ x: box.x0, y: box.y0, label: 1 }] };
  },
};

/** Sampler for a variant whose everything mode needs no prompt: its masks are recorded under this one empty prompt. */
export const noPrompt: PromptSampler = {
  id: "no-prompt",
  size: () => ({ points: 0, box: false }),
  *prompts() {
    yield { frame: "image", points: [] };
  },
};

/**
 * Returns a grid of side × side points as targets without a mask, row by row, numbered from `first`. The points lie at ((i +
 * 0.5) / side) of the box's width and height.
 * Source: build_point_grid of segment_anything/utils/amg.py.
 */
export function pointGrid(image: ImageId, { x0, y0, x1, y1 }: Box, side: number, first: number): Target[] {
  return Array.from({ length: side * side }, (_, place) => {
    const x = x0 + (((place % side) + 0.5) / side) * (x1 - x0);
    const y = y0 + ((Math.floor(place / side) + 0.5) / side) * (y1 - y0);
    const box = { x0: x, y0: y, x1: x, y1: y };
    return { id: first + place, image, category: 0, box, areaPx: 0, crowd: false };
  });
}
