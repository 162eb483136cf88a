import type { Box, Point, Size } from "../../../../api.ts";
import type { AskedPrompt } from "../../contract.ts";
import type { Place } from "../prompt/edit.ts";

/** Colours of prompts, as the report's gallery has them: they are seen on any photo, since each has a dark rim. */
const colours = { foreground: "#ffe14d", background: "#ff5c5c", rim: "#111111", light: "#ffffff" } as const;

/** Radius of a point, px of the screen. */
export const pointRadius = 8;

/** A canvas of the screen that shows a whole photo. */
export interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly photo: Size;
  /** Pixels of the canvas that one of the photo takes. */
  readonly scale: number;
  /** Pixels of the canvas that one of the screen's own unit takes. */
  readonly density: number;
}

/** Draws points and box; their lines keep their width on the screen, however large the photo is. */
export function drawPrompt(frame: Frame, { points, box }: AskedPrompt): void {
  if (box !== undefined) drawBox(frame, box);
  for (const point of points) drawPoint(frame, point);
}

/** Draws a box with a dark rim. */
export function drawBox({ context, scale, density }: Frame, { x0, y0, x1, y1 }: Box): void {
  const corners = [x0 * scale, y0 * scale, (x1 - x0) * scale, (y1 - y0) * scale] as const;
  context.lineJoin = "round";
  for (const [colour, width] of [
    [colours.rim, 4],
    [colours.foreground, 2],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width * density;
    context.strokeRect(...corners);
  }
}

/** A foreground point has a plus in it, a background point a minus, so that colours alone need not tell them apart. */
function drawPoint({ context, scale, density }: Frame, { x, y, label }: Point): void {
  const centreX = (x + 0.5) * scale;
  const centreY = (y + 0.5) * scale;
  context.beginPath();
  context.arc(centreX, centreY, pointRadius * density, 0, 2 * Math.PI);
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
  context.moveTo(centreX - arm, centreY);
  context.lineTo(centreX + arm, centreY);
  if (label === 1) {
    context.moveTo(centreX, centreY - arm);
    context.lineTo(centreX, centreY + arm);
  }
  context.stroke();
}

/** Draws the cross that the arrow keys move, through the whole photo. */
export function drawCrosshair({ context, photo, scale, density }: Frame, { x, y }: Place): void {
  const centreX = (x + 0.5) * scale;
  const centreY = (y + 0.5) * scale;
  for (const [colour, width, dash] of [
    [colours.light, 1.5, []],
    [colours.rim, 1.5, [6 * density, 6 * density]],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = width * density;
    context.setLineDash([...dash]);
    context.beginPath();
    context.moveTo(0, centreY);
    context.lineTo(photo.width * scale, centreY);
    context.moveTo(centreX, 0);
    context.lineTo(centreX, photo.height * scale);
    context.stroke();
  }
  context.setLineDash([]);
}
