import { join } from "node:path";
import type { Dataset, ImageId, PredictionRow, RgbImage, Rle } from "../../api.ts";
import { encodeWebp, thumbnail } from "../../image/codec.ts";
import { outlinesOf, parseCounts } from "../../mask/index.ts";
import { readImage } from "../../store/rows.ts";
import type { StoredRun } from "../../store/store.ts";
import type { DetailedRun } from "./details.ts";
import { chooseSamples, type GalleryItem, type GalleryView, keptRows, type Sample, sharedPrompt } from "./gallery.ts";

const defaults = {
  /**
   * Photos are embedded at this longest side, px, and with this quality: 48 photos are about 2.3 MB. Cards
   * enlarge parts of them.
   */
  side: 640,
  quality: 62,
  /** Corners that are nearer to the outline than this share of the longest side are left out. */
  tolerance: 1 / 700,
};

export interface GalleryRequest {
  readonly count: number;
  readonly seed: number;
  readonly photos: "embedded" | "left out";
  /** Dataset of the runs. Without it there are neither photos nor ground truth. */
  readonly dataset?: Dataset;
  readonly progress: (done: number, total: number) => void;
}

/** Chooses targets among the rows, then reads the masks of those targets and their photos. */
export async function galleryOf(
  runs: readonly { readonly stored: StoredRun; readonly details: DetailedRun }[],
  request: GalleryRequest,
): Promise<readonly GalleryItem[]> {
  const samples = chooseSamples(
    runs.map(({ details }) => details),
    request.count,
    request.seed,
  );
  const scored = runs.map((run, series) => ({ ...run, series })).filter(({ details }) => details.rows.length > 0);
  const rows = await Promise.all(scored.map((each) => rowsOf(each, samples)));
  const photos = new Map<ImageId, string>();
  const items: GalleryItem[] = [];
  for (const sample of samples) {
    const photo = await photoOf(sample.image, request, photos);
    const views = sample.prompts.map((prompts) => {
      const own = rows.map((byKey) => byKey.get(keyOf({ ...sample, prompts }))!);
      return viewOf(prompts, own, scored);
    });
    const { mask } = rows[0]!.get(keyOf({ ...sample, prompts: sample.prompts[0]! }))!;
    items.push(itemOf(sample, { photo, views, size: mask.size }, request));
    request.progress(items.length, samples.length);
  }
  return items;
}

function itemOf(
  { prompts: _, ...sample }: Sample,
  drawn: Pick<GalleryItem, "photo" | "views" | "size">,
  { dataset }: GalleryRequest,
): GalleryItem {
  const names = new Map(dataset?.categories.map(({ id, name }) => [id, name]));
  const truth = dataset?.annotationsOf(sample.image).find(({ id }) => id === sample.target);
  return {
    ...sample,
    ...drawn,
    categoryName: names.get(sample.category) ?? `category ${sample.category}`,
    truth: truth === undefined ? undefined : outlined(truth.mask),
  };
}

function viewOf(
  prompts: string,
  rows: readonly PredictionRow[],
  runs: readonly { readonly details: DetailedRun; readonly series: number }[],
): GalleryView {
  return {
    prompts,
    prompt: sharedPrompt(rows.map(({ prompt }) => prompt)),
    predictions: rows.map((row, i) => ({
      label: runs[i]!.details.label,
      series: runs[i]!.series,
      outlines: outlined(parseCounts(row.mask.counts, row.mask.size, `row of image ${row.image}`)),
      iou: row.iou!,
      predictedIou: row.predictedIou,
    })),
  };
}

const keyOf = ({ image, target, prompts }: Pick<PredictionRow, "image" | "target" | "prompts">) =>
  `${image} ${target} ${prompts}`;

/** Reads the rows of the samples again, with their masks; other images are not read. */
async function rowsOf(
  { stored, details }: { readonly stored: StoredRun; readonly details: DetailedRun },
  samples: readonly Sample[],
): Promise<ReadonlyMap<string, PredictionRow>> {
  const wanted = new Set(samples.flatMap((sample) => sample.prompts.map((prompts) => keyOf({ ...sample, prompts }))));
  const found = new Map<string, PredictionRow>();
  for (const image of new Set(samples.map((sample) => sample.image))) {
    const rows = await readImage(join(stored.folder, "rows.jsonl"), details.places.get(image)!);
    const predictions = rows.flatMap((row) => (row.kind === "prediction" && wanted.has(keyOf(row)) ? [row] : []));
    for (const row of keptRows(predictions).values()) found.set(keyOf(row), row);
  }
  return found;
}

function outlined(mask: Rle): readonly (readonly number[])[] {
  return outlinesOf(mask, defaults.tolerance * Math.max(mask.size.height, mask.size.width));
}

/** Returns a photo as a data URI. A photo that can not be read is left out: its row says why. */
export async function photoOf(
  image: ImageId,
  { dataset, photos: wanted }: { readonly dataset?: Dataset | undefined; readonly photos: GalleryRequest["photos"] },
  photos: Map<ImageId, string>,
): Promise<string | undefined> {
  if (dataset === undefined || wanted === "left out") return undefined;
  const known = photos.get(image);
  if (known !== undefined) return known;
  const read: RgbImage | undefined = await dataset.read(image).catch(() => undefined);
  if (read === undefined) return undefined;
  const small = await encodeWebp(await thumbnail(read, defaults.side), defaults.quality);
  const uri = `data:image/webp;base64,${small.toString("base64")}`;
  photos.set(image, uri);
  return uri;
}
