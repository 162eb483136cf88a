import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import coco from "../../datasets/coco/dataset.ts";
import type { Dataset, Metric, PredictionRow } from "../api.ts";
import { ap, cocoSizes, miou } from "../metrics/index.ts";
import { shared } from "../shared.ts";
import { mean } from "../stats/summary.ts";
import { authorsResults, ownResults, type PromptResult } from "./fixtures/authors.ts";
import { beyondBounds } from "./fixtures/authorsBounds.ts";
import { loadNano } from "./fixtures/loadedNano.ts";

const photos = fileURLToPath(new URL("../../datasets/photos/instances.json", import.meta.url));

test.each(["sam-nano", "mobilesam-nano", "efficientsam-nano"])(
  "%s segments the project's photos as its authors' code does: token, predicted IoUs, IoU, mask",
  async (variant) => {
    const authors = authorsResults(fileURLToPath(new URL(`fixtures/authors/${variant}.json`, import.meta.url)));
    expect(authors).toHaveLength(3 * 204);
    const nano = await loadNano(variant);
    try {
      const { results } = await ownResults(nano, await coco.open({ data: photos, seed: 0 }));
      expect(beyondBounds(authors, results)).toEqual([]);
    } finally {
      await nano.close();
    }
  },
);

/** AP of the authors' masks of boxes by pycocotools, with predicted IoU as the score. */
const precisions = { "sam-nano": 0.142508, "mobilesam-nano": 0.13641, "efficientsam-nano": 0.054767 };

test.skipIf(shared === undefined).each(Object.entries(precisions))(
  "%s has its authors' results, mean IoU and AP on 98 photos, where ../shared lies",
  async (variant, precision) => {
    const file = join(shared!, "nano", "authors", `${variant}.json`);
    const authors = authorsResults(file);
    expect(authors).toHaveLength(3 * 812);
    const dataset = await coco.open({ data: join(shared!, "realset", "coco.json"), seed: 0 });
    const nano = await loadNano(variant);
    try {
      const { results, rows } = await ownResults(nano, dataset);
      expect(beyondBounds(authors, results)).toEqual([]);

      const { miou: means } = JSON.parse(readFileSync(file, "utf8")) as { miou: Readonly<Record<string, number>> };
      const rowsOf = (prompts: string) => rows.filter((row) => row.prompts === prompts && !row.crowd);
      for (const [prompts, called] of Object.entries({ box: "box", "1dt": "centre", "3p": "three" })) {
        // What a pixel at the threshold moves in one mask, and in the mean, is held above.
        const moved = meanIou(results, prompts, authors) - meanIou(authors, prompts, authors);
        expect(figure(miou, rowsOf(prompts), dataset)! - moved, prompts).toBeCloseTo(means[called]!, 12);
      }
      const scored = rowsOf("box").map((row) => ({ ...row, score: row.predictedIou }));
      expect(figure(ap, scored, dataset)).toBeCloseTo(precision, 6);
    } finally {
      await nano.close();
    }
  },
  600_000,
);

/** Returns the mean IoU of those prompts of this name that the authors' predictor was given. */
function meanIou(results: readonly PromptResult[], prompts: string, authors: readonly PromptResult[]): number {
  const given = new Set(authors.map(({ annotation }) => annotation));
  return mean(
    results.filter((result) => result.prompts === prompts && given.has(result.annotation)).map(({ iou }) => iou),
  );
}

function figure(metric: Metric, rows: readonly PredictionRow[], dataset: Dataset): number | undefined {
  const images = dataset.images.map(({ id }) => id);
  const weigh = metric.fit(rows, { images, sizes: cocoSizes, dataset });
  const counts = new Uint32Array(images.length).fill(1);
  return weigh({ images, counts }).find(({ id }) => id === metric.headline)?.value;
}
