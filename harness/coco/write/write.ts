import { open } from "node:fs/promises";
import type { Annotation, Category, ImageId, ImageRecord } from "../../api.ts";
import { formatCounts } from "../../mask/rleString.ts";

export interface Instances {
  readonly description: string;
  readonly images: readonly ImageRecord[];
  readonly categories: readonly Category[];
  annotationsOf(image: ImageId): readonly Annotation[];
}

/** Number of images of each category, as LVIS counts them. */
type ImageCounts = ReadonlyMap<number, number>;

/**
 * Writes COCO `instances` JSON, or LVIS v1 JSON in which every category that an image does not show is in its negative list
 * (all images are taken as annotated exhaustively). Masks are written as COCO strings, which keeps every pixel;
 * pycocotools, lvis-api and readAnnotations take them. One image's annotations are in memory at a time.
 */
export async function writeInstances(file: string, instances: Instances, format: "coco" | "lvis"): Promise<void> {
  const out = await open(file, "w");
  const write = (text: string) => out.writeFile(text);
  try {
    const counts = format === "lvis" ? countImages(instances) : undefined;
    await write(`{"info":${JSON.stringify({ description: instances.description })},"licenses":[],\n"images":[`);
    let separator = "\n";
    for (const image of instances.images) {
      await write(separator + JSON.stringify(imageFields(image, instances, format)));
      separator = ",\n";
    }
    await write(`],\n"annotations":[`);
    separator = "\n";
    for (const { id } of instances.images) {
      for (const annotation of instances.annotationsOf(id)) {
        await write(separator + JSON.stringify(annotationFields(annotation, format)));
        separator = ",\n";
      }
    }
    const categories = instances.categories.map((category) => JSON.stringify(categoryFields(category, counts)));
    await write(`],\n"categories":[\n${categories.join(",\n")}]}\n`);
  } finally {
    await out.close();
  }
}

function imageFields({ id, fileName, size }: ImageRecord, instances: Instances, format: "coco" | "lvis"): object {
  const fields = { id, file_name: fileName, height: size.height, width: size.width };
  if (format === "coco") return fields;
  const shown = new Set(instances.annotationsOf(id).map(({ category }) => category));
  const negatives = instances.categories.map((category) => category.id).filter((category) => !shown.has(category));
  return { ...fields, neg_category_ids: negatives, not_exhaustive_category_ids: [] };
}

function annotationFields(
  { id, image, category, mask, box, areaPx, crowd, ignored = false }: Annotation,
  format: "coco" | "lvis",
): object {
  return {
    id,
    image_id: image,
    category_id: category,
    area: areaPx,
    bbox: [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0],
    iscrowd: format === "coco" ? (crowd ? 1 : 0) : undefined,
    ignore: format === "lvis" && ignored ? 1 : undefined,
    segmentation: { size: [mask.size.height, mask.size.width], counts: formatCounts(mask) },
  };
}

function categoryFields({ id, name }: Category, counts: ImageCounts | undefined): object {
  if (counts === undefined) return { id, name, supercategory: "object" };
  const images = counts.get(id) ?? 0;
  // LVIS: rare under 10 images, common under 100.
  return { id, name, synonyms: [name], image_count: images, frequency: images < 10 ? "r" : images < 100 ? "c" : "f" };
}

function countImages(instances: Instances): ImageCounts {
  const counts = new Map<number, number>();
  for (const { id } of instances.images) {
    for (const category of new Set(instances.annotationsOf(id).map((annotation) => annotation.category))) {
      counts.set(category, (counts.get(category) ?? 0) + 1);
    }
  }
  return counts;
}
