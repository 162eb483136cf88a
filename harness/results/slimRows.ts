import { join } from "node:path";
import type { ImageId, PredictionRow } from "../api.ts";
import { type ImagePlace, readImages } from "../store/rows.ts";
import type { StoredRun } from "../store/store.ts";

/** A row whose mask and prompt are empty. */
export type SlimRow = PredictionRow;

/** A run's rows without what most of their bytes are, and what else the file says of its images. */
export interface SlimRows {
  /** Run to their end without failure, those without a row among them; ascending. */
  readonly images: readonly ImageId[];
  readonly failures: ReadonlyMap<ImageId, string>;
  /** In the order of the file. */
  readonly rows: readonly SlimRow[];
  /** By prompts name, ms an image. */
  readonly everythingMs: ReadonlyMap<string, readonly number[]>;
  /** Where to find what was left out. */
  readonly places: ReadonlyMap<ImageId, ImagePlace>;
}

const dropped = { mask: { size: { height: 0, width: 0 }, counts: "" }, prompt: { points: [] } };

/** Reads the file once. Masks and prompts are no part of a mean IoU: they are dropped as the rows stream by. */
export async function readSlimRows(run: StoredRun): Promise<SlimRows> {
  const failures = new Map<ImageId, string>();
  const rows: SlimRow[] = [];
  const places = new Map<ImageId, ImagePlace>();
  // Rows do not tell of images without a target, which are images of the run like the others.
  for await (const { image, rows: own, place } of readImages(join(run.folder, "rows.jsonl"))) {
    places.set(image, place);
    for (const row of own)
      if (row.kind === "failure") failures.set(image, row.message);
      else rows.push({ ...row, ...dropped });
  }
  const images = [...places.keys()].filter((image) => !failures.has(image)).sort((a, b) => a - b);
  const everythingMs = new Map<string, number[]>();
  for (const image of images)
    for (const [prompts, durationMs] of Object.entries(places.get(image)?.everythingMs ?? {})) {
      const known = everythingMs.get(prompts);
      if (known === undefined) everythingMs.set(prompts, [durationMs]);
      else known.push(durationMs);
    }
  return { images, failures, rows, everythingMs, places };
}
