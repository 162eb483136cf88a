import type { Box, Geometry, MaskPrediction, Point, Prompt, Rle } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { halfToEven } from "../../harness/image/rounding.ts";
import { areaOf, difference, intersectionArea, rleFromBox, union } from "../../harness/mask/index.ts";
import { clamp, toImagePixel } from "./letterbox.ts";
import { emptyMask } from "./masks.ts";

/** All masks of an image, most confident first. */
export interface Everything {
  readonly masks: readonly Rle[];
  readonly scores: Float32Array;
  readonly geometry: Geometry;
}

/**
 * Returns the mask that a prompt chooses; none where the image has none. Its score is the confidence of its detection, or the
 * highest of those that it is made of: the authors give none.
 * Throws HarnessError for a prompt that FastSAM has no rule for. Source: FastSAMPrompt of fastsam/prompt.py.
 */
export function choose(everything: Everything, prompt: Prompt<"model">): MaskPrediction {
  requireRule(prompt);
  if (everything.masks.length === 0) return { kind: "masks", masks: [], scores: new Float32Array(0) };
  const { mask, score } =
    prompt.box === undefined ? byPoints(everything, prompt.points) : byBox(everything, prompt.box);
  return { kind: "masks", masks: [mask], scores: Float32Array.of(score) };
}

interface Chosen {
  readonly mask: Rle;
  readonly score: number;
}

/**
 * Returns the mask with the highest overlap / (box + mask - overlap), as the authors' box_prompt does: the most confident mask
 * where all overlaps are 0.
 */
function byBox({ masks, scores, geometry }: Everything, box: Box): Chosen {
  const { x0, y0, x1, y1 } = pixelsOf(box, geometry);
  const boxPx = Math.max(x1 - x0, 0) * Math.max(y1 - y0, 0);
  if (boxPx === 0) return { mask: masks[0]!, score: scores[0]! };
  const inside = rleFromBox({ x0, y0, x1, y1 }, geometry.image);
  let best = 0;
  let highest = -1;
  for (const [i, mask] of masks.entries()) {
    const overlap = intersectionArea(mask, inside);
    const ratio = overlap / (boxPx + areaOf(mask) - overlap);
    if (ratio > highest) [best, highest] = [i, ratio];
  }
  return { mask: masks[best]!, score: scores[best]! };
}

/**
 * Goes from the largest mask to the smallest, as the authors' point_prompt does: a mask that holds a foreground point is added,
 * a mask that holds a background point is taken away from what is there so far. Where no mask holds a foreground point the
 * result is empty.
 */
function byPoints({ masks, scores, geometry }: Everything, points: readonly Point[]): Chosen {
  const places = points.map((point) => ({ label: point.label, index: indexOf(point, geometry) }));
  const bySize = masks.map((mask, i) => ({ mask, score: scores[i]!, areaPx: areaOf(mask) }));
  bySize.sort((a, b) => b.areaPx - a.areaPx);
  let chosen = emptyMask(geometry);
  let score = 0;
  for (const candidate of bySize) {
    for (const { label, index } of places) {
      if (!holds(candidate.mask, index)) continue;
      chosen = label === 1 ? union([chosen, candidate.mask]) : difference(chosen, candidate.mask);
      if (label === 1) score = Math.max(score, candidate.score);
    }
  }
  return { mask: chosen, score };
}

/** Rounds the corners as Python does and cuts them to the image: the box takes part as whole pixels. */
function pixelsOf({ x0, y0, x1, y1 }: Box, geometry: Geometry): Box {
  const { width, height } = geometry.image;
  const start = toImagePixel({ x: x0, y: y0 }, geometry);
  const end = toImagePixel({ x: x1, y: y1 }, geometry);
  return {
    x0: clamp(halfToEven(start.x), width),
    y0: clamp(halfToEven(start.y), height),
    x1: clamp(halfToEven(end.x), width),
    y1: clamp(halfToEven(end.y), height),
  };
}

/** Returns the pixel's place, counted down the columns. */
function indexOf(point: Point, geometry: Geometry): number {
  const { width, height } = geometry.image;
  const { x, y } = toImagePixel(point, geometry);
  return clamp(Math.floor(x), width - 1) * height + clamp(Math.floor(y), height - 1);
}

function holds({ counts }: Rle, index: number): boolean {
  let end = 0;
  for (const [i, run] of counts.entries()) {
    end += run;
    if (index < end) return i % 2 === 1;
  }
  return false;
}

function requireRule({ points, box, mask }: Prompt<"model">): void {
  const hint = "prompt it with a box alone, or with points alone";
  if (mask !== undefined) throw new HarnessError("FastSAM: there is no rule for a prompt with a mask", { hint });
  if (box !== undefined && points.length > 0)
    throw new HarnessError("FastSAM: there is no rule for a prompt with a box and points", { hint });
  if (box === undefined && points.length === 0)
    throw new HarnessError("FastSAM: the prompt has neither a box nor a point", { hint });
}
