import type { CategoryValue, Metric, MetricContext, PredictionRow, PublishedFigure } from "../api.ts";
import {
  cocoRules,
  type EvaluationRules,
  evaluate,
  type GroundTruth,
  lvisRules,
  onceEach,
  summarizer,
  tideOf,
} from "../coco/index.ts";
import { partLetter } from "./partLetters.ts";
import { fittedSummaries, isScored, tableOf, truthOfContext } from "./rowTable.ts";

const rulesById: Readonly<Record<EvaluationRules["id"], EvaluationRules>> = { coco: cocoRules, lvis: lvisRules };

/**
 * Average precision of masks: AP over the ten IoU thresholds, AP50, AP75, AP by size, and AP by frequency for LVIS. It follows
 * COCO's rules, or LVIS's where the dataset has its lists. There are no values for rows without scores or without a dataset;
 * the values are 0 where a protocol that ranks masks kept none.
 * Source: COCOeval of pycocotools, LVISEval of lvis-api.
 */
export const ap: Metric = averagePrecision();

/**
 * Returns the metric by the rules that are asked for. Its `fit` throws HarnessError for LVIS's rules where the dataset has no
 * lists.
 */
function averagePrecision(asked?: EvaluationRules["id"]): Metric {
  return {
    module: import.meta.url,
    id: "ap",
    title: "average precision",
    about: "mean average precision of masks over IoU 0.50 to 0.95, and its parts by IoU, size and frequency",
    headline: "AP",
    better: "higher",
    unit: "fraction",
    needs: "annotations",
    reads: ["score", "mask", "category"],
    columns: [{ id: "AP", title: "AP" }],
    meaning: "AP: mean average precision of masks over IoU 0.50 to 0.95, n annotations to find",
    published: publishedPrecision,
    byRules: averagePrecision,
    byCategory: (rows, context) => categoryPrecisions(rows, context, asked),
    errors(rows, context) {
      const detections = tableOf(rows);
      const truth = truthOfContext(context);
      if (truth === undefined || !isScored(rows, detections, context)) return undefined;
      return tideOf({ truth, detections, rules: rulesOf(truth, asked), type: "segm" });
    },
    fit(rows, context) {
      const detections = tableOf(rows);
      const truth = truthOfContext(context);
      if (truth === undefined || !isScored(rows, detections, context)) return () => [];
      const matches = evaluate({ truth, detections, rules: rulesOf(truth, asked), type: "segm" });
      return fittedSummaries(matches, truth.categories, ({ id }) => id.startsWith("AP"));
    },
  };
}

/**
 * Maps a paper's ap, ap50 or ap75 and its size to the id of the figure: AP, AP50s, APr. An image without annotations counts:
 * its masks are false ones.
 */
function publishedPrecision(metric: string, size: string): PublishedFigure | undefined {
  const found = /^ap(50|75)?$/.exec(metric);
  return found === null ? undefined : { id: `${metric.toUpperCase()}${partLetter(size)}`, about: "every image" };
}

/**
 * Returns the average precision of each category that has annotations; the list is empty for rows without scores or without a
 * dataset.
 */
function categoryPrecisions(
  rows: readonly PredictionRow[],
  context: MetricContext,
  asked: EvaluationRules["id"] | undefined,
): readonly CategoryValue[] {
  const detections = tableOf(rows);
  const truth = truthOfContext(context);
  if (truth === undefined || detections.count === 0) return [];
  const matches = evaluate({ truth, detections, rules: rulesOf(truth, asked), type: "segm" });
  return summarizer(matches, truth.categories)
    .byCategory(onceEach(matches))
    .filter(({ n }) => n > 0);
}

function rulesOf(truth: GroundTruth, asked: EvaluationRules["id"] | undefined): EvaluationRules {
  return rulesById[asked ?? (truth.listsOf === undefined ? "coco" : "lvis")];
}
