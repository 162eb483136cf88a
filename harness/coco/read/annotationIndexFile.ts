import { createHash } from "node:crypto";
import type { AnnotationIndex } from "./annotationIndex.ts";
import type { FileImage } from "./fileImage.ts";

/**
 * Title of an index file. Its first line has title, version and SHA-256 of all that follows. Then come a line of JSON, a line
 * for each image, and three columns of numbers as they lie in memory, the first at a multiple of 8 bytes.
 */
const title = "sam-bench annotation index";

/**
 * Version of index files. It is raised when a reader takes or leaves out other annotations, images or categories than before.
 */
const version = 2;

/** Content of the line of JSON. */
interface Head extends Pick<AnnotationIndex, "file" | "format" | "categories" | "sha256" | "losses" | "originals"> {
  readonly images: number;
  readonly annotations: number;
}

/** Returns the bytes of an index file in pieces, to be written one after the other. */
export function indexBytes(index: AnnotationIndex): readonly Uint8Array[] {
  const { images, starts, offsets, lengths, ...elements } = index;
  const head: Head = { ...elements, images: images.length, annotations: offsets.length };
  const lines = linesOf([head, ...images]);
  const written = lines.reduce((sum, { length }) => sum + length, 0);
  const padding = new Uint8Array(-(titleLine("0".repeat(64)).length + written) & 7);
  const body = [...lines, padding, ...[offsets, starts, lengths].map(bytesOf)];
  const hash = createHash("sha256");
  for (const piece of body) hash.update(piece);
  return [titleLine(hash.digest("hex")), ...body];
}

function titleLine(sha256: string): Buffer {
  return Buffer.from(`${title} ${version} ${sha256}\n`);
}

/** Returns the values as lines of JSON, in pieces of many lines: no string gets near V8's longest. */
function linesOf(values: readonly unknown[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let start = 0; start < values.length; start += 1000) {
    const lines = values.slice(start, start + 1000).map((value) => `${JSON.stringify(value)}\n`);
    pieces.push(Buffer.from(lines.join("")));
  }
  return pieces;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Reads an index file. Returns the index, or why there is none: damage, or another version, which is no fault. */
export function parseIndex(bytes: Buffer): AnnotationIndex | "damaged" | "of another version" {
  const first = bytes.subarray(0, bytes.indexOf(10) + 1);
  const words = new RegExp(`^${title} (\\d+) ([0-9a-f]{64})\n$`).exec(first.toString("latin1"));
  if (words === null) return "damaged";
  if (Number(words[1]) !== version) return "of another version";
  if (createHash("sha256").update(bytes.subarray(first.length)).digest("hex") !== words[2]) return "damaged";
  let at = first.length;
  const line = (): unknown => {
    const end = bytes.indexOf(10, at);
    const value: unknown = JSON.parse(bytes.toString("utf8", at, end));
    at = end + 1;
    return value;
  };
  const { images: count, annotations, ...elements } = line() as Head;
  const images = Array.from({ length: count }, () => line() as FileImage);
  const column = (length: number, width: number): ArrayBuffer => {
    const copy = Uint8Array.from(bytes.subarray(at, at + length * width));
    at += length * width;
    return copy.buffer;
  };
  at += -at & 7;
  return {
    ...elements,
    images,
    offsets: new Float64Array(column(annotations, 8)),
    starts: new Uint32Array(column(count + 1, 4)),
    lengths: new Uint32Array(column(annotations, 4)),
  };
}
