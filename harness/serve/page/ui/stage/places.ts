import type { Place } from "../prompt/edit.ts";

/** A pointer that moves no further than this, px of the screen, clicks. */
const clickPx = 6;

/** Returns the place of a pointer from a canvas's corner, px of the screen. */
export function placeOn(canvas: HTMLCanvasElement, { clientX, clientY }: MouseEvent): Place {
  const { left, top } = canvas.getBoundingClientRect();
  return { x: clientX - left, y: clientY - top };
}

/** Returns a place of a canvas, px of the screen from its corner, in shares of its width and height. */
export function shareOf(canvas: HTMLCanvasElement, { x, y }: Place): Place {
  const { height, width } = canvas.getBoundingClientRect();
  return { x: x / width, y: y / height };
}

/** Returns the middle of places; there is one at least. */
export function middleOf(places: readonly Place[]): Place {
  const mean = (axis: "x" | "y") => places.reduce((sum, place) => sum + place[axis], 0) / places.length;
  return { x: mean("x"), y: mean("y") };
}

/** Tells whether a pointer that went from one place to the other has moved, and not only trembled. */
export function hasMoved(from: Place, to: Place): boolean {
  return Math.hypot(to.x - from.x, to.y - from.y) > clickPx;
}
