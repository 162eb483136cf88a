import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { readAnnotations, readDetections } from "../../coco/index.ts";
import { formatCounts, rleFromPolygons } from "../../mask/index.ts";
import { integer, random } from "../../stats/random.ts";

export interface ScoreFiles {
  readonly annotations: string;
  readonly detections: string;
}

/** Distance between the ids of an image's copies: it is larger than any id of COCO. */
const idStep = 10_000_000;

interface Repetition {
  /** Copies of every image with its annotations and detections. */
  readonly repeat: number;
  /** Each detection is written this often, the later ones with lower scores. */
  readonly copies: number;
}

/** Writes files that hold the contents of two others many times. Throws HarnessError where those can not be read. */
export async function repeatFiles(from: ScoreFiles, to: ScoreFiles, { repeat, copies }: Repetition): Promise<void> {
  // Read for the check alone: what is written are the file's own elements.
  await readDetections(from.detections);
  const found = (await parse(from.detections)) as { image_id: number; score: number }[];
  await repeatAnnotations(from.annotations, to.annotations, repeat);
  const lower = (score: number, copy: number) => Math.round(score * (1 - 0.07 * copy) * 1e6) / 1e6;
  await writeJson(to.detections, [
    elements(shiftsOf(repeat), found, (each, shift) =>
      Array.from({ length: copies }, (_, copy) => {
        return { ...each, image_id: each.image_id + shift, score: lower(each.score, copy) };
      }),
    ),
  ]);
}

/** Ids of copies, by the number of the copy from 0. */
export interface CopiedIds {
  image(id: number, copy: number): number;
  /** Returns nothing where the image has no annotation of this id. */
  annotation(id: number, of: { readonly image: number; readonly copy: number }): number | undefined;
}

/**
 * Writes a file that holds the images and annotations of another many times, and returns the ids of the copies. Throws
 * HarnessError where that one can not be read.
 */
export async function repeatAnnotations(from: string, to: string, repeat: number): Promise<CopiedIds> {
  // Read for the check alone, as above.
  await readAnnotations(from);
  const truth = (await parse(from)) as Readonly<Record<string, { id: number; image_id?: number }[]>>;
  const annotations = truth.annotations!;
  const shifts = shiftsOf(repeat);
  let id = 0;
  await writeJson(to, [
    `{"categories":${JSON.stringify(truth.categories)},"images":`,
    elements(shifts, truth.images!, (image, shift) => [{ ...image, id: image.id + shift }]),
    `,"annotations":`,
    elements(shifts, annotations, (each, shift) => [{ ...each, id: ++id, image_id: each.image_id! + shift }]),
    "}",
  ]);
  const places = new Map(annotations.map((each, i) => [each.id, i]));
  return {
    image: (image, copy) => image + shifts[copy]!,
    annotation(annotation, { image, copy }) {
      const place = places.get(annotation);
      if (place === undefined || annotations[place]!.image_id !== image) return undefined;
      return copy * annotations.length + place + 1;
    },
  };
}

/** Returns what is added to the ids of images in each copy. */
function shiftsOf(repeat: number): readonly number[] {
  return Array.from({ length: repeat }, (_, copy) => copy * idStep);
}

interface LvisShape {
  readonly images: number;
  readonly annotations: number;
  readonly categories: number;
  readonly detectionsPerImage: number;
}

/** Shape of the published val set of LVIS v1. */
export const lvisVal: LvisShape = { images: 19_809, annotations: 244_707, categories: 1203, detectionsPerImage: 300 };

const size = { height: 480, width: 640 };
const poolLength = 4096;

