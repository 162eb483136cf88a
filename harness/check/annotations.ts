import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Box, ImageId, Rle, Size } from "../api.ts";
import {
  type AnnotatedCategory,
  decodeSegmentation,
  type Entry,
  type Fault,
  type FileImage,
  readAnnotationElements,
} from "../coco/index.ts";
import { areaOf, boxIou, boxOf } from "../mask/index.ts";
import { checkCategories, type LvisRelease } from "./categories.ts";
import { type FindingKind, Findings } from "./findings.ts";
import { type PublishedSplit, splitNamed } from "./splits.ts";

/** Limits between what published files have too and what is a fault. */
const limits = {
  /** Pixels that a polygon or a box may reach beyond its image: annotators' corners lie on the border. */
  outsidePx: 1,
  /** Pixels that a box's side may lie off its mask: rounding alone makes one. */
  boxOffPx: 1.5,
  /** From here on a box that is off is a fault: COCO's own are up to 8.6 px off (98 photos of val2017). */
  boxFaultPx: 10,
  boxFaultIou: 0.5,
  /** Areas that differ by a factor and by more than so many pixels are a fault: the file's area is the polygons', not the pixels'. */
  areaFactor: 2,
  areaPx: 100,
} as const;

/** Facts of an annotation file, with what was found in it. */
export interface CheckedFile {
  readonly format: "coco" | "lvis";
  readonly images: readonly FileImage[];
  readonly categories: readonly AnnotatedCategory[];
  /** Count of all annotations that the file has, those that can not be read included. */
  readonly annotations: number;
  readonly crowds: number;
  /** Split that the file's name says it is. */
  readonly split?: PublishedSplit;
  readonly findings: Findings;
}

/**
 * Reads an annotation file and looks each annotation through. `progress` is told how many bytes of the file are read. Throws
 * HarnessError for a file that is no annotation file, or has an image or a category that can not be read.
 */
export async function checkAnnotations(
  file: string,
  progress: (bytes: number) => void = () => undefined,
): Promise<CheckedFile> {
  let check = new AnnotationCheck([]);
  const { format, images, categories } = await readAnnotationElements(file, {
    // Called again where a key comes twice: then what came before counts no longer.
    begin(all) {
      check = new AnnotationCheck(all);
    },
    count() {
      check.annotations++;
    },
    keep(entry, place) {
      progress(place.offset + place.bytes);
      check.keep(entry);
    },
    fault: (element, fault, count) => check.fault(element, fault, count),
  });
  const { annotations, crowds, annotated, findings } = check;
  const split = splitNamed(basename(file));
  checkCategories({ format, categories, split, release: releaseOf(images) }, findings);
  if (split !== undefined)
    checkCounts(split, { images: images.length, annotations, categories: categories.length, crowds }, findings);
  for (const { id } of images) if (!annotated.has(id)) findings.add("image-empty", "note", `image ${id}`);
  return { format, images, categories, annotations, crowds, split, findings };
}

/** Kinds of the faults that a reader counts; all others are fields that can not be read. */
const kindsOfFaults: Readonly<Record<string, FindingKind>> = {
  "duplicate id": "annotation-twice",
  "unknown image": "image-unknown",
  "unknown category": "category-unknown",
  "no mask": "mask-empty",
  "empty polygon": "mask-empty",
  "polygon of fewer than 3 points": "mask-empty",
  "polygon far outside of any image": "mask-outside",
  "RLE of another size than its image matches nothing": "mask-size",
};

const sides = ["x0", "y0", "x1", "y1"] as const;

/** Looks the annotations of one file through, as they come. */
class AnnotationCheck {
  readonly findings = new Findings();
  readonly annotated = new Set<ImageId>();
  annotations = 0;
  crowds = 0;
  private readonly sizes: ReadonlyMap<ImageId, Size | undefined>;
  /** LVIS's lists of categories that are known to be absent. */
  private readonly absent: ReadonlyMap<ImageId, ReadonlySet<number>>;
  /** Digests of what stands there once, and the annotation that it stands in. */
  private readonly known = new Map<string, number>();

  constructor(images: readonly FileImage[]) {
    this.sizes = new Map(images.map(({ id, size }) => [id, size]));
    this.absent = new Map(images.map(({ id, negativeCategories }) => [id, new Set(negativeCategories)]));
  }

  fault(element: string, { problem, field, found }: Fault, count: number): void {
    const kind = kindsOfFaults[problem] ?? "field";
    const shown = found === undefined ? "" : ` (found ${found})`;
    this.findings.add(kind, "fault", `${element}, ${field}: ${problem}${shown}`, count);
  }

