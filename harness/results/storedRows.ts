import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ImageId, PredictionRow } from "../api.ts";
import { readImages } from "../store/rows.ts";
import type { StoredRun } from "../store/store.ts";
import { soundRun } from "./storedRuns.ts";

/** A run by its id in the results folder, or by its own folder. */
export function findRun(run: string, results: string): Promise<StoredRun> {
  const folder = resolve(run);
  const isFolder = !existsSync(join(resolve(results), run)) && existsSync(join(folder, "manifest.json"));
  return isFolder ? soundRun(dirname(folder), basename(folder)) : soundRun(resolve(results), run);
}

export interface StoredRows {
  /** Run to their end without failure, those without a row among them; ascending. */
  readonly images: readonly ImageId[];
  readonly failures: number;
  readonly byPrompts: ReadonlyMap<string, readonly PredictionRow[]>;
}

/** All rows with their masks, by prompts name. */
export async function readRows(run: StoredRun): Promise<StoredRows> {
  // Rows do not tell of images without a target, which are images of the run like the others.
  const finished: ImageId[] = [];
  const failed = new Set<ImageId>();
  const byPrompts = new Map<string, PredictionRow[]>();
  for await (const { image, rows } of readImages(join(run.folder, "rows.jsonl"))) {
    finished.push(image);
    for (const row of rows) {
      if (row.kind === "failure") {
        failed.add(image);
        continue;
      }
      const own = byPrompts.get(row.prompts);
      if (own === undefined) byPrompts.set(row.prompts, [row]);
      else own.push(row);
    }
  }
  const images = finished.filter((image) => !failed.has(image)).sort((a, b) => a - b);
  return { images, failures: failed.size, byPrompts };
}