/** Writes LVIS JSON and results of that size: ellipses, half of the detections near an annotation of their category. */
export async function drawLvis(to: ScoreFiles, shape: LvisShape): Promise<void> {
  const stream = random(0, "perf", "lvis");
  const below = (n: number) => integer(stream, n);
  const pool = Array.from({ length: poolLength }, () =>
    ellipse(stream.next(), stream.next(), stream.next(), stream.next()),
  );
  const strings = pool.map((polygon) => JSON.stringify(formatCounts(rleFromPolygons([polygon], size))));
  const polygons = pool.map((polygon) => JSON.stringify([polygon]));
  // Few categories have most annotations.
  const category = () => 1 + Math.floor(shape.categories * stream.next() ** 3);
  const shown = Array.from({ length: shape.images }, (_, image) => {
    const last = Math.floor(((image + 1) * shape.annotations) / shape.images);
    return Array.from({ length: last - Math.floor((image * shape.annotations) / shape.images) }, () => {
      return { category: category(), mask: below(poolLength) };
    });
  });
  const categories = Array.from({ length: shape.categories }, (_, i) => {
    return { id: i + 1, name: `c${i + 1}`, frequency: "fcr"[Math.floor((3 * i) / shape.categories)] };
  });
  let id = 0;
  await writeJson(to.annotations, [
    `{"categories":${JSON.stringify(categories)},"images":`,
    elements([1], shown, (_, image) => {
      const lists = {
        neg_category_ids: Array.from({ length: 8 }, category),
        not_exhaustive_category_ids: [category()],
      };
      return [{ id: image, file_name: `${image}.jpg`, ...size, ...lists }];
    }),
    `,"annotations":`,
    elements([1], shown, (annotations, image) =>
      annotations.map((each) => {
        const head = `"id":${++id},"image_id":${image},"category_id":${each.category},"area":${1000 + (id % 20_000)}`;
        return `{${head},"bbox":[0,0,10,10],"segmentation":${polygons[each.mask]}}`;
      }),
    ),
    "}",
  ]);
  const segmentation = (mask: number) => `{"size":[${size.height},${size.width}],"counts":${strings[mask]}}`;
  await writeJson(to.detections, [
    elements([1], shown, (annotations, image) =>
      Array.from({ length: shape.detectionsPerImage }, (_, k) => {
        const near = k % 2 === 0 ? annotations[below(Math.max(annotations.length, 1))] : undefined;
        const mask = near !== undefined && below(2) === 0 ? near.mask : below(poolLength);
        const head = `"image_id":${image},"category_id":${near?.category ?? category()},"score":${stream.next()}`;
        return `{${head},"segmentation":${segmentation(mask)}}`;
      }),
    ),
  ]);
}

/** Returns a polygon of 24 corners inside the image. */
function ellipse(x: number, y: number, width: number, height: number): number[] {
  const rx = 4 + 90 * width ** 2;
  const ry = 4 + 90 * height ** 2;
  const cx = rx + x * (size.width - 2 * rx);
  const cy = ry + y * (size.height - 2 * ry);
  return Array.from({ length: 24 }, (_, k) => (2 * Math.PI * k) / 24).flatMap((angle) =>
    [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)].map((coordinate) => Math.round(100 * coordinate) / 100),
  );
}

/**
 * Yields the text of a JSON array, an item of `items` at a time: `to` returns objects, or JSON that is ready. Its `shift` is
 * the round's, or with one round of 1 the item's number from 1.
 */
function* elements<T>(
  rounds: readonly number[],
  items: readonly T[],
  to: (item: T, shift: number) => readonly (object | string)[],
): Generator<string> {
  let separator = "[";
  for (const round of rounds) {
    for (const [i, item] of items.entries()) {
      const texts = to(item, rounds.length === 1 && round === 1 ? i + 1 : round);
      for (const text of texts) {
        yield separator + (typeof text === "string" ? text : JSON.stringify(text));
        separator = ",";
      }
    }
  }
  yield separator === "[" ? "[]" : "]";
}

async function writeJson(file: string, parts: readonly (string | Iterable<string>)[]): Promise<void> {
  const out = createWriteStream(file);
  for (const part of parts) {
    let pending = "";
    for (const text of typeof part === "string" ? [part] : part) {
      pending += text;
      if (pending.length > 1 << 20) {
        await write(out, pending);
        pending = "";
      }
    }
    await write(out, pending);
  }
  out.end();
  await once(out, "close");
}

async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, "drain");
}

async function parse(file: string): Promise<unknown> {
  const handle = await open(file);
  try {
    return JSON.parse(await handle.readFile("utf8"));
  } finally {
    await handle.close();
  }
}
