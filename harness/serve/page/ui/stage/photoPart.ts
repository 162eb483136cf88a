import type { RgbImage } from "../../../../api.ts";
import type { ShownPhoto } from "../session.ts";
import { onCanvas, type Projection } from "./view.ts";

/** Pixels of a photo that are shown, of each `step` rows and columns one. */
export interface Part {
  /** The first column and row. */
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  /** Pixels of the photo from one that is taken to the next. */
  readonly step: number;
}

interface KeptPart {
  readonly part: Part;
  readonly picture: OffscreenCanvas;
}

/** Holds the last part of each photo that was drawn: all canvases of the page show the same. */
const kept = new WeakMap<ShownPhoto, KeptPart>();

/**
 * Draws what a canvas shows of a photo. Pixels that are larger than one of the canvas are drawn as they are, without smoothing. The
 * picture for the screen is used as long as it has pixels enough; what is nearer is taken from the photo's own.
 */
export function drawPhoto(context: CanvasRenderingContext2D, photo: ShownPhoto, projection: Projection): void {
  const { image, shown } = photo;
  const { scale } = projection;
  const shownScale = shown.width / image.size.width;
  context.imageSmoothingEnabled = scale <= 1;
  if (shownScale === 1 || scale <= shownScale) {
    const { x, y } = onCanvas(projection, { x: 0, y: 0 });
    context.drawImage(shown, x, y, image.size.width * scale, image.size.height * scale);
    return;
  }
  const { part, picture } = pictureOf(photo, partOf(image, projection));
  const { left, top, columns, rows, step } = part;
  const { x, y } = onCanvas(projection, { x: left, y: top });
  context.drawImage(picture, x, y, columns * step * scale, rows * step * scale);
}

/** Returns which pixels of a photo a canvas needs: at least one for each of its own, where the photo has so many. */
export function partOf({ size }: Pick<RgbImage, "size">, { size: canvas, corner, scale }: Projection): Part {
  const step = Math.max(1, Math.floor(1 / scale));
  // Whole steps from the photo's corner: the same pixels are taken however the photo is moved.
  const left = Math.floor(corner.x / step) * step;
  const top = Math.floor(corner.y / step) * step;
  const right = Math.min(corner.x + canvas.width / scale, size.width);
  const bottom = Math.min(corner.y + canvas.height / scale, size.height);
  return { left, top, columns: Math.ceil((right - left) / step), rows: Math.ceil((bottom - top) / step), step };
}

/** Returns the part's pixels as ImageData holds them: 8 bits of red, green, blue and alpha each, row by row. */
export function pixelsOfPart({ size, pixels }: RgbImage, { left, top, columns, rows, step }: Part): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * columns * rows);
  const middle = Math.floor(step / 2);
  for (let row = 0, to = 0; row < rows; row++) {
    const y = Math.min(top + row * step + middle, size.height - 1);
    for (let column = 0; column < columns; column++, to += 4) {
      const x = Math.min(left + column * step + middle, size.width - 1);
      const from = 3 * (y * size.width + x);
      rgba[to] = pixels[from]!;
      rgba[to + 1] = pixels[from + 1]!;
      rgba[to + 2] = pixels[from + 2]!;
      rgba[to + 3] = 255;
    }
  }
  return rgba;
}

function pictureOf(photo: ShownPhoto, part: Part): KeptPart {
  const known = kept.get(photo);
  if (known !== undefined && isSame(known.part, part)) return known;
  const picture = new OffscreenCanvas(part.columns, part.rows);
  const data = new ImageData(part.columns, part.rows);
  data.data.set(pixelsOfPart(photo.image, part));
  picture.getContext("2d")!.putImageData(data, 0, 0);
  const made = { part, picture };
  kept.set(photo, made);
  return made;
}

function isSame(a: Part, b: Part): boolean {
  return (["left", "top", "columns", "rows", "step"] as const).every((field) => a[field] === b[field]);
}
