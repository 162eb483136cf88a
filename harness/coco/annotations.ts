import { createHash } from "node:crypto";
import type { ImageId } from "../api.ts";
import { HarnessError } from "../errors.ts";
import { type AnnotationFile, type AnnotationParts, annotationFile } from "./annotationFile.ts";
import type { AnnotatedCategory, AnnotatedImage } from "./elements.ts";
import { toCategory, toEntry, toImage } from "./elements.ts";
import { EntryStore } from "./entries.ts";
import type { Fault, Fields } from "./fields.ts";
import { attempt, faultError, fieldsOf } from "./fields.ts";
import type { JsonPlace } from "./json.ts";
import { walkJson } from "./json.ts";
import { LeftOut } from "./leftOut.ts";

export type { AnnotationFile } from "./annotationFile.ts";

export interface AnnotationOptions {
  /** Chooses the images whose annotations are kept in memory; all without it. Called once. */
  readonly select?: (images: readonly AnnotatedImage[]) => readonly AnnotatedImage[];
}

const schemaFaults: ReadonlySet<string> = new Set(["missing field", "wrong type", "not an object"]);

/**
 * Reads COCO `instances` JSON, or LVIS v1 or v0.5, as a stream: only the annotations of the selected images stay in memory
 * (where the file has its images first, as all published ones do).
 * A single bad annotation is left out with a warning; a file of another schema, a bad image or a bad category is a HarnessError.
 */
export async function readAnnotations(file: string, options: AnnotationOptions = {}): Promise<AnnotationFile> {
  return annotationFile(await readAnnotationParts(file, options));
}

/** As readAnnotations, to be handed to another thread. */
export async function readAnnotationParts(file: string, { select }: AnnotationOptions = {}): Promise<AnnotationParts> {
  const reader = new AnnotationReader(file, select ?? ((images) => images));
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
  return reader.finish(hash.digest("hex"));
}

/** Collects the three arrays of one file, in whatever order they come. */
class AnnotationReader {
  private readonly images = new Map<ImageId, AnnotatedImage>();
  private readonly categories = new Map<number, AnnotatedCategory>();
  private readonly store = new EntryStore();
  /** Addresses in the store, of the selected images. */
  private readonly entries = new Map<ImageId, number[]>();
  private readonly ids = new Set<number>();
  private readonly usedCategories = new Set<number>();
  private readonly leftOut: LeftOut;
  /** Annotations that came before any image. */
  private early: { element: unknown; place: JsonPlace }[] = [];
  private selected: readonly AnnotatedImage[] | undefined;
  private annotationCount = 0;

  constructor(
    private readonly file: string,
    private readonly select: (images: readonly AnnotatedImage[]) => readonly AnnotatedImage[],
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
    if (this.images.size === 0) this.early.push({ element, place });
    else this.add(element, place);
  }

  finish(sha256: string): AnnotationParts {
    const images = this.selection();
    for (const { element, place } of this.early) this.add(element, place);
    this.early = [];
    this.dropUnknownCategories();
    const fault = this.leftOut.first();
    // One reason of this kind for every annotation is another schema, not a slip.
    if (fault !== undefined && schemaFaults.has(fault.problem) && this.leftOut.count() === this.annotationCount) {
      throw faultError(this.file, `none of ${this.annotationCount} annotations can be read: ${fault.element}`, fault);
    }
    const categories = [...this.categories.values()];
    const federated = categories.some(({ frequency }) => frequency !== undefined);
    return {
      ...{ file: this.file, images, categories, sha256 },
      format: federated || images.some((image) => image.negativeCategories !== undefined) ? "lvis" : "coco",
      warnings: this.leftOut.warnings(this.annotationCount),
      ...{ entries: this.entries, store: this.store.shared() },
    };
  }

  /** Fixed when the first annotation comes: an array ends before the next begins. */
  private selection(): readonly AnnotatedImage[] {
    if (this.selected === undefined) {
      this.selected = this.select([...this.images.values()]);
      for (const { id } of this.selected) this.entries.set(id, []);
    }
    return this.selected;
  }

  private add(element: unknown, { index }: JsonPlace): void {
    this.selection();
    this.annotationCount++;
    const read = attempt(() => toEntry(fieldsOf(element), this.images));
    if ("fault" in read) {
      this.leftOut.add(nameOf(element, index), read.fault);
    } else if (this.ids.has(read.value.id)) {
      this.leftOut.add(`annotations[${index}]`, { problem: "duplicate id", field: "id", found: read.value.id });
    } else {
      this.ids.add(read.value.id);
      this.usedCategories.add(read.value.category);
      this.entries.get(read.value.image)?.push(this.store.put(read.value));
    }
  }

  /** Last, because COCO writes its categories after the annotations. */
  private dropUnknownCategories(): void {
    if ([...this.usedCategories].every((category) => this.categories.has(category))) return;
    for (const [image, addresses] of this.entries) {
      const known = addresses.filter((address) => this.categories.has(this.store.category(address)));
      if (known.length === addresses.length) continue;
      for (const address of addresses.filter((each) => !known.includes(each))) {
        const { id, category } = this.store.get(address);
        this.leftOut.add(`annotation ${id}`, { problem: "unknown category", field: "category_id", found: category });
      }
      this.entries.set(image, known);
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

function nameOf(element: unknown, index: number): string {
  const id = (element as { id?: unknown } | null)?.id;
  return Number.isSafeInteger(id) ? `annotation ${id}` : `annotations[${index}]`;
}
