import { createHash } from "node:crypto";
import type { ImageId } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import type { Fault, Fields } from "../json/fields.ts";
import { attempt, faultError, fieldsOf } from "../json/fields.ts";
import { type FileIds, IdTable, idMembers } from "../json/ids.ts";
import type { JsonPlace } from "../json/json.ts";
import { walkJson } from "../json/json.ts";
import { LossCount } from "../json/losses.ts";
import { NumberLists } from "../json/numberLists.ts";
import type { AnnotationElements, Purpose } from "./annotationFile.ts";
import { AnnotationScan, type ScanReader } from "./annotationScan.ts";
import type { AnnotatedCategory, ReadEntry } from "./elements.ts";
import { toCategory, toEntry, toImage } from "./elements.ts";
import type { Entry } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";

/** Receiver of a file's annotations. */
export interface AnnotationSink {
  /**
   * Takes every image of the file, before the first annotation. It is called once more where what came before counts no longer.
   */
  begin(images: readonly FileImage[]): void;
  /**
   * Takes an annotation with a mask, a box, or both. The entry is valid during the call only, and whether its category exists
   * is known at the end.
   */
  keep(entry: Entry, place: Pick<JsonPlace, "offset" | "bytes">): void;
  /** Is told of each annotation, before it is read. */
  count?(): void;
  /** Takes, one by one, what the file's losses count: `count` annotations with a fault, the first of which is `element`. */
  fault?(element: string, fault: Fault, count: number): void;
}

/** Keys of an annotation file; each holds an array. */
export const annotationKeys = ["images", "annotations", "categories"] as const;

/** Reads the whole file as a stream. Throws as readAnnotations. */
export async function readAnnotationElements(file: string, sink: AnnotationSink): Promise<AnnotationElements> {
  const reader = new AnnotationReader(file, sink);
  const hash = createHash("sha256");
  const kinds = await walkJson(file, {
    elements: {
      images: (element, place) => reader.image(element, place),
      categories: (element, place) => reader.category(element, place),
      annotations: (element, place) => reader.annotation(element, place),
    },
    scans: { annotations: new AnnotationScan(reader) },
    numberLists: "segmentation",
    ids: idMembers,
    again: (key) => reader.again(key),
    bytes: (chunk) => hash.update(chunk),
  });
  for (const key of annotationKeys) {
    // As pycocotools: a file without the key has no annotations.
    if (kinds.get(key) === "array" || (key === "annotations" && !kinds.has(key))) continue;
    throw new HarnessError(`${file}: no ${key} array at the top level`, {
      found: [...kinds.keys()].join(", ") || "nothing",
      expected: annotationKeys.join(", "),
      hint: "is this an instances file of COCO or LVIS?",
    });
  }
  return { ...reader.finish(kinds.has("annotations")), sha256: hash.digest("hex") };
}

const purposes: readonly Purpose[] = ["dataset", "segm", "bbox"];

/** Use of a category: how many annotations that name it are kept for each purpose, and which annotation names it first. */
interface CategoryUse {
  readonly counts: Record<Purpose, number>;
  readonly first: string;
}

/** Reads the three arrays of one file, in whatever order they come. */
class AnnotationReader implements ScanReader {
  readonly images = new Map<ImageId, FileImage>();
  private readonly categories = new Map<number, AnnotatedCategory>();
  private readonly ids: FileIds = { images: new IdTable(), categories: new IdTable(), annotations: new IdTable() };
  readonly known = new Set<number>();
  private readonly usedCategories = new Map<number, CategoryUse>();
  private counts: Record<Purpose, LossCount>;
  /** Annotations that come before any image wait here. */
  private early: { element: unknown; place: JsonPlace }[] = [];
  private begun = false;
  private annotationCount = 0;

  constructor(
    private readonly file: string,
    private readonly sink: AnnotationSink,
  ) {
    this.counts = this.noLosses();
  }

  image(element: unknown, place: JsonPlace): void {
    const image = this.read(element, place, toImage);
    if (this.images.has(image.id)) throw this.duplicate("image", image.id, place);
    this.images.set(image.id, image);
  }

  category(element: unknown, place: JsonPlace): void {
    const category = this.read(element, place, toCategory);
    if (this.categories.has(category.id)) throw this.duplicate("category", category.id, place);
    this.categories.set(category.id, category);
  }

  annotation(element: unknown, place: JsonPlace): void {
    if (this.images.size === 0) this.early.push({ element: lasting(element), place });
    else this.add(element, place);
  }

  /** Takes an annotation that was read straight from the bytes: nothing of it is left out or odd. */
  keep(entry: Entry, place: Pick<JsonPlace, "offset" | "bytes">): void {
    this.begin();
    this.annotationCount++;
    this.sink.count?.();
    this.known.add(entry.id);
    const use = this.usedCategories.get(entry.category) ?? this.firstUse(entry.category, `annotation ${entry.id}`);
    for (const purpose of purposes) use.counts[purpose]++;
    this.sink.keep(entry, place);
  }

  /** Takes a key that comes twice as Python does: the last of its values counts. */
  again(key: string): void {
    if (key === "categories") this.categories.clear();
    if (key === "annotations") this.forgetAnnotations();
    if (key !== "images") return;
    if (this.annotationCount > 0)
      throw new HarnessError(`${this.file}: the key images stands there twice, with annotations between`);
    this.images.clear();
    this.begun = false;
  }

