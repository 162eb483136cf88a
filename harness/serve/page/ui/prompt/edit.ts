import type { Box, Point, Size } from "../../../../api.ts";
import type { AskedPrompt } from "../../contract.ts";

/** A place in the photo is given in its pixels, fractions included. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export const noPrompt: AskedPrompt = { points: [] };

export function withPoint(prompt: AskedPrompt, point: Point): AskedPrompt {
  return { ...prompt, points: [...prompt.points, point] };
}

export function withoutPoint(prompt: AskedPrompt, index: number): AskedPrompt {
  return { ...prompt, points: prompt.points.filter((_, i) => i !== index) };
}

/** Replaces the box: a prompt has one at most. */
export function withBox(prompt: AskedPrompt, box: Box): AskedPrompt {
  return { ...prompt, box };
}

export function isEmpty({ points, box }: AskedPrompt): boolean {
  return points.length === 0 && box === undefined;
}

/** Counts what a person gave. A box is one step of a protocol, as a click is. */
export function stepOf({ points, box }: AskedPrompt): number {
  return points.length + (box === undefined ? 0 : 1);
}

/** Returns the index of the point that is nearest to the place and no further than `withinPx` px of the photo. */
export function nearestPoint({ points }: AskedPrompt, place: Place, withinPx: number): number | undefined {
  const distances = points.map(({ x, y }) => Math.hypot(x + 0.5 - place.x, y + 0.5 - place.y));
  const least = Math.min(...distances);
  return least <= withinPx ? distances.indexOf(least) : undefined;
}

/** Returns the pixel that holds the place, or the nearest of the photo. */
export function pixelAt({ x, y }: Place, { height, width }: Size): Place {
  return { x: clamped(Math.floor(x), width - 1), y: clamped(Math.floor(y), height - 1) };
}

/** Returns the box between two places, at whole pixels inside the photo; nothing where it would hold no pixel. */
export function boxBetween(a: Place, b: Place, { height, width }: Size): Box | undefined {
  const box = {
    x0: clamped(Math.round(Math.min(a.x, b.x)), width),
    y0: clamped(Math.round(Math.min(a.y, b.y)), height),
    x1: clamped(Math.round(Math.max(a.x, b.x)), width),
    y1: clamped(Math.round(Math.max(a.y, b.y)), height),
  };
  return box.x1 > box.x0 && box.y1 > box.y0 ? box : undefined;
}

/** Tells whether all of the prompt lies in the photo. */
export function isInside({ points, box }: AskedPrompt, { height, width }: Size): boolean {
  const pointsInside = points.every(({ x, y }) => x >= 0 && x < width && y >= 0 && y < height);
  if (box === undefined) return pointsInside;
  return pointsInside && box.x0 >= 0 && box.y0 >= 0 && box.x1 <= width && box.y1 <= height;
}

function clamped(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
