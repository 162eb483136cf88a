import type { Box, Size } from "../../../../api.ts";
import type { AskedPrompt } from "../../contract.ts";
import type { Place } from "../prompt/edit.ts";
import type { ShownPhoto } from "../session.ts";
import { drawBox, drawCrosshair, drawPrompt, type Frame } from "./marks.ts";

/** Holds what is drawn over a photo. */
export interface Drawn {
  /** Pictures of the canvas's size, the lowest first. */
  readonly layers: readonly CanvasImageSource[];
  readonly prompt?: AskedPrompt | undefined;
  readonly draft?: Box | undefined;
  readonly crosshair?: Place | undefined;
  /** The photo is grey where two masks are compared, so that colours are theirs. */
  readonly photo: "coloured" | "grey";
}

/** Fits a canvas to its place on the page and to the screen's density. Returns its size in its own pixels. */
export function fitCanvas(canvas: HTMLCanvasElement, { height, width }: Size): Size {
  canvas.style.setProperty("--ratio", String(width / height));
  const density = window.devicePixelRatio;
  const size = {
    height: Math.max(1, Math.round(canvas.clientHeight * density)),
    width: Math.max(1, Math.round(canvas.clientWidth * density)),
  };
  if (canvas.width !== size.width) canvas.width = size.width;
  if (canvas.height !== size.height) canvas.height = size.height;
  return size;
}

/** Draws the photo and what lies over it, on a canvas that was fitted to it. */
export function drawStage(canvas: HTMLCanvasElement, photo: ShownPhoto, drawn: Drawn): void {
  const context = canvas.getContext("2d")!;
  const { size } = photo.image;
  const frame: Frame = { context, photo: size, scale: canvas.width / size.width, density: window.devicePixelRatio };
  context.imageSmoothingEnabled = canvas.width < 2 * size.width;
  context.filter = drawn.photo === "grey" ? "grayscale(1) brightness(0.55)" : "none";
  context.drawImage(photo.shown, 0, 0, canvas.width, canvas.height);
  context.filter = "none";
  for (const layer of drawn.layers) context.drawImage(layer, 0, 0, canvas.width, canvas.height);
  if (drawn.prompt !== undefined) drawPrompt(frame, drawn.prompt);
  if (drawn.draft !== undefined) drawBox(frame, drawn.draft);
  if (drawn.crosshair !== undefined) drawCrosshair(frame, drawn.crosshair);
}