  /** Returns what the file says. `present` tells whether the file has annotations at all. */
  finish(present: boolean): Omit<AnnotationElements, "sha256"> {
    this.begin();
    for (const { element, place } of this.early) this.add(element, place);
    this.early = [];
    this.countUnknownCategories();
    const images = [...this.images.values()];
    const categories = [...this.categories.values()];
    const lists = images.some((image) => image.negativeCategories !== undefined);
    if (lists) this.requireFrequencies(categories);
    const federated = categories.some(({ frequency }) => frequency !== undefined);
    const absent = present ? [] : [`${this.file}: no annotations at the top level, so that no figure has a value`];
    const lossesOf = (purpose: Purpose) => {
      const losses = this.counts[purpose].losses(this.annotationCount);
      return { ...losses, warnings: [...absent, ...losses.warnings] };
    };
    return {
      images,
      categories,
      format: federated || lists ? "lvis" : "coco",
      losses: { dataset: lossesOf("dataset"), segm: lossesOf("segm"), bbox: lossesOf("bbox") },
      originals: {
        images: this.ids.images.originals(),
        categories: this.ids.categories.originals(),
        annotations: this.ids.annotations.originals(),
      },
    };
  }

  private requireFrequencies(categories: readonly AnnotatedCategory[]): void {
    const [wrong] = categories.filter(({ wrongFrequency }) => wrongFrequency !== undefined);
    if (wrong === undefined) return;
    const fault: Fault = {
      problem: "wrong type",
      field: "frequency",
      found: wrong.wrongFrequency,
      expected: "r, c or f",
    };
    throw faultError(this.file, `category ${wrong.id}`, fault);
  }

  private noLosses(): Record<Purpose, LossCount> {
    return { dataset: new LossCount(this.file), segm: new LossCount(this.file), bbox: new LossCount(this.file) };
  }

  private forgetAnnotations(): void {
    this.early = [];
    this.known.clear();
    this.usedCategories.clear();
    this.counts = this.noLosses();
    this.annotationCount = 0;
    this.begun = false;
  }

  /** Begins when the first annotation comes: the array of images ends before that of annotations begins. */
  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.sink.begin([...this.images.values()]);
  }

  private add(element: unknown, place: JsonPlace): void {
    this.begin();
    this.annotationCount++;
    this.sink.count?.();
    const read = attempt(() => toEntry(fieldsOf(element), this.images, this.ids));
    const name = nameOf(element, place.index);
    if (read.fault !== undefined) this.leaveOut(name, read.fault);
    else if (this.known.has(read.value.entry.id)) {
      const found = name.replace("annotation ", "");
      this.leaveOut(`annotations[${place.index}]`, { problem: "duplicate id", field: "id", found });
    } else this.keepRead(name, read.value, place);
  }

  private leaveOut(name: string, fault: Fault): void {
    for (const count of Object.values(this.counts)) count.leaveOut(name, fault);
    this.sink.fault?.(name, fault, 1);
  }

  private keepRead(name: string, { entry, mask, box, oddity, crowdOddity }: ReadEntry, place: JsonPlace): void {
    this.known.add(entry.id);
    const faults = { dataset: mask ?? (entry.foreign ? oddity : undefined) ?? box, segm: mask, bbox: box };
    for (const fault of [mask, oddity, box, crowdOddity]) if (fault !== undefined) this.sink.fault?.(name, fault, 1);
    const use = this.usedCategories.get(entry.category) ?? this.firstUse(entry.category, name);
    for (const purpose of purposes) {
      const fault = faults[purpose];
      if (fault === undefined) use.counts[purpose]++;
      else this.counts[purpose].leaveOut(name, fault);
      if (fault === undefined && oddity !== undefined && purpose !== "bbox") this.counts[purpose].note(name, oddity);
      if (fault === undefined && crowdOddity !== undefined) this.counts[purpose].note(name, crowdOddity);
    }
    if (entry.segmentation !== undefined || entry.box !== undefined) this.sink.keep(entry, place);
  }

  private firstUse(category: number, first: string): CategoryUse {
    const use: CategoryUse = { counts: { dataset: 0, segm: 0, bbox: 0 }, first };
    this.usedCategories.set(category, use);
    return use;
  }

  /** Counts annotations of unknown categories, last, because COCO writes its categories after the annotations. */
  private countUnknownCategories(): void {
    for (const [category, { counts, first }] of this.usedCategories) {
      if (this.categories.has(category)) continue;
      const fault: Fault = { problem: "unknown category", field: "category_id", found: category };
      for (const purpose of purposes)
        if (counts[purpose] > 0) this.counts[purpose].leaveOut(first, fault, counts[purpose]);
      this.sink.fault?.(first, fault, Math.max(...Object.values(counts)));
    }
  }

  private read<T>(element: unknown, { key, index }: JsonPlace, to: (fields: Fields, ids: FileIds) => T): T {
    const read = attempt(() => to(fieldsOf(element), this.ids));
    if (read.fault !== undefined) throw faultError(this.file, `${key}[${index}]`, read.fault);
    return read.value;
  }

  private duplicate(kind: string, id: number, { key, index }: JsonPlace): HarnessError {
    const fault: Fault = { problem: `another ${kind} has this id`, field: "id", found: id };
    return faultError(this.file, `${key}[${index}]`, fault);
  }
}

/** Copies the numbers that come straight from the bytes, since the next element overwrites them. */
function lasting(element: unknown): unknown {
  const segmentation = (element as { segmentation?: unknown } | null)?.segmentation;
  return segmentation instanceof NumberLists ? { ...(element as Fields), segmentation: segmentation.copy() } : element;
}

function nameOf(element: unknown, index: number): string {
  const id = (element as { id?: unknown } | null)?.id;
  return Number.isSafeInteger(id) || typeof id === "bigint" ? `annotation ${id}` : `annotations[${index}]`;
}
