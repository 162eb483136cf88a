import type { Target } from "../api.ts";
import { hasPixels } from "../prompts/pixels.ts";

/**
 * Includes single objects with at least one pixel: a crowd region is no single object, and from an empty mask no point can be
 * drawn.
 */
export function isObject(target: Target): boolean {
  return !target.crowd && hasPixels(target);
}

/**
 * Includes targets whose annotated area is at least 1 px, whatever the mask itself has; crowds are included.
 * Source: eval_efficientvit_sam_model.py of mit-han-lab/efficientvit.
 */
export function isOfOnePixel({ mask, areaPx }: Target): boolean {
  return mask !== undefined && areaPx >= 1;
}

/** Includes what a detector found: it has a score, and no mask of its own. */
export function isDetection({ score }: Target): boolean {
  return score !== undefined;
}
