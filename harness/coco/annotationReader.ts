import { createHash } from "node:crypto";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import type { AnnotationFile } from "./annotationFile.ts";
import type { AnnotatedCategory, AnnotatedImage } from "./elements.ts";
import { toCategory, toEntry, toImage } from "./elements.ts";
import type { Entry } from "./entries.ts";
import type { Fault, Fields } from "./fields.ts";
import { attempt, faultError, fieldsOf } from "./fields.ts";
import type { JsonPlace } from "./json.ts";
import { walkJson } from "./json.ts";
import { LeftOut } from "./leftOut.ts";
import { NumberLists } from "./numberLists.ts";

/** What becomes of a file's annotations. */
export interface AnnotationSink {
  /** Every image of the file, before the first annotation. */
  begin(images: readonly AnnotatedImage[]): void;
  /** One that can be read, valid during the call only; whether there is a category of its id is known at the end. */
  keep(entry: Entry, place: JsonPlace): void;
}

/** What a file says besides its annotations. */
export type AnnotationElements = Pick<AnnotationFile, "format" | "images" | "categories" | "sha256" | "warnings">;

const schemaFaults: ReadonlySet<string> = new Set(["missing field", "wrong type", "not an object"]);

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
    numberLists: "segmentation",
    bytes: (chunk) => hash.update(chunk),
  });
  for (const key of ["images", "annotations", "categories"]) {
    if (kinds.get(key) === "array") continue;
    throw new HarnessError(`${file}: no ${key} array at the top level`, {
      found: [...kinds.keys()].join(", ") || "nothing",
      expected: "images, annotations, categories",
      hint: "is this an instances file of COCO or LVIS?",
    });
  }
  return { ...reader.finish(), sha256: hash.digest("hex") };
}

/** How often a category is named, and by which annotation first. */
interface CategoryUse {
  count: number;
  readonly first: number;
}

/** Reads the three arrays of one file, in whatever order they come. */
class AnnotationReader {
  private readonly images = new Map<ImageId, AnnotatedImage>();
  private readonly categories = new Map<number, AnnotatedCategory>();
  private readonly ids = new Set<number>();
  private readonly usedCategories = new Map<number, CategoryUse>();
  private readonly leftOut: LeftOut;
  /** Annotations that came before any image. */
  private early: { element: unknown; place: JsonPlace }[] = [];
  private begun = false;
  private annotationCount = 0;

  constructor(
    private readonly file: string,
    private readonly sink: AnnotationSink,
  ) {
    this.leftOut = new LeftOut(file);
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

  finish(): Omit<AnnotationElements, "sha256"> {
    this.begin();
    for (const { element, place } of this.early) this.add(element, place);
    this.early = [];
    this.countUnknownCategories();
    const fault = this.leftOut.first();
    // One reason of this kind for every annotation is another schema, not a slip.
    if (fault !== undefined && schemaFaults.has(fault.problem) && this.leftOut.count() === this.annotationCount) {
      throw faultError(this.file, `none of ${this.annotationCount} annotations can be read: ${fault.element}`, fault);
    }
    const [images, categories] = [[...this.images.values()], [...this.categories.values()]];
    const federated = categories.some(({ frequency }) => frequency !== undefined);
    return {
      ...{ images, categories },
      format: federated || images.some((image) => image.negativeCategories !== undefined) ? "lvis" : "coco",
      warnings: this.leftOut.warnings(this.annotationCount),
    };
  }

  /** When the first annotation comes: an array ends before the next begins. */
  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.sink.begin([...this.images.values()]);
  }

  private add(element: unknown, place: JsonPlace): void {
    this.begin();
    this.annotationCount++;
    const read = attempt(() => toEntry(fieldsOf(element), this.images));
    if ("fault" in read) {
      this.leftOut.add(nameOf(element, place.index), read.fault);
    } else if (this.ids.has(read.value.id)) {
      this.leftOut.add(`annotations[${place.index}]`, { problem: "duplicate id", field: "id", found: read.value.id });
    } else {
      const { id, category } = read.value;
      this.ids.add(id);
      const use = this.usedCategories.get(category);
      if (use === undefined) this.usedCategories.set(category, { count: 1, first: id });
      else use.count++;
      this.sink.keep(read.value, place);
    }
  }

  /** Last, because COCO writes its categories after the annotations. */
  private countUnknownCategories(): void {
    for (const [category, { count, first }] of this.usedCategories) {
      if (this.categories.has(category)) continue;
      const fault: Fault = { problem: "unknown category", field: "category_id", found: category };
      this.leftOut.add(`annotation ${first}`, fault, count);
    }
  }

  private read<T>(element: unknown, { key, index }: JsonPlace, to: (fields: Fields) => T): T {
    const read = attempt(() => to(fieldsOf(element)));
    if ("fault" in read) throw faultError(this.file, `${key}[${index}]`, read.fault);
    return read.value;
  }

  private duplicate(kind: string, id: number, { key, index }: JsonPlace): HarnessError {
    const fault: Fault = { problem: `another ${kind} has this id`, field: "id", found: id };
    return faultError(this.file, `${key}[${index}]`, fault);
  }
}

/** Numbers that come straight from the bytes are overwritten by the next element's. */
function lasting(element: unknown): unknown {
  const segmentation = (element as { segmentation?: unknown } | null)?.segmentation;
  return segmentation instanceof NumberLists ? { ...(element as Fields), segmentation: segmentation.copy() } : element;
}

function nameOf(element: unknown, index: number): string {
  const id = (element as { id?: unknown } | null)?.id;
  return Number.isSafeInteger(id) ? `annotation ${id}` : `annotations[${index}]`;
}
