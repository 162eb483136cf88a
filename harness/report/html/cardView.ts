import type { Size } from "../../api.ts";
import type { GalleryItem, GalleryView } from "./gallery.ts";

/** A part of a photo is given in pixels of the image frame. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const defaults = {
  /** The view is so many times as wide and high as the target. */
  surroundings: 2.5,
  /** It is at least this share of the photo's longer side, so that it still shows where it lies. */
  least: 0.14,
};

/**
 * Returns the part of a photo that a card shows: the target with its surroundings, or the whole photo where the target is
 * large in it. The target is the ground truth, or the prompt where no ground truth is at hand.
 */
export function cardView({
  size,
  truth,
  prompt,
}: Pick<GalleryItem, "size" | "truth"> & Pick<GalleryView, "prompt">): View {
  const corners = (truth ?? []).flat();
  const xs = corners.filter((_, i) => i % 2 === 0);
  const ys = corners.filter((_, i) => i % 2 === 1);
  const { box, points } = prompt;
  if (xs.length === 0) {
    xs.push(...points.map(({ x }) => x), ...(box === undefined ? [] : [box.x0, box.x1]));
    ys.push(...points.map(({ y }) => y), ...(box === undefined ? [] : [box.y0, box.y1]));
  }
  if (xs.length === 0) return { x: 0, y: 0, ...size };
  const least = defaults.least * Math.max(size.width, size.height);
  const across = { from: Math.min(...xs), to: Math.max(...xs), whole: size.width };
  const down = { from: Math.min(...ys), to: Math.max(...ys), whole: size.height };
  const side = Math.max(least, defaults.surroundings * Math.max(across.to - across.from, down.to - down.from));
  return coversMost(side, size) ? { x: 0, y: 0, ...size } : around(across, down, side);
}

/** Tells whether a view would show nearly the whole photo: such a view would only hide its rim. */
function coversMost(side: number, { width, height }: Size): boolean {
  return side > 0.8 * Math.min(width, height);
}

interface Extent {
  readonly from: number;
  readonly to: number;
  readonly whole: number;
}

/** Returns a view of 4 : 3 with that height, moved so that it stays inside the photo. */
function around(across: Extent, down: Extent, side: number): View {
  const [x, width] = placed(across, (4 / 3) * side);
  const [y, height] = placed(down, side);
  return { x, y, width, height };
}

function placed({ from, to, whole }: Extent, wanted: number): readonly [start: number, length: number] {
  const length = Math.round(Math.min(wanted, whole));
  const start = (from + to - length) / 2;
  return [Math.round(Math.max(0, Math.min(start, whole - length))), length];
}
