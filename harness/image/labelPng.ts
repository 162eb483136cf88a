import { crc32, inflateSync } from "node:zlib";
import type { Size } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { limits } from "../limits.ts";
import { undoFilters } from "./pngFilter.ts";

/** Labels of a picture, row-major. A label is the palette index of an indexed PNG, or the stored grey value of a grey one. */
export interface LabelImage {
  readonly size: Size;
  readonly labels: Uint8Array | Uint16Array;
}

/** Content of the PNG's header. */
interface Header extends Size {
  readonly bits: number;
  readonly channels: number;
  /** Red, green and blue, which a mask has in equal parts. */
  readonly coloured: boolean;
  readonly interlaced: boolean;
}

/** A part of the pixels. It holds the whole picture or the pixels of one of Adam7's seven passes. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
}

const whole: readonly Pass[] = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];

/** The seven passes of Adam7. Source: PNG (third edition), 8.1. */
const adam7: readonly Pass[] = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** Channels by colour type: grey, colour, palette, grey with alpha, colour with alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/**
 * Reads the labels of a PNG of 1 to 16 bits: no palette, no transparency and no colour profile is applied. Memory is that of the
 * stored pixels and of the labels; a picture over the limit is refused before either is taken.
 * Throws HarnessError, naming `file`, for what is no whole PNG, and for a picture of several colours.
 */
export function decodeLabelPng(bytes: Buffer, file: string): LabelImage {
  const { header, data } = chunksOf(bytes, file);
  const { height, width } = header;
  const passes = (header.interlaced ? adam7 : whole).map((pass) => ({ ...pass, ...sidesOf(pass, header) }));
  const expected = passes.reduce((sum, { columns, rows }) => sum + rows * rowBytes(columns, header), 0);
  const pixels = inflated(data, expected, file);
  const labels = header.bits === 16 ? new Uint16Array(height * width) : new Uint8Array(height * width);
  let start = 0;
  for (const pass of passes) {
    const bytesOfRow = rowBytes(pass.columns, header);
    const part = pixels.subarray(start, start + pass.rows * bytesOfRow);
    start += part.length;
    undoFilters(part, { bytesOfRow, bytesOfPixel: Math.max(1, (header.bits * header.channels) / 8), file });
    place(part, { pass, header, bytesOfRow, labels, file });
  }
  return { size: { height, width }, labels };
}

function chunksOf(bytes: Buffer, file: string): { header: Header; data: Buffer } {
  if (!bytes.subarray(0, 8).equals(signature)) throw damaged(file, "another beginning");
  let header: Header | undefined;
  const data: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end - 4)) !== bytes.readUInt32BE(end - 4))
      throw damaged(file, `${/^\w+$/.test(type) ? type : "a chunk"} with a wrong checksum`);
    const content = bytes.subarray(at + 8, end - 4);
    if (type === "IHDR") header = headerOf(content, file);
    else if (type === "IDAT") data.push(content);
    else if (type === "IEND" && header !== undefined) return { header, data: Buffer.concat(data) };
    if (header === undefined) throw damaged(file, "no header");
    at = end;
  }
  throw damaged(file, "the file ends early");
}

/** Width, height, bits, colour type, compression, filter, interlace. */
function headerOf(content: Buffer, file: string): Header {
  if (content.length !== 13) throw damaged(file, "a header of another length");
  const width = content.readUInt32BE(0);
  const height = content.readUInt32BE(4);
  const [bits, colourType, compression, filter, interlace] = content.subarray(8) as unknown as number[];
  const channels = channelsOf[colourType!];
  const narrow = colourType === 0 || colourType === 3;
  const known = [8, ...(narrow ? [1, 2, 4] : []), ...(colourType === 3 ? [] : [16])].includes(bits!);
  if (channels === undefined || !known || compression !== 0 || filter !== 0 || interlace! > 1 || width * height === 0)
    throw damaged(file, "a header of no kind that there is");
  if (width * height > limits.imagePixels)
    throw new HarnessError(`${file}: the mask has more pixels than are read`, {
      found: `${width} x ${height}`,
      expected: `at most ${limits.imagePixels} px`,
    });
  return {
    height,
    width,
    bits: bits!,
    channels,
    coloured: colourType === 2 || colourType === 6,
    interlaced: interlace === 1,
  };
}

function sidesOf({ x, y, stepX, stepY }: Pass, { height, width }: Size): { columns: number; rows: number } {
  const columns = Math.max(0, Math.ceil((width - x) / stepX));
  return { columns, rows: columns === 0 ? 0 : Math.max(0, Math.ceil((height - y) / stepY)) };
}

/** Counts the bytes of a row: one for the filter, then the pixels. */
function rowBytes(columns: number, { bits, channels }: Header): number {
  return 1 + Math.ceil((columns * bits * channels) / 8);
}

function inflated(data: Buffer, expected: number, file: string): Buffer {
  let pixels: Buffer;
  try {
    pixels = inflateSync(data, { maxOutputLength: expected });
  } catch (cause) {
    throw damaged(file, (cause as Error).message, cause);
  }
  if (pixels.length < expected) throw damaged(file, "the pixels end early");
  return pixels;
}

interface Placing {
  readonly pass: Pass & { readonly columns: number; readonly rows: number };
  readonly header: Header;
  readonly bytesOfRow: number;
  readonly labels: Uint8Array | Uint16Array;
  readonly file: string;
}

/** Writes the first channel of the pass's pixels to their places. */
function place(part: Buffer, { pass, header, bytesOfRow, labels, file }: Placing): void {
  const { bits, channels, width, coloured } = header;
  const mask = 2 ** bits - 1;
  const sample = (row: number, index: number): number => {
    if (bits === 8) return part[row + index]!;
    if (bits === 16) return part.readUInt16BE(row + 2 * index);
    const bit = index * bits;
    return (part[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & mask;
  };
  for (let r = 0; r < pass.rows; r++) {
    const row = r * bytesOfRow + 1;
    let to = (pass.y + r * pass.stepY) * width + pass.x;
    for (let c = 0; c < pass.columns; c++, to += pass.stepX) {
      const value = sample(row, c * channels);
      if (coloured && (sample(row, c * channels + 1) !== value || sample(row, c * channels + 2) !== value))
        throw new HarnessError(`${file}: the mask is a colour picture`, {
          expected: "an indexed or grey PNG with one number an object",
          hint: "save it as indexed (palette) or grey",
        });
      labels[to] = value;
    }
  }
}

function damaged(file: string, found: string, cause?: unknown): HarnessError {
  return new HarnessError(`${file}: is no PNG that can be read`, {
    found,
    expected: "a whole PNG",
    hint: "masks are indexed or grey PNG files",
    cause,
  });
}
