import type { Rgb, Rle } from "../../../../api.ts";
import { drawnMask, edgeOf } from "./drawnMask.ts";
import type { Projection } from "./view.ts";

/** Says how a mask is drawn over a photo. */
export interface MaskLook {
  readonly colour: Rgb;
  /** Stripes tell two masks apart for who can not tell their colours. */
  readonly fill: "plain" | "rising stripes" | "falling stripes" | "none";
  readonly line: "plain" | "dashed";
  /** A light line around the mask, which is seen on dark photos. */
  readonly halo: "light" | "none";
  /** Width of the outline, px of the canvas. */
  readonly linePx: number;
}

/** A mask's inside and its stripes have these opacities, of 255. */
const fillAlpha = 96;
const stripeAlphas = { dense: 235, thin: 50 } as const;

/** A stripe and a dash are so wide, px of the screen. */
const stripePx = 5;

const light: Rgb = [255, 255, 255];
const dark: Rgb = [17, 17, 17];

/**
 * Draws a mask as a picture that is laid over a canvas: its inside, its outline, and a light line around it. Stripes and dashes stay
 * with the photo when it is moved.
 */
export function maskLayer(mask: Rle, projection: Projection, look: MaskLook): OffscreenCanvas {
  const { size, corner, scale } = projection;
  const { height, width } = size;
  const left = Math.round(corner.x * scale);
  const top = Math.round(corner.y * scale);
  const inside = drawnMask(mask, projection);
  const edge = edgeOf(inside, size, look.linePx);
  const outside = inside.map((value) => 1 - value);
  const around = look.halo === "none" ? undefined : edgeOf(outside, size, 1);
  const picture = new ImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const period = Math.round(stripePx * window.devicePixelRatio);
  const halo = rgba(light, 200);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (edge[i] === 1) pixels[i] = lineAt(left + x + top + y, look, period);
      else if (inside[i] === 1) pixels[i] = rgba(look.colour, alphaAt(left + x, top + y, { fill: look.fill, period }));
      else if (around?.[i] === 1) pixels[i] = halo;
    }
  const layer = new OffscreenCanvas(width, height);
  layer.getContext("2d")!.putImageData(picture, 0, 0);
  return layer;
}

function lineAt(along: number, { colour, line }: MaskLook, period: number): number {
  if (line === "plain") return rgba(colour, 255);
  return rgba(along % (2 * period) < period ? light : dark, 255);
}

interface Pattern {
  readonly fill: MaskLook["fill"];
  /** Length after which stripes begin anew, px. */
  readonly period: number;
}

function alphaAt(x: number, y: number, { fill, period }: Pattern): number {
  if (fill === "none") return 0;
  if (fill === "plain") return fillAlpha;
  const along = fill === "rising stripes" ? x + y : x - y + 2 ** 20 * period;
  return along % (2 * period) < period ? stripeAlphas.dense : stripeAlphas.thin;
}

/** Packs a colour as ImageData holds it, on machines of the usual byte order. */
function rgba([red, green, blue]: Rgb, alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Reads the text of a computed colour, `rgb(0, 103, 163)`. */
export function rgbOf(computed: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (computed.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}
