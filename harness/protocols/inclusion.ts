import type { Target } from "../api.ts";
import { hasPixels } from "../prompts/pixels.ts";

/** Single objects with at least one pixel: a crowd region is none, and from an empty mask no point can be drawn. */
export function isObject(target: Target): boolean {
  return !target.crowd && hasPixels(target);
}

/**
 * Crowds included, annotated areas below 1 px left out, whatever the mask itself has.
 * Source: eval_efficientvit_sam_model.py of mit-han-lab/efficientvit.
 */
export function isOfOnePixel({ mask, areaPx }: Target): boolean {
  return mask !== undefined && areaPx >= 1;
}

/** What a detector found: it has a score, and no mask of its own. */
export function isDetection({ score }: Target): boolean {
  return score !== undefined;
}
