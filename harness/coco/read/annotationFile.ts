import type { Annotation, FederatedLists, ImageId, Rle } from "../../api.ts";
import type { OriginalIds } from "../json/ids.ts";
import { type Losses, requireReadable } from "../json/losses.ts";
import type { OverlapType } from "../match/rules.ts";
import { type AnnotatedCategory, type AnnotatedImage, requirePhotos } from "./elements.ts";
import { type Entry, EntryStore, type SharedEntries } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";
import type { ScoredAnnotation } from "./scoredAnnotation.ts";
import { ScoredEntry } from "./scoredEntry.ts";
import { decodeSegmentation } from "./segmentation.ts";

/** Purpose for which annotations are read: a data set needs mask and box, a score one of the two. */
export type Purpose = "dataset" | OverlapType;

/** The ids of a file that are numbered anew, because a double does not hold them. */
interface FileOriginals {
  readonly images: OriginalIds;
  readonly categories: OriginalIds;
  readonly annotations: OriginalIds;
}

/** All that a file says besides its annotations. */
export interface AnnotationElements {
  readonly format: "coco" | "lvis";
  readonly images: readonly FileImage[];
  readonly categories: readonly AnnotatedCategory[];
  /** SHA-256 of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly losses: Readonly<Record<Purpose, Losses>>;
  readonly originals: FileOriginals;
}

interface OpenFile {
  readonly file: string;
  readonly format: "coco" | "lvis";
  readonly categories: readonly AnnotatedCategory[];
  readonly sha256: string;
  /** Warnings about annotations that were left out, one sentence a reason. */
  readonly warnings: readonly string[];
  readonly originals: FileOriginals;
  /** Returns LVIS's lists of an image. Absent unless every image has them. */
  readonly listsOf?: (image: ImageId) => FederatedLists;
}

/** An annotation file as a data set: each annotation has its mask and its box, each image its photo's name and size. */
export interface AnnotationFile extends OpenFile {
  /** The selected images, in the order of the file. */
  readonly images: readonly AnnotatedImage[];
  /**
   * Returns annotations in the order of the file. A mask is decoded when it is first asked for and lives as long as the object.
   */
  annotationsOf(image: ImageId): readonly FileAnnotation[];
}

/** An annotation file to score against: parts that the overlap does not need may be missing. */
export interface ScoredFile extends OpenFile {
  readonly images: readonly FileImage[];
  annotationsOf(image: ImageId): readonly ScoredAnnotation[];
}

export type FileAnnotation = Annotation & Pick<Entry, "boxAreaPx">;

/** An annotation file as data that can be handed to another thread. */
export interface AnnotationParts extends AnnotationElements {
  readonly file: string;
  /** Addresses in the store of the annotations of each selected image. */
  readonly entries: ReadonlyMap<ImageId, readonly number[]>;
  readonly store: SharedEntries;
}

/**
 * Opens the file as a data set. Throws HarnessError where its images, or all of its annotations, lack what a data set needs.
 */
export function annotationFile(parts: AnnotationParts): AnnotationFile {
  const images = requirePhotos(parts.file, parts.images);
  requireReadable(parts.file, parts.losses.dataset);
  const read = reader(parts);
  // Entries that lack their mask or their box are left out by the reader.
  return withLists({ ...opened(parts, "dataset"), images, annotationsOf: read as AnnotationFile["annotationsOf"] });
}

/** Opens the file to score against, by masks or by boxes. Throws HarnessError where all of its annotations lack them. */
export function scoredFile(parts: AnnotationParts, type: OverlapType): ScoredFile {
  requireReadable(parts.file, parts.losses[type]);
  const store = EntryStore.of(parts.store);
  const sizes = new Map(parts.images.map(({ id, size }) => [id, size]));
  const part = type === "segm" ? "mask" : "box";
  const annotationsOf = (image: ImageId) => {
    const annotations: ScoredAnnotation[] = [];
    for (const address of parts.entries.get(image) ?? [])
      if (store.has(address, part)) annotations.push(new ScoredEntry(store, address, sizes.get(image)));
    return annotations;
  };
  return withLists({ ...opened(parts, type), images: parts.images, annotationsOf });
}

function opened({ file, format, categories, sha256, losses, originals }: AnnotationParts, purpose: Purpose) {
  return { file, format, categories, sha256, originals, warnings: losses[purpose].warnings };
}

/** Returns what gives the annotations of an image that have their mask and their box, and masks of the size of their image. */
function reader({ entries, store: shared, images }: AnnotationParts) {
  const store = EntryStore.of(shared);
  const sizes = new Map(images.map(({ id, size }) => [id, size]));
  const annotationAt = (address: number) => {
    const entry = store.get(address);
    // Polygons are read only where the image has a size; an RLE has its own.
    const size = sizes.get(entry.image) ?? { height: 0, width: 0 };
    return fileAnnotation(entry, () => decodeSegmentation(store.segmentation(address), size));
  };
  const complete = (address: number) =>
    store.has(address, "mask") && store.has(address, "box") && !store.has(address, "foreign");
  return (image: ImageId): readonly ScoredAnnotation[] => (entries.get(image) ?? []).filter(complete).map(annotationAt);
}

/**
 * Makes an annotation of an entry. `decode` is called once, when the mask is first asked for.
 */
export function fileAnnotation(entry: Omit<Entry, "segmentation">, decode: () => Rle): ScoredAnnotation {
  const { id, image, category, box, boxAreaPx, areaPx, crowd, ignored, uncounted } = entry;
  let mask: Rle | undefined;
  // Field by field, where a spread would be a tenth of the time that scoring takes.
  const annotation = {
    id,
    image,
    category,
    box,
    boxAreaPx,
    areaPx,
    crowd,
    get mask() {
      mask ??= decode();
      return mask;
    },
  };
  if (uncounted) Object.assign(annotation, { uncounted });
  return ignored ? Object.assign(annotation, { ignored }) : annotation;
}

/** Returns the file with LVIS's lists, where its images have them. */
export function withLists<F extends { readonly images: readonly FileImage[] }>(file: F): F & Pick<OpenFile, "listsOf"> {
  const listsOf = federatedLists(file.images);
  return listsOf === undefined ? file : { ...file, listsOf };
}

function federatedLists(images: readonly FileImage[]): AnnotationFile["listsOf"] {
  if (images.length === 0 || images.some(({ negativeCategories }) => negativeCategories === undefined))
    return undefined;
  const byId = new Map(images.map((image) => [image.id, image]));
  return (id) => {
    const { negativeCategories = [], notExhaustiveCategories = [] } = byId.get(id)!;
    return { negative: new Set(negativeCategories), notExhaustive: new Set(notExhaustiveCategories) };
  };
}
