import type { Size } from "../../../../api.ts";
import type { AskedPrompt } from "../../contract.ts";
import { type FilePart, partsOf, viewOf } from "./parts.ts";

/** Orientation as EXIF numbers it: 1 is upright, 6 and 8 lie on their sides, 2, 4, 5 and 7 are mirrored. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

interface Tag {
  readonly value: Orientation;
  /** The value's two bytes stand here in the file. */
  readonly at: number;
  readonly littleEndian: boolean;
}

/** Number of the orientation among EXIF's tags. */
const orientationTag = 0x0112;

/** Names of the parts that hold EXIF: a JPEG's, a PNG's, a WebP's. */
const exifParts: readonly string[] = ["e1", "eXIf", "EXIF"];

const exifPrefix = "Exif\0\0";

/** Returns how a viewer is to turn the picture; 1 where the file does not say. */
export function orientationOf(bytes: Uint8Array): Orientation {
  return tagIn(bytes)?.value ?? 1;
}

/**
 * Returns the file with its orientation set upright, so that a browser decodes pixels as they are stored: Chromium turns them
 * whatever it is asked for. A PNG's checksum no longer holds then, and the chunk is left out by decoders.
 */
export function withoutOrientation(bytes: Uint8Array): Uint8Array {
  const tag = tagIn(bytes);
  if (tag === undefined || tag.value === 1) return bytes;
  const upright = bytes.slice();
  viewOf(upright).setUint16(tag.at, 1, tag.littleEndian);
  return upright;
}

function tagIn(bytes: Uint8Array): Tag | undefined {
  for (const part of partsOf(bytes)) {
    const tag = exifParts.includes(part.name) ? tagOf(bytes, part) : undefined;
    if (tag !== undefined) return tag;
  }
  return undefined;
}

/** Reads the first directory of EXIF's TIFF: twelve bytes an entry, which are tag, type, count and value. */
function tagOf(bytes: Uint8Array, { start, end }: FilePart): Tag | undefined {
  const hasPrefix = String.fromCharCode(...bytes.subarray(start, start + exifPrefix.length)) === exifPrefix;
  const base = hasPrefix ? start + exifPrefix.length : start;
  const view = viewOf(bytes);
  if (base + 8 > end) return undefined;
  const order = String.fromCharCode(bytes[base]!, bytes[base + 1]!);
  if (order !== "II" && order !== "MM") return undefined;
  const littleEndian = order === "II";
  const directory = base + view.getUint32(base + 4, littleEndian);
  if (directory + 2 > end) return undefined;
  const entries = view.getUint16(directory, littleEndian);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= end; i++, at += 12) {
    if (view.getUint16(at, littleEndian) !== orientationTag) continue;
    const value = view.getUint16(at + 8, littleEndian);
    return value >= 1 && value <= 8 ? { value: value as Orientation, at: at + 8, littleEndian } : undefined;
  }
  return undefined;
}

type Move = (x: number, y: number, upright: Size) => readonly [x: number, y: number];

/** Each maps corners of the upright picture, in px, to those of the stored one; `upright` is the size of the former. */
const moves: Readonly<Record<Orientation, Move>> = {
  1: (x, y) => [x, y],
  2: (x, y, { width }) => [width - x, y],
  3: (x, y, { height, width }) => [width - x, height - y],
  4: (x, y, { height }) => [x, height - y],
  5: (x, y) => [y, x],
  6: (x, y, { width }) => [y, width - x],
  7: (x, y, { height, width }) => [height - y, width - x],
  8: (x, y, { height }) => [height - y, x],
};

/** Returns the prompt in pixels of the stored picture, where it was made on the upright one of the size `upright`. */
export function storedPrompt(prompt: AskedPrompt, orientation: Orientation, upright: Size): AskedPrompt {
  const move = moves[orientation];
  const { points, box } = prompt;
  const stored = points.map(({ x, y, label }) => {
    const [centreX, centreY] = move(x + 0.5, y + 0.5, upright);
    return { x: centreX - 0.5, y: centreY - 0.5, label };
  });
  if (box === undefined) return { points: stored };
  const [ax, ay] = move(box.x0, box.y0, upright);
  const [bx, by] = move(box.x1, box.y1, upright);
  const corners = { x0: Math.min(ax, bx), y0: Math.min(ay, by), x1: Math.max(ax, bx), y1: Math.max(ay, by) };
  return { points: stored, box: corners };
}