  keep(entry: Entry): void {
    this.annotated.add(entry.image);
    if (this.absent.get(entry.image)?.has(entry.category))
      this.findings.add(
        "lists-contradict",
        "fault",
        `annotation ${entry.id}: category ${entry.category} is listed as absent from image ${entry.image}`,
      );
    if (entry.crowd) this.crowds++;
    const size = this.sizes.get(entry.image);
    if (size === undefined || entry.segmentation === undefined || entry.foreign) return;
    const place = `annotation ${entry.id} of image ${entry.image}`;
    this.checkTwice(entry, place);
    this.checkOutside(entry, size, place);
    const mask = decodeSegmentation(entry.segmentation, size);
    const tight = boxOf(mask);
    if (tight === undefined) this.findings.add("mask-empty", "fault", place);
    else {
      if (entry.box !== undefined) this.checkBox(entry.box, tight, size, place);
      this.checkArea(entry.areaPx, mask, place);
    }
  }

  private checkTwice(entry: Entry, place: string): void {
    const digest = digestOf(entry);
    const first = this.known.get(digest);
    if (first === undefined) this.known.set(digest, entry.id);
    else this.findings.add("annotation-twice", "fault", `${place} is annotation ${first} again`);
  }

  private checkOutside({ segmentation }: Entry, { height, width }: Size, place: string): void {
    let most = 0;
    if (segmentation?.kind === "polygons") {
      const { ends, values } = segmentation.polygons;
      for (let i = 0; i < ends.at(-1)!; i++)
        most = Math.max(most, -values[i]!, values[i]! - (i % 2 === 0 ? width : height));
    }
    if (most > limits.outsidePx) this.findings.add("mask-outside", "fault", `${place}: ${px(most)} outside`);
  }

  /** Compares the file's box with the mask's own, and with the image. */
  private checkBox(box: Box, tight: Box, { height, width }: Size, place: string): void {
    const off = Math.max(...sides.map((side) => Math.abs(box[side] - tight[side])));
    const outside = Math.max(-box.x0, -box.y0, box.x1 - width, box.y1 - height);
    // A box of a few pixels may overlap its mask's by half and be rounded well.
    const rounded = off <= limits.boxOffPx;
    const wrong = off > limits.boxFaultPx || (!rounded && boxIou(box, tight) < limits.boxFaultIou);
    if (wrong) this.findings.add("box-off", "fault", `${place}: ${px(off)}`);
    else if (outside > limits.outsidePx)
      this.findings.add("box-off", "fault", `${place}: ${px(outside)} outside the image`);
    else if (!rounded) this.findings.add("box-off", "note", `${place}: ${px(off)}`);
  }

  private checkArea(areaPx: number, mask: Rle, place: string): void {
    const pixels = areaOf(mask);
    const close = areaPx <= pixels * limits.areaFactor && areaPx * limits.areaFactor >= pixels;
    if (close || Math.abs(areaPx - pixels) <= limits.areaPx) return;
    this.findings.add("area-off", "fault", `${place}: ${areaPx} in the file, ${pixels} px in the mask`);
  }
}

/** Hashes what makes two annotations the same: image, category, and the mask as the file writes it. */
function digestOf({ image, category, segmentation }: Entry): string {
  const hash = createHash("sha1").update(`${image} ${category} `);
  if (segmentation!.kind === "rle") hash.update(JSON.stringify(segmentation));
  else {
    const { ends, values } = segmentation!.polygons;
    hash.update(ends.join()).update(values.slice(0, ends.at(-1)));
  }
  return hash.digest("base64");
}

function px(length: number): string {
  return `${length.toFixed(1)} px`;
}

type Counts = Pick<PublishedSplit, "images" | "annotations" | "categories"> & { readonly crowds: number };

function checkCounts(split: PublishedSplit, found: Counts, findings: Findings): void {
  for (const what of ["images", "annotations", "categories", "crowds"] as const) {
    const published = split[what];
    if (published === undefined || published === found[what]) continue;
    findings.add(
      "split-counts",
      "fault",
      `${found[what].toLocaleString("en")} ${what}, where ${split.title} has ${published.toLocaleString("en")}`,
    );
  }
}

/**
 * Returns the release of LVIS that images have the form of: v0.5 names photos by COCO's split of 2014, v1 by their addresses
 * alone. Returns nothing for images that somebody has named anew.
 */
function releaseOf(images: readonly FileImage[]): LvisRelease | undefined {
  if (images.length === 0) return undefined;
  if (images.every(({ fileName }) => /^COCO_[a-z]+2014_/.test(fileName ?? ""))) return "v0.5";
  // A reader makes a name of an address that has none: train2017/000000000009.jpg.
  return images.every(({ fileName, url }) => url?.endsWith(`/${fileName}`) === true && fileName!.includes("/"))
    ? "v1"
    : undefined;
}
