import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Dataset, DatasetOptions, DatasetPlugin } from "../../harness/api.ts";
import { HarnessError } from "../../harness/errors.ts";
import { openAnnotated } from "../coco/annotated.ts";

const annotations = fileURLToPath(new URL("instances.json", import.meta.url));

/**
 * Opens the photos of this folder with COCO's annotations of them. They are there to be scored alone: who calibrates a method
 * or chooses a setting on them is refused. The fingerprint covers the annotations and the bytes of the chosen photos.
 */
async function open(options: DatasetOptions, notice?: (text: string) => void): Promise<Dataset> {
  if (options.purpose !== undefined) throw refused(options.purpose);
  const dataset = await openAnnotated("coco", { ...options, data: annotations }, notice);
  return {
    ...dataset,
    id: "photos",
    fingerprint: await fingerprint(dataset),
    credits: [
      `photos: ${dataset.images.length} of COCO val2017, CC BY 2.0, each with its address in datasets/photos/SOURCES.md; annotations: COCO Consortium, CC BY 4.0`,
    ],
  };
}

async function fingerprint({ fingerprint, images, photoFile }: Dataset): Promise<string> {
  const hash = createHash("sha256").update(`photos ${fingerprint}`);
  for (const { id } of images) hash.update(await readFile(await photoFile!(id)));
  return hash.digest("hex");
}

function refused(purpose: NonNullable<DatasetOptions["purpose"]>): HarnessError {
  if (purpose === "search")
    return new HarnessError("dataset photos: is there to be scored, and no setting is searched on it", {
      hint: "--dataset shapes draws scenes; --dataset coco with --data FOLDER searches on photos of your own",
    });
  return new HarnessError("dataset photos: is there to be scored, and nothing is calibrated on it", {
    hint: "--calibration shapes draws scenes, and --calibration coco with --calibration-data FOLDER takes photos of your own",
  });
}

export default {
  id: "photos",
  title: "Free photos of COCO",
  about:
    "26 photos of COCO val2017 under CC BY 2.0 with their 206 instances, which come with sam-bench; needs no download; for scoring alone",
  own: "shipped",
  open,
} satisfies DatasetPlugin;
