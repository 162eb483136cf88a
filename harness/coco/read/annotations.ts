import type { ImageId } from "../../api.ts";
import { type AnnotationFile, type AnnotationParts, annotationFile } from "./annotationFile.ts";
import { readAnnotationElements } from "./annotationReader.ts";
import { EntryStore } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";

export type { AnnotationFile, ScoredFile } from "./annotationFile.ts";

export interface AnnotationOptions {
  /** Chooses the images whose annotations are kept in memory. It is called once; without it all are kept. */
  readonly select?: (images: readonly FileImage[]) => readonly FileImage[];
}

/**
 * Reads COCO `instances` JSON, or LVIS v1 or v0.5, as a stream: only the annotations of the selected images stay in memory
 * (where the file has its images first, as all published ones do).
 * A single bad annotation is left out with a warning; a file of another schema, a bad image or a bad category is a
 * HarnessError.
 */
export async function readAnnotations(file: string, options: AnnotationOptions = {}): Promise<AnnotationFile> {
  return annotationFile(await readAnnotationParts(file, options));
}

/**
 * Reads what `readAnnotations` reads as data that can be handed to another thread, also annotations that lack their mask or
 * their box.
 */
export async function readAnnotationParts(file: string, { select }: AnnotationOptions = {}): Promise<AnnotationParts> {
  const store = new EntryStore();
  const entries = new Map<ImageId, number[]>();
  let selected: readonly FileImage[] = [];
  const { images: _, ...elements } = await readAnnotationElements(file, {
    begin(images) {
      selected = select?.(images) ?? images;
      entries.clear();
      for (const { id } of selected) entries.set(id, []);
    },
    keep: (entry) => entries.get(entry.image)?.push(store.put(entry)),
  });
  const categories = new Set(elements.categories.map(({ id }) => id));
  const known = (address: number) => categories.has(store.category(address));
  for (const [image, addresses] of entries) if (!addresses.every(known)) entries.set(image, addresses.filter(known));
  return { file, images: selected, ...elements, entries, store: store.shared() };
}
