/** Tells what kind of picture a file is by its content: names lie, and a reader of every format reads far more than photos. */

import { HarnessError } from "../errors.ts";

type Matches = (head: string) => boolean;

const starts =
  (...prefixes: readonly string[]): Matches =>
  (head) =>
    prefixes.some((prefix) => head.startsWith(prefix));

/** Tells whether the file is an ISO media file of one of these brands. */
const branded =
  (...brands: readonly string[]): Matches =>
  (head) =>
    head.slice(4, 8) === "ftyp" && brands.includes(head.slice(8, 12));

const photos: readonly Matches[] = [
  starts("\xff\xd8\xff"),
  starts("\x89PNG\r\n\x1a\n"),
  (head) => head.startsWith("RIFF") && head.slice(8, 12) === "WEBP",
];

/** Kinds of pictures that are not read, by name. */
const others: readonly (readonly [string, Matches])[] = [
  ["a GIF", starts("GIF87a", "GIF89a")],
  ["a TIFF", starts("II*\0", "MM\0*", "II+\0", "MM\0+")],
  ["an AVIF", branded("avif", "avis")],
  ["a HEIC", branded("heic", "heix", "hevc", "mif1", "msf1")],
  ["a JPEG XL", starts("\xff\x0a", "\0\0\0\x0cJXL ")],
  ["a JPEG 2000", starts("\0\0\0\x0cjP  ", "\xff\x4f\xff\x51")],
  ["a BMP", starts("BM")],
  ["a PDF", starts("%PDF")],
  ["an SVG", (head) => /^(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE svg|!--)/i.test(head) && /<svg[\s>]/i.test(head)],
];

/** Throws HarnessError for a file that is no JPEG, PNG or WebP, with the name of what it is where that can be told. */
export function requirePhoto(file: string, bytes: Buffer): void {
  const head = bytes.toString("latin1", 0, 1024);
  if (photos.some((matches) => matches(head))) return;
  const other = others.find(([, matches]) => matches(head))?.[0];
  const found = other ?? (bytes.length === 0 ? "an empty file" : `first bytes ${bytes.toString("hex", 0, 8)}`);
  throw new HarnessError(`${file}: is ${other === undefined ? "no picture" : "no photo that is read"}`, {
    found,
    expected: "a JPEG, PNG or WebP file",
    hint: other === undefined ? "is it the page of a failed download?" : "convert it to PNG, which keeps every pixel",
  });
}
