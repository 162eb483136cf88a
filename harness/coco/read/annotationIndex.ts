import type { ImageId } from "../../api.ts";
import { HarnessError } from "../../errors.ts";
import { grown } from "../../mask/columns.ts";
import { attempt, fieldsOf } from "../json/fields.ts";
import { type FileIds, IdTable, idMembers } from "../json/ids.ts";
import { elementParser } from "../json/json.ts";
import { requireReadable } from "../json/losses.ts";
import type { PlacedFile } from "../json/placedFile.ts";
import {
  type AnnotationElements,
  type AnnotationFile,
  type FileAnnotation,
  fileAnnotation,
  withLists,
} from "./annotationFile.ts";
import { readAnnotationElements } from "./annotationReader.ts";
import { type AnnotatedImage, requirePhotos, toEntry } from "./elements.ts";
import type { Entry } from "./entries.ts";
import type { FileImage } from "./fileImage.ts";
import { decodeSegmentation, type Segmentation } from "./segmentation.ts";

/**
 * Index of an annotation file: its images and categories, and where in the file each image's annotations stand. It takes twelve
 * bytes an annotation, where the masks themselves would take as much as the file.
 */
export interface AnnotationIndex extends AnnotationElements {
  /** Path of the file when it was read: its warnings name that path. */
  readonly file: string;
  /** The annotations of image i of `images` are from `starts[i]` to `starts[i + 1]`, in the order of the file. */
  readonly starts: Uint32Array;
  readonly offsets: Float64Array;
  readonly lengths: Uint32Array;
}

/** Reads the file once, as a stream. Throws as readAnnotations. */
export async function indexAnnotations(file: string): Promise<AnnotationIndex> {
  const places = new Map<ImageId, number>();
  let count = 0;
  let columns = { image: new Uint32Array(0), offset: new Float64Array(0), length: new Uint32Array(0) };
  const elements = await readAnnotationElements(file, {
    begin: (images) => {
      count = 0;
      places.clear();
      for (const [place, { id }] of images.entries()) places.set(id, place);
    },
    keep: ({ image, box, segmentation, foreign }, { offset, bytes }) => {
      // Without its mask or its box an annotation is of no use to a data set, nor with a mask of another size than its image.
      if (box === undefined || segmentation === undefined || foreign) return;
      const { image: images, offset: offsets, length: lengths } = columns;
      columns = {
        image: grown(images, count + 1),
        offset: grown(offsets, count + 1),
        length: grown(lengths, count + 1),
      };
      columns.image[count] = places.get(image)!;
      columns.offset[count] = offset;
      columns.length[count++] = bytes;
    },
  });
  return { file, ...elements, ...byImage(columns, count, elements.images.length) };
}

interface Columns {
  readonly image: Uint32Array;
  readonly offset: Float64Array;
  readonly length: Uint32Array;
}

/** Sorts the places by image. It counts, so that those of one image stay in order. */
function byImage(
  columns: Columns,
  count: number,
  images: number,
): Pick<AnnotationIndex, "starts" | "offsets" | "lengths"> {
  const starts = new Uint32Array(images + 1);
  for (let i = 0; i < count; i++) starts[columns.image[i]! + 1]!++;
  for (let image = 0; image < images; image++) starts[image + 1]! += starts[image]!;
  const next = starts.slice();
  const offsets = new Float64Array(count);
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const at = next[columns.image[i]!]!++;
    offsets[at] = columns.offset[i]!;
    lengths[at] = columns.length[i]!;
  }
  return { starts, offsets, lengths };
}

/**
 * Opens the selected images of an indexed file. Annotations are read from the file when their image is asked for, and only
 * those of the last image stay in memory. Reading throws HarnessError where the file has been changed since.
 */
export function indexedAnnotations(
  source: PlacedFile,
  index: AnnotationIndex,
  select: (images: readonly FileImage[]) => readonly FileImage[] = (images) => images,
): AnnotationFile {
  const { starts, offsets, lengths, images: all, losses, ...elements } = index;
  const places = new Map(all.map(({ id }, place) => [id, place]));
  const images = requirePhotos(source.file, select(all));
  requireReadable(source.file, losses.dataset);
  const ids: FileIds = {
    images: IdTable.of(index.originals.images),
    categories: IdTable.of(index.originals.categories),
    annotations: IdTable.of(index.originals.annotations),
  };
  const own = new Map(images.map((image) => [image.id, { image, place: places.get(image.id)! }]));
  const categories = new Set(index.categories.map(({ id }) => id));
  const parse = elementParser({ numberLists: "segmentation", ids: idMembers });
  let last: { readonly image: ImageId; readonly annotations: readonly FileAnnotation[] } | undefined;
  const read = ({ image, place }: { image: AnnotatedImage; place: number }): readonly FileAnnotation[] => {
    const annotations: FileAnnotation[] = [];
    for (let i = starts[place]!; i < starts[place + 1]!; i++) {
      const entry = entryAt(source, { offset: offsets[i]!, bytes: lengths[i]! }, { image, ids, parse });
      if (!categories.has(entry.category)) continue;
      // Entries without a mask or a box are not in the index.
      const decode = () => decodeSegmentation(entry.segmentation!, image.size);
      annotations.push(fileAnnotation(entry, decode) as FileAnnotation);
    }
    return annotations;
  };
  return withLists({
    ...elements,
    file: source.file,
    images,
    warnings: losses.dataset.warnings.map((text) => text.replace(index.file, () => source.file)),
    annotationsOf(id) {
      if (last?.image === id) return last.annotations;
      const image = own.get(id);
      if (image === undefined) return [];
      last = { image: id, annotations: read(image) };
      return last.annotations;
    },
  });
}

interface EntryPlace {
  readonly offset: number;
  readonly bytes: number;
}

interface EntryContext {
  readonly image: AnnotatedImage;
  readonly ids: FileIds;
  readonly parse: ReturnType<typeof elementParser>;
}

function entryAt(source: PlacedFile, place: EntryPlace, { image, ids, parse }: EntryContext): Entry {
  const bytes = source.read(place.offset, place.bytes);
  const parsed = attempt(() => toEntry(fieldsOf(parse(bytes)), new Map([[image.id, image]]), ids));
  if (parsed.fault !== undefined)
    throw new HarnessError(`${source.file}: no annotation of image ${image.id} at byte ${place.offset}`, {
      found: parsed.fault.problem,
      hint: "was the file changed meanwhile? run again",
    });
  const { segmentation, ...entry } = parsed.value.entry;
  return segmentation === undefined ? entry : { ...entry, segmentation: lasting(segmentation) };
}

function lasting(segmentation: Segmentation): Segmentation {
  return segmentation.kind === "polygons" ? { kind: "polygons", polygons: segmentation.polygons.copy() } : segmentation;
}
