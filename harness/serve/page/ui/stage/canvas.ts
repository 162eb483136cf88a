import type { Box, Size } from "../../../../api.ts";
import type { AskedPrompt } from "../../contract.ts";
import type { Place } from "../prompt/edit.ts";
import type { ShownPhoto } from "../session.ts";
import { drawBox, drawCrosshair, drawPrompt, type Frame } from "./marks.ts";
import { drawPhoto } from "./photoPart.ts";
import { type Projection, projectionOf, type View } from "./view.ts";

/** Holds what is drawn over a photo. */
export interface Drawn {
  readonly projection: Projection;
  /** Pictures of the canvas's size, the lowest first. */
  readonly layers: readonly CanvasImageSource[];
  readonly prompt?: AskedPrompt | undefined;
  readonly draft?: Box | undefined;
  readonly crosshair?: Place | undefined;
  /** The photo is grey where two masks are compared, so that colours are theirs. */
  readonly photo: "coloured" | "grey";
}

/** Fits a canvas to its place on the page and to the screen's density. Returns how it shows the view, in its own pixels. */
export function fitCanvas(canvas: HTMLCanvasElement, photo: Size, view: View): Projection {
  const ratio = photo.width / photo.height;
  canvas.style.setProperty("--ratio", String(ratio));
  const width = Math.max(1, Math.round(canvas.clientWidth * window.devicePixelRatio));
  const height = Math.max(1, Math.round(width / ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  // A finger moves a photo of which a part is shown, and else scrolls the page.
  canvas.classList.toggle("zoomed", view.zoom > 1);
  return projectionOf({ height, width }, photo, view);
}

/** Draws the photo and what lies over it, on a canvas that was fitted to it. */
export function drawStage(canvas: HTMLCanvasElement, photo: ShownPhoto, drawn: Drawn): void {
  const context = canvas.getContext("2d")!;
  const { projection } = drawn;
  const frame: Frame = { context, projection, density: window.devicePixelRatio };
  context.filter = drawn.photo === "grey" ? "grayscale(1) brightness(0.55)" : "none";
  drawPhoto(context, photo, projection);
  context.filter = "none";
  for (const layer of drawn.layers) context.drawImage(layer, 0, 0, canvas.width, canvas.height);
  if (drawn.prompt !== undefined) drawPrompt(frame, drawn.prompt);
  if (drawn.draft !== undefined) drawBox(frame, drawn.draft);
  if (drawn.crosshair !== undefined) drawCrosshair(frame, drawn.crosshair);
}
