import type { Box, Point } from "../../../../api.ts";
import type { AskedPrompt } from "../../contract.ts";
import type { Place } from "../prompt/edit.ts";
import { onCanvas, type Projection } from "./view.ts";

/** Colours of prompts, as the report's gallery has them: they are seen on any photo, since each has a dark rim. */
const colours = { foreground: "#ffe14d", background: "#ff5c5c", rim: "#111111", light: "#ffffff" } as const;

/** Radius of a point, px of the screen. */
export const pointRadius = 8;

/** A canvas of the screen that shows a photo, or a part of it. */
export interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly projection: Projection;
  /** Pixels of the canvas that one of the screen's own unit takes. */
  readonly density: number;
}

/** Draws points and box; their lines keep their width on the screen, however large the photo is. */
export function drawPrompt(frame: Frame, { points, box }: AskedPrompt): void {
  if (box !== undefined) drawBox(frame, box);
  for (const point of points) drawPoint(frame, point);
}

/** Draws a box with a dark rim. */
export function drawBox({ context, projection, density }: Frame, { x0, y0, x1, y1 }: Box): void {
  const { scale } = projection;
  const { x, y } = onCanvas(projection, { x: x0, y: y0 });
  context.lineJoin = "round";
  for (const [colour, width] of [
    [colours.rim, 4],
    [colours.foreground, 2],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width * density;
    context.strokeRect(x, y, (x1 - x0) * scale, (y1 - y0) * scale);
  }
}

/** A foreground point has a plus in it, a background point a minus, so that colours alone need not tell them apart. */
function drawPoint({ context, projection, density }: Frame, { x, y, label }: Point): void {
  const centre = onCanvas(projection, { x: x + 0.5, y: y + 0.5 });
  context.beginPath();
  context.arc(centre.x, centre.y, pointRadius * density, 0, 2 * Math.PI);
  context.fillStyle = label === 1 ? colours.foreground : colours.background;
  context.fill();
  for (const [colour, width] of [
    [colours.light, 3.5],
    [colours.rim, 1.5],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width * density;
    context.stroke();
  }
  const arm = 4 * density;
  context.lineWidth = 2 * density;
  context.beginPath();
  context.moveTo(centre.x - arm, centre.y);
  context.lineTo(centre.x + arm, centre.y);
  if (label === 1) {
    context.moveTo(centre.x, centre.y - arm);
    context.lineTo(centre.x, centre.y + arm);
  }
  context.stroke();
}

/** Draws the cross that the arrow keys move, through all that is shown of the photo. */
export function drawCrosshair({ context, projection, density }: Frame, { x, y }: Place): void {
  const centre = onCanvas(projection, { x: x + 0.5, y: y + 0.5 });
  const { size } = projection;
  for (const [colour, width, dash] of [
    [colours.light, 1.5, []],
    [colours.rim, 1.5, [6 * density, 6 * density]],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width * density;
    context.setLineDash([...dash]);
    context.beginPath();
    context.moveTo(0, centre.y);
    context.lineTo(size.width, centre.y);
    context.moveTo(centre.x, 0);
    context.lineTo(centre.x, size.height);
    context.stroke();
  }
  context.setLineDash([]);
}
