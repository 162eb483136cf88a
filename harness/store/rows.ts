import { createHash } from "node:crypto";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import { type Line, readLines } from "./disk/lines.ts";
import { type ImageEnd, parseRowLine, type Row } from "./schema/rowSchema.ts";

/**
 * rows.jsonl holds the rows of an image, then a line that says the image is finished and how many they were; one write an image.
 * Whatever lies behind the last such line is what a killed write left, and does not count.
 */

/** Says where the rows of a finished image lie: byte offsets, and the number of the first line. */
export interface ImagePlace {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** Facts that the image's end records. */
  readonly everythingMs?: ImageEnd["everythingMs"];
  readonly everythingStages?: ImageEnd["everythingStages"];
  readonly photo?: ImageEnd["photo"];
}

/** Facts that an image's end records besides the number of its rows. */
export type ImageFacts = Pick<ImageEnd, "everythingMs" | "everythingStages" | "photo">;

export interface RowIndex {
  readonly places: ReadonlyMap<ImageId, ImagePlace>;
  readonly rows: number;
  /** Offset behind the last finished image. */
  readonly end: number;
  /** Bytes behind the last finished image; their write was cut off. */
  readonly tornBytes: number;
}

/** Returns the text of one append. Throws for rows that could not be read back: that is a bug of the caller's. */
export function imageText(image: ImageId, rows: readonly Row[], facts: ImageFacts = {}): string {
  const stray = rows.find((row) => row.image !== image);
  if (stray !== undefined) throw new Error(`image ${image}: a row of image ${stray.image} came with it`);
  const end: ImageEnd = { kind: "image", image, rows: rows.length, ...factsOf(facts) };
  const lines = rows.map((row) => JSON.stringify(row));
  const sealed = JSON.stringify({ ...end, sha256: textHash([...lines, JSON.stringify(end)]) });
  for (const line of [...lines, sealed]) parseRowLine(line, `image ${image}`);
  const twice = repeatedRow(rows);
  if (twice !== undefined) throw new Error(`image ${image}: two rows of ${rowKey(twice).join(" ")}`);
  return [...lines, sealed].map((line) => `${line}\n`).join("");
}

function factsOf({ everythingMs, everythingStages, photo }: ImageFacts): ImageFacts {
  return { everythingMs, everythingStages, photo };
}

/**
 * Returns the hash of an image's lines, in which the end stands without its own hash: a bit that flips anywhere in them is
 * found.
 */
function textHash(lines: readonly string[]): string {
  return sha256(lines.map((line) => `${line}\n`).join(""));
}

/** Returns the image's end without its hash, which is the last field, as `imageText` writes it. */
function withoutHash(line: string): string {
  return line.replace(/,"sha256":"[0-9a-f]{64}"\}$/, "}");
}

function repeatedRow(rows: readonly Row[]): Row | undefined {
  const known = new Set<string>();
  return rows.find((row) => {
    const key = rowKey(row).join(" ");
    if (known.has(key)) return true;
    known.add(key);
    return false;
  });
}

/**
 * Reads the whole file once, one image in memory at a time.
 * Throws HarnessError naming file and line for damage before the last finished image, for an image or a row that stands
 * twice, and for an image that is none of `planned`.
 */
export async function indexRows(file: string, planned?: ReadonlySet<ImageId>): Promise<RowIndex> {
  const places = new Map<ImageId, ImagePlace>();
  let rows = 0;
  let end = 0;
  let last = 0;
  const group = imageReader(file);
  for await (const line of readLines(file)) {
    last = line.end;
    const finished = group.take(line);
    if (finished === undefined) continue;
    if (planned?.has(finished.image) === false)
      throw damaged(file, finished.place.line, `image ${finished.image} is none of the run's`);
    places.set(finished.image, finished.place);
    [rows, end] = [rows + finished.rows.length, line.end];
  }
  return { places, rows, end, tornBytes: last - end };
}

/** Yields finished images with their rows, in the order of the file; one is in memory at a time. */
export async function* readImages(file: string): AsyncGenerator<FinishedImage, void, void> {
  const group = imageReader(file);
  for await (const line of readLines(file)) {
    const finished = group.take(line);
    if (finished !== undefined) yield finished;
  }
}

