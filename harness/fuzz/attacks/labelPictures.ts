import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import type { Random } from "../../api.ts";
import { readLabelPng } from "../../image/index.ts";
import { areaOf } from "../../mask/index.ts";
import { labelMasks } from "../../mask/labels.ts";
import { integer } from "../../stats/random.ts";
import type { Attack } from "../parser.ts";

/** Draws PNGs of labels that lie about their size, end early, or hold as many labels as there can be. */
export const labelPictures: Attack = {
  id: "label-pictures",
  describe: "label PNGs: size bombs, data that end early, 16 bits, palettes, up to 65,535 labels",
  cases: 150,
  bounds: { cpuMs: 10_000, memoryBytes: 2 ** 30 },
  draw: labelPicture,
  async read(bytes, folder) {
    const file = join(folder, "mask.png");
    writeFileSync(file, bytes);
    const { size, labels } = await readLabelPng(file);
    const pixels = size.height * size.width;
    if (labels.length !== pixels) throw new Error(`${labels.length} labels of ${pixels} pixels`);
    let covered = 0;
    for (const mask of labelMasks(labels, size).values()) covered += areaOf(mask);
    if (covered !== pixels) throw new Error(`masks of ${covered} pixels in all, of ${pixels}`);
  },
};

/** A case holds this many bytes of pixels at most. */
const most = 2 ** 22;

const bombs = [0, 1, 2 ** 14, 2 ** 14 + 1, 2 ** 16, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

function side(random: Random): number {
  if (integer(random, 8) === 0) return bombs[integer(random, bombs.length)]!;
  return Math.floor(10 ** (3.3 * random.next()));
}

function labelPicture(random: Random): Buffer {
  const width = side(random);
  const height = side(random);
  const [colour, depth] = kinds[integer(random, kinds.length)]!;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = depth;
  header[9] = colour;
  header[12] = integer(random, 12) === 0 ? 1 : 0;
  const palette = Buffer.alloc(3 * (1 + integer(random, 256)), 7);
  const pieces = [
    chunk("IHDR", header),
    ...(colour === 3 && integer(random, 10) > 0 ? [chunk("PLTE", palette)] : []),
    ...dataChunks(deflateSync(scanlines(random, { width, height, depth, colour }), { level: 1 }), random),
    chunk("IEND", Buffer.alloc(0)),
  ];
  if (integer(random, 20) === 0) pieces.splice(integer(random, pieces.length), 1);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...pieces]);
}

/** Colour types and bits of a sample: those that PNG has, and a few that it does not have. */
const kinds: readonly (readonly [colour: number, depth: number])[] = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [0, 16],
  [3, 1],
  [3, 2],
  [3, 4],
  [3, 8],
  [2, 8],
  [6, 8],
  [4, 16],
  [3, 16],
  [5, 8],
];

interface Form {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
}

/** Draws as many lines as the header promises, fewer or more: of one value, of noise, or of one label for each pixel. */
function scanlines(random: Random, { width, height, depth, colour }: Form): Buffer {
  const channels = [1, 1, 3, 1, 2, 1, 4][colour]!;
  const line = 1 + Math.ceil((width * channels * depth) / 8);
  const promised = Math.min(line * height, most);
  const ends = integer(random, 8);
  const bytes = Buffer.alloc(ends === 0 ? integer(random, promised + 1) : ends === 1 ? promised + 100 : promised);
  const filling = integer(random, 3);
  for (let at = 0; at < bytes.length; at++) {
    const place = at % line;
    if (place === 0) bytes[at] = integer(random, 300) === 0 ? integer(random, 256) : at % 5;
    else if (filling === 1) bytes[at] = place;
    else if (filling === 2) bytes[at] = (at * 2654435761) >>> 24;
  }
  return bytes;
}

/** Puts the data into one chunk or two, and seldom cuts them off. */
function dataChunks(data: Buffer, random: Random): readonly Buffer[] {
  const kept = integer(random, 8) === 0 ? data.subarray(0, integer(random, data.length)) : data;
  const at = integer(random, 4) === 0 ? integer(random, kept.length + 1) : kept.length;
  return [kept.subarray(0, at), kept.subarray(at)].map((piece) => chunk("IDAT", piece));
}

function chunk(kind: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), content]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
