import type { RgbImage, Size } from "../../../../api.ts";
import { HarnessError } from "../../../../errors.ts";
import { requirePhoto } from "../../../../image/photoFormat.ts";
import { limits } from "../../../../limits.ts";
import { headerOf, type PhotoHeader } from "./header.ts";
import { type Orientation, orientationOf, withoutOrientation } from "./orientation.ts";

const defaults = {
  /** Longest side of the picture that is drawn on the screen, px: a photo of 50 megapixels is not drawn whole each time. */
  shownSide: 2048,
  /** Pixels that are read back at a time. */
  stripPx: 2 ** 22,
};

/** A photo that models are asked about. */
export interface OpenedPhoto {
  /** Name of its file, or its id in the data set. */
  readonly name: string;
  readonly image: RgbImage;
  /** This is the same picture for the screen, no side longer than 2048 px. */
  readonly shown: ImageBitmap;
  /** Says how the stored pixels were turned to become `image`; 1 for a photo of a data set, whose annotations count stored pixels. */
  readonly orientation: Orientation;
  /** Sentences on what differs from how the harness decodes it. */
  readonly notes: readonly string[];
}

/** Bytes of a file with its name. */
export interface PhotoFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Decodes a JPEG, PNG or WebP file to the pixels that readImage of image/codec.ts gives: colour profiles are ignored, alpha is
 * dropped. `turned` says whether EXIF's orientation is left alone, as the harness does, or applied, as a person expects.
 * Throws HarnessError for what is no such file, cut short, too large, or too much for the memory.
 */
export async function decodePhoto({ name, bytes }: PhotoFile, turned: "stored" | "upright"): Promise<OpenedPhoto> {
  requirePhoto(name, bufferOf(bytes));
  const header = headerOf(bytes);
  requireReadable(name, header.size);
  const file = turned === "stored" ? withoutOrientation(bytes) : bytes;
  const whole = await bitmapOf(name, file);
  try {
    const image = { size: { height: whole.height, width: whole.width }, pixels: pixelsOf(whole) };
    const shown = await shownBitmap(whole);
    return { name, image, shown, orientation: orientationOf(file), notes: notesOf(header) };
  } catch (cause) {
    throw new HarnessError(`${name}: the browser has not enough memory for this photo`, {
      found: `${whole.width} x ${whole.height} px`,
      hint: "close other pages, or open it at a smaller size",
      cause,
    });
  } finally {
    whole.close();
  }
}

/**
 * Returns what image/photoFormat.ts reads of Node's Buffer, which pages do not have. That file is left as it is, because each change
 * of it gives every run another id.
 */
function bufferOf(bytes: Uint8Array): Buffer {
  const text = (encoding: "latin1" | "hex", start: number, end: number) => {
    const part = [...bytes.subarray(start, end)];
    return encoding === "hex"
      ? part.map((byte) => byte.toString(16).padStart(2, "0")).join("")
      : String.fromCharCode(...part);
  };
  return { length: bytes.length, toString: text } as unknown as Buffer;
}

function requireReadable(name: string, size: Size | undefined): void {
  if (size === undefined || size.height * size.width <= limits.imagePixels) return;
  throw new HarnessError(`${name}: the picture has more pixels than are read`, {
    found: `${size.width} x ${size.height}`,
    expected: `at most ${limits.imagePixels} px`,
    hint: "open it at a smaller size",
  });
}

function bitmapOf(name: string, bytes: Uint8Array): Promise<ImageBitmap> {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" } as const;
  return createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), options).catch((cause: unknown) => {
    throw new HarnessError(`${name}: the picture is damaged or cut short, or larger than the browser decodes`, {
      expected: "a whole JPEG, PNG or WebP file",
      hint: "copy or download it again",
      cause,
    });
  });
}

/** Reads the pixels strip by strip: all at once they would need four more bytes a pixel. */
function pixelsOf(bitmap: ImageBitmap): Uint8Array {
  const { height, width } = bitmap;
  const pixels = new Uint8Array(height * width * 3);
  const rows = Math.max(1, Math.min(height, Math.floor(defaults.stripPx / width)));
  const context = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true })!;
  for (let top = 0, to = 0; top < height; top += rows) {
    const own = Math.min(rows, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const { data } = context.getImageData(0, 0, width, own);
    for (let from = 0; from < data.length; from += 4) {
      pixels[to++] = data[from]!;
      pixels[to++] = data[from + 1]!;
      pixels[to++] = data[from + 2]!;
    }
  }
  return pixels;
}

async function shownBitmap(bitmap: ImageBitmap): Promise<ImageBitmap> {
  const scale = Math.min(1, defaults.shownSide / Math.max(bitmap.height, bitmap.width));
  const resizeWidth = Math.max(1, Math.round(bitmap.width * scale));
  const resizeHeight = Math.max(1, Math.round(bitmap.height * scale));
  return createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "medium" });
}

function notesOf({ inks, transparency }: PhotoHeader): readonly string[] {
  const notes: string[] = [];
  if (inks === "CMYK")
    notes.push("The photo is in CMYK, which the browser converts otherwise than the harness: masks may differ.");
  if (transparency === "possible")
    notes.push(
      "The photo may be transparent in places; there its colours, and so masks, may differ from the harness's.",
    );
  return notes;
}
