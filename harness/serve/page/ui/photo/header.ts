import type { Size } from "../../../../api.ts";
import { type FilePart, partsOf, viewOf } from "./parts.ts";

/** Holds what a picture file says of itself before its pixels are decoded. */
export interface PhotoHeader {
  /** Absent where the file does not say it here: a WebP, which has at most 16383 px a side, and a file that is cut short. */
  readonly size?: Size | undefined;
  /** A JPEG of four inks: how their colours become RGB is no standard. */
  readonly inks: "RGB" | "CMYK";
  readonly transparency: "none" | "possible";
}

/** Frames of a JPEG: all markers from c0 to cf but those of tables and of arithmetic conditions. */
const frameMarker = /^c[0-35-79-bd-f]$/;

/** Reads the header of a JPEG, a PNG or a WebP file. */
export function headerOf(bytes: Uint8Array): PhotoHeader {
  const parts = partsOf(bytes);
  if (bytes[0] === 0xff) return jpegHeader(bytes, parts);
  return bytes[0] === 0x89 ? pngHeader(bytes, parts) : webpHeader(bytes, parts);
}

function jpegHeader(bytes: Uint8Array, parts: readonly FilePart[]): PhotoHeader {
  const frame = parts.find(({ name, start, end }) => frameMarker.test(name) && end - start >= 6);
  const view = viewOf(bytes);
  return {
    size: frame && { height: view.getUint16(frame.start + 1), width: view.getUint16(frame.start + 3) },
    inks: frame !== undefined && bytes[frame.start + 5] === 4 ? "CMYK" : "RGB",
    transparency: "none",
  };
}

function pngHeader(bytes: Uint8Array, parts: readonly FilePart[]): PhotoHeader {
  const header = parts.find(({ name, start, end }) => name === "IHDR" && end - start >= 13);
  const view = viewOf(bytes);
  const colour = header === undefined ? 0 : bytes[header.start + 9]!;
  // Bit 4 of the colour type is an alpha channel; a palette may have one in a chunk of its own.
  const isTransparent = (colour & 4) !== 0 || parts.some(({ name }) => name === "tRNS");
  return {
    size: header && { height: view.getUint32(header.start + 4), width: view.getUint32(header.start) },
    inks: "RGB",
    transparency: isTransparent ? "possible" : "none",
  };
}

function webpHeader(bytes: Uint8Array, parts: readonly FilePart[]): PhotoHeader {
  const extended = parts.find(({ name, start, end }) => name === "VP8X" && end > start);
  const lossless = parts.find(({ name, start, end }) => name === "VP8L" && end - start >= 5);
  const flagged = extended !== undefined && (bytes[extended.start]! & 0x10) !== 0;
  const isTransparent = flagged || (lossless !== undefined && (bytes[lossless.start + 4]! & 0x10) !== 0);
  return { inks: "RGB", transparency: isTransparent ? "possible" : "none" };
}
