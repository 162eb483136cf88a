import type { Size } from "../../../../api.ts";
import type { Place } from "../prompt/edit.ts";

/** The part of the photo that is shown, by all canvases alike: it does not depend on how large they are. */
export interface View {
  /** Names the place of the photo at the left top corner of a canvas. */
  readonly corner: Place;
  /** Number by which the photo is larger than where all of it is shown; 1 at least. */
  readonly zoom: number;
}

export const wholePhoto: View = { corner: { x: 0, y: 0 }, zoom: 1 };

/** The largest zoom shows so many pixels of the photo's longer side. */
const fewestShown = 16;

/** A step of a key or a button makes the photo so many times as large. */
const zoomStep = 1.5;

/** Says how a canvas shows a photo: `scale` of its pixels stand for one of the photo, and `corner` is at its left top. */
export interface Projection {
  /** Size of the canvas in its own pixels. */
  readonly size: Size;
  readonly corner: Place;
  readonly scale: number;
}

/** A hand on the photo: it holds the place `at` over the place of the canvas that `under` gives, in shares of its width and height. */
export interface Grip {
  readonly at: Place;
  readonly under: Place;
}

/** Returns how a canvas of this size shows the view. One scale holds for both axes, however its height was rounded. */
export function projectionOf(canvas: Size, photo: Size, { corner, zoom }: View = wholePhoto): Projection {
  return { size: canvas, corner, scale: (zoom * canvas.width) / photo.width };
}

/** Returns the place of the canvas, in its own pixels, at which a place of the photo is shown. */
export function onCanvas({ corner, scale }: Projection, { x, y }: Place): Place {
  return { x: (x - corner.x) * scale, y: (y - corner.y) * scale };
}

/** Returns the place of the photo under a place of the canvas, which is given in shares of its width and height. */
export function placeUnder({ corner, zoom }: View, photo: Size, { x, y }: Place): Place {
  return { x: corner.x + (x * photo.width) / zoom, y: corner.y + (y * photo.height) / zoom };
}

/** Returns the view in which a hand that zooms and moves the photo still holds its place, as far as the photo's edges let it. */
export function heldView(photo: Size, { at, under }: Grip, zoom: number): View {
  const own = Math.min(Math.max(zoom, 1), mostZoom(photo));
  const corner = { x: at.x - (under.x * photo.width) / own, y: at.y - (under.y * photo.height) / own };
  return withinPhoto(photo, { corner, zoom: own });
}

/** Returns the view one step nearer or further. The place `at` stays where it is shown; the middle does where it is left out or not seen. */
export function steppedView(view: View, photo: Size, { to, at }: ZoomStep): View {
  const share = at && shareOf(view, photo, at);
  const under = share !== undefined && isShown(share) ? share : { x: 0.5, y: 0.5 };
  const grip = { at: placeUnder(view, photo, under), under };
  return heldView(photo, grip, to === "nearer" ? view.zoom * zoomStep : view.zoom / zoomStep);
}

export interface ZoomStep {
  readonly to: "nearer" | "further";
  readonly at?: Place | undefined;
}

/** Returns the nearest view that shows the pixel: the keyboard's cross never leaves what is seen. */
export function viewWith(view: View, photo: Size, { x, y }: Place): View {
  const { corner, zoom } = view;
  const moved = (first: number, pixel: number, shown: number) =>
    Math.min(Math.max(first, pixel + 1 - Math.max(shown, 1)), pixel);
  return withinPhoto(photo, {
    corner: { x: moved(corner.x, x, photo.width / zoom), y: moved(corner.y, y, photo.height / zoom) },
    zoom,
  });
}

/** Returns the largest zoom of a photo; a tiny one is shown whole. */
export function mostZoom({ height, width }: Size): number {
  return Math.max(1, Math.max(height, width) / fewestShown);
}

function shareOf({ corner, zoom }: View, { height, width }: Size, { x, y }: Place): Place {
  return { x: ((x - corner.x) * zoom) / width, y: ((y - corner.y) * zoom) / height };
}

function isShown({ x, y }: Place): boolean {
  return x >= 0 && x <= 1 && y >= 0 && y <= 1;
}

export function isSameView(a: View, b: View): boolean {
  return a.zoom === b.zoom && a.corner.x === b.corner.x && a.corner.y === b.corner.y;
}

/** Returns the view moved so that nothing beside the photo is shown. */
function withinPhoto({ height, width }: Size, { corner, zoom }: View): View {
  const within = (first: number, side: number) => Math.min(Math.max(first, 0), side - side / zoom);
  return { corner: { x: within(corner.x, width), y: within(corner.y, height) }, zoom };
}
