import { createHash } from "node:crypto";
import type { Dataset, DatasetOptions } from "../../harness/api.ts";
import { AnnotationIndexes } from "../../harness/coco/read/annotationIndexes.ts";
import type { AnnotationFile } from "../../harness/coco/read/annotations.ts";
import { readAnnotations } from "../../harness/coco/read/annotations.ts";
import type { AnnotatedImage } from "../../harness/coco/read/elements.ts";
import type { FileImage } from "../../harness/coco/read/fileImage.ts";
import { HarnessError, unknown } from "../../harness/errors.ts";
import { checkLimit, selectImages } from "../selection.ts";
import { humanAgreement } from "./humanAgreement.ts";
import type { AnnotationFormat } from "./locate.ts";
import { locateAnnotations, locateTraining, noTraining } from "./locate.ts";
import { photoReader, photosPresent } from "./photos.ts";

/**
 * Opens a data set of photos and one annotation file. Every annotation with a mask is prompted and scored against. A missing
 * photo is an error when it is read, not here. The fingerprint covers the JSON's bytes and the chosen images. A calibration
 * gets the training photos that are there. With a cache folder, an index of the JSON is stored there, and annotations are read
 * when their image is.
 */
export async function openAnnotated(
  format: AnnotationFormat,
  options: DatasetOptions,
  notice: (text: string) => void = () => undefined,
): Promise<Dataset> {
  checkLimit(options.limit);
  const indexes = options.cache === undefined ? undefined : new AnnotationIndexes(options.cache, notice);
  const learning = options.purpose === "calibration";
  const { file, root } = learning
    ? await locateTraining(options.data, format)
    : await locateAnnotations(options.data, format, indexes);
  const present = learning ? await photosPresent(root) : () => true;
  const knownImages = new Set<number>();
  const select = {
    select(images: readonly FileImage[]) {
      for (const { id } of images) knownImages.add(id);
      return selectImages(images.filter(present), options);
    },
  };
  const annotations = await (indexes?.open(file, select) ?? readAnnotations(file, select));
  if (annotations.format !== format) throw otherFormat(annotations, format);
  if (annotations.images.length === 0 && learning)
    throw noTraining(options.data!, `${file}, and no photo of it`, format);
  if (annotations.images.length === 0) throw new HarnessError(`${file}: no images in it`);
  const byId = new Map<number, AnnotatedImage>(annotations.images.map((image) => [image.id, image]));
  const photos = photoReader(root);
  const imageOf = (id: number) => {
    const image = byId.get(id);
    if (image === undefined) throw unknown("image", String(id), [...byId.keys()].slice(0, 20).map(String));
    return image;
  };
  return {
    id: format,
    images: annotations.images,
    categories: annotations.categories,
    fingerprint: fingerprint(format, annotations),
    warnings: annotations.warnings,
    files: [file],
    knownImages,
    humanAgreement,
    ...originalIdsOf(annotations),
    read: async (id) => photos.read(imageOf(id)),
    photoFile: async (id) => photos.fileOf(imageOf(id)),
    targetsOf: annotations.annotationsOf,
    annotationsOf: annotations.annotationsOf,
    listsOf: annotations.listsOf,
  };
}

/** Returns the digits of ids that a number does not hold; undefined where there are none, as in nearly every file. */
function originalIdsOf({ originals: { images, categories } }: AnnotationFile): Pick<Dataset, "originalIds"> {
  return images.length === 0 && categories.length === 0 ? {} : { originalIds: { images, categories } };
}

function fingerprint(format: AnnotationFormat, { sha256, images }: AnnotationFile): string {
  const ids = images.map(({ id }) => id);
  return createHash("sha256")
    .update(JSON.stringify([format, sha256, ids]))
    .digest("hex");
}

function otherFormat({ file, format }: AnnotationFile, expected: AnnotationFormat): HarnessError {
  return new HarnessError(`${file}: annotations of another format`, {
    found: format,
    expected,
    hint: `try --dataset ${format}`,
  });
}
