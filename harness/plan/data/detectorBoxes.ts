import { basename } from "node:path";
import type { Dataset, ImageId, Target } from "../../api.ts";
import { requireUsable } from "../../coco/read/detections/detectionParts.ts";
import { readDetectionTable } from "../../coco/read/detections/detections.ts";
import type { DetectionTable } from "../../coco/read/detections/detectionTable.ts";
import { checkDetections } from "../../coco/read/groundTruth.ts";
import { HarnessError } from "../../errors.ts";
import { homeFolder } from "../../home.ts";
import { boxOf } from "../../mask/index.ts";
import { sha256OfFile } from "../../store/disk/fileCache.ts";
import { requireAsPulled } from "../../store/pulled/pulledFiles.ts";

/**
 * Returns the dataset with a detector's boxes as targets; annotations stay. A detection without `bbox` is prompted with its
 * mask's box. The id of a target is the detection's place in the file. Throws HarnessError as `bench score` does where a
 * detection is of an image or a category that the data do not have, where no detection is on an image at hand, and where the
 * file was pulled and is not as it came.
 */
export async function withDetectorBoxes(dataset: Dataset, file: string): Promise<Dataset> {
  await requireAsPulled({ home: homeFolder(), file, flag: "--boxes" });
  const { originalIds } = dataset;
  const known = new Map(dataset.images.map(({ id, size }) => [id, size]));
  const table = await readDetectionTable(file);
  table.renumber("image", originalIds?.images ?? []);
  table.renumber("category", originalIds?.categories ?? []);
  requireKnown(table, dataset, file);
  table.drawPolygons((image) => known.get(image));
  const targets = new Map<ImageId, Target[]>();
  let total = 0;
  let elsewhere = 0;
  let boxless = 0;
  for (let id = 0; id < table.count; id++) {
    total += 1;
    if (!known.has(table.imageOf(id))) {
      elsewhere += 1;
      continue;
    }
    if (!table.hasBox(id)) requireUsable(table, id, file);
    const detection = table.at(id);
    const box = detection.box ?? (detection.mask === undefined ? undefined : boxOf(detection.mask));
    if (box === undefined) {
      boxless += 1;
      continue;
    }
    const { image, category, score } = detection;
    const target = { id, image, category, box, areaPx: (box.x1 - box.x0) * (box.y1 - box.y0), crowd: false, score };
    const own = targets.get(image);
    if (own === undefined) targets.set(image, [target]);
    else own.push(target);
  }
  if (total > 0 && elsewhere === total)
    throw new HarnessError(`${file}: no detection is on an image of this dataset`, {
      found: `${total} detections elsewhere`,
      hint: "is this another dataset's results file, or does --limit or --image leave its images out?",
    });
  const lost =
    boxless === 0
      ? []
      : [`${basename(file)}: ${boxless} detections have neither bbox nor a mask with a pixel and are left out`];
  const { listsOf } = dataset;
  return {
    ...dataset,
    listsOf: listsOf && ((image) => listsOf.call(dataset, image)),
    fingerprint: `${dataset.fingerprint} boxes ${await sha256OfFile(file)}`,
    warnings: [...dataset.warnings, ...lost],
    read: (image) => dataset.read(image),
    annotationsOf: (image) => dataset.annotationsOf(image),
    targetsOf: (image) => targets.get(image) ?? [],
  };
}

/**
 * Throws HarnessError for detections of unknown images or categories. A data set that does not say which images it has may have
 * images that were not asked for: then only its categories are known.
 */
function requireKnown(table: DetectionTable, dataset: Dataset, file: string): void {
  const { knownImages, categories, id } = dataset;
  const images = knownImages ?? new Set(Array.from({ length: table.count }, (_, index) => table.imageOf(index)));
  checkDetections(
    table,
    { file: `dataset ${id}`, images: [...images].map((image) => ({ id: image })), categories },
    file,
  );
}
