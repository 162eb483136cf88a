import type { Annotation, FederatedLists, ImageId, Rle } from "../api.ts";
import type { AnnotatedCategory, AnnotatedImage } from "./elements.ts";
import { type Entry, EntryStore, type SharedEntries } from "./entries.ts";
import { decodeSegmentation } from "./segmentation.ts";

export interface AnnotationFile {
  readonly file: string;
  readonly format: "coco" | "lvis";
  /** Those selected, in the order of the file. */
  readonly images: readonly AnnotatedImage[];
  readonly categories: readonly AnnotatedCategory[];
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  /** Annotations left out and why, one sentence a reason. */
  readonly warnings: readonly string[];
  /** In the order of the file. A mask is decoded when it is first asked for and lives as long as the object. */
  annotationsOf(image: ImageId): readonly FileAnnotation[];
  /** Absent unless every image has LVIS's lists. */
  readonly listsOf?: (image: ImageId) => FederatedLists;
}

export type FileAnnotation = Annotation & Pick<Entry, "boxAreaPx">;

/** An annotation file as data that can be handed to another thread. */
export interface AnnotationParts extends Omit<AnnotationFile, "annotationsOf" | "listsOf"> {
  /** Addresses in the store, of the selected images. */
  readonly entries: ReadonlyMap<ImageId, readonly number[]>;
  readonly store: SharedEntries;
}

export function annotationFile({ entries, store: shared, ...file }: AnnotationParts): AnnotationFile {
  const store = EntryStore.of(shared);
  const sizes = new Map(file.images.map(({ id, size }) => [id, size]));
  const annotationAt = (address: number): FileAnnotation => {
    const entry = store.get(address);
    return fileAnnotation(entry, () => decodeSegmentation(store.segmentation(address), sizes.get(entry.image)!));
  };
  return withLists({ ...file, annotationsOf: (image) => (entries.get(image) ?? []).map(annotationAt) });
}

/** `decode` is called once, when the mask is first asked for. */
export function fileAnnotation(entry: Omit<Entry, "segmentation">, decode: () => Rle): FileAnnotation {
  const { id, image, category, box, boxAreaPx, areaPx, crowd, ignored } = entry;
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
  return ignored ? Object.assign(annotation, { ignored }) : annotation;
}

/** The file with LVIS's lists, where its images have them. */
export function withLists(file: Omit<AnnotationFile, "listsOf">): AnnotationFile {
  const listsOf = federatedLists(file.images);
  return listsOf === undefined ? file : { ...file, listsOf };
}

function federatedLists(images: readonly AnnotatedImage[]): AnnotationFile["listsOf"] {
  if (images.length === 0 || images.some(({ negativeCategories }) => negativeCategories === undefined))
    return undefined;
  const byId = new Map(images.map((image) => [image.id, image]));
  return (id) => {
    const { negativeCategories = [], notExhaustiveCategories = [] } = byId.get(id)!;
    return { negative: new Set(negativeCategories), notExhaustive: new Set(notExhaustiveCategories) };
  };
}