/** Yields the rows of finished images in the order of the file. */
export async function* readRows(file: string): AsyncGenerator<Row, void, void> {
  for await (const { rows } of readImages(file)) yield* rows;
}

/**
 * Yields the rows in an order that interruptions, shards and merges do not change: by image id, then by the row's key. One image
 * is in memory at a time.
 */
export async function* sortedRows(file: string, index?: RowIndex): AsyncGenerator<Row, void, void> {
  const { places } = index ?? (await indexRows(file));
  for (const [, place] of [...places].sort(([a], [b]) => a - b)) {
    yield* (await readImage(file, place)).toSorted(compareRows);
  }
}

/** Returns the rows of one finished image, in the order they were written. */
export async function readImage(file: string, { start, end, line: first }: ImagePlace): Promise<readonly Row[]> {
  const group = imageReader(file);
  for await (const line of readLines(file, { start, end })) {
    const finished = group.take({ ...line, number: first + line.number - 1 });
    if (finished !== undefined) return finished.rows;
  }
  throw new Error(`${file}:${first}: no image ends here`);
}

/** Returns the SHA-256 over the canonical JSON of rows, a line each. Two runs with this hash have the same rows. */
export async function rowsHash(rows: AsyncIterable<Row> | Iterable<Row>): Promise<string> {
  const hash = createHash("sha256");
  for await (const row of rows) hash.update(`${canonicalJson(row)}\n`);
  return hash.digest("hex");
}

export interface FinishedImage {
  readonly image: ImageId;
  readonly rows: readonly Row[];
  readonly place: ImagePlace;
}

/**
 * Returns a reader that gathers the lines of an image until its end. A line that cannot be read is held back: if no other
 * follows, it is the torn end of a killed write; if one does, the file is damaged.
 */
export function imageReader(file: string) {
  const known = new Set<ImageId>();
  let rows: Row[] = [];
  let texts: string[] = [];
  let start = 0;
  let torn: unknown;
  return {
    take(line: Line): FinishedImage | undefined {
      if (torn !== undefined) throw torn;
      const row = readWhole(file, line);
      if (row instanceof HarnessError) {
        torn = row;
        return undefined;
      }
      const of = rows[0]?.image ?? row.image;
      if (row.image !== of) throw damaged(file, line.number, `image ${row.image} begins before image ${of} has ended`);
      if (row.kind !== "image") {
        rows.push(row);
        texts.push(line.text);
        return undefined;
      }
      if (row.rows !== rows.length) {
        throw damaged(file, line.number, `image ${of} has ${rows.length} of ${row.rows} rows`);
      }
      if (known.has(of)) throw damaged(file, line.number, `image ${of} stands twice`);
      if (row.sha256 !== undefined && row.sha256 !== textHash([...texts, withoutHash(line.text)]))
        throw damaged(file, line.number, `the rows of image ${of} are not those that were written`);
      const twice = repeatedRow(rows);
      if (twice !== undefined) throw damaged(file, line.number, `two rows of ${rowKey(twice).join(" ")}`);
      known.add(of);
      const place = { start, end: line.end, line: line.number - rows.length, ...factsOf(row) };
      const finished = { image: of, rows, place };
      [rows, texts, start] = [[], [], line.end];
      return finished;
    },
  };
}

function readWhole(file: string, line: Line): Row | ImageEnd | HarnessError {
  if (!line.whole) return damaged(file, line.number, "the line has no end");
  try {
    return parseRowLine(line.text, `${file}:${line.number}`);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return damaged(file, line.number, error.message.slice(`${file}:${line.number}: `.length));
  }
}

function damaged(file: string, line: number, problem: string): HarnessError {
  const hint = "restore the file, or give the same bench run again: images that are not whole are done again";
  return new HarnessError(`${file}:${line}: damaged row: ${problem}`, { hint });
}

/** Returns the fields that tell a row from the other rows of its image. */
function rowKey(row: Row): readonly (string | number)[] {
  return row.kind === "failure" ? [row.kind] : [row.kind, row.prompts, row.protocol, row.target, row.step, row.token];
}

function compareRows(a: Row, b: Row): number {
  const other = rowKey(b);
  for (const [i, value] of rowKey(a).entries()) if (value !== other[i]) return value < other[i]! ? -1 : 1;
  return 0;
}
