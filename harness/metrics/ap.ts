import type { Metric, MetricContext, PredictionRow } from "../api.ts";
import {
  type CategoryFigure,
  cocoRules,
  type EvaluationRules,
  evaluate,
  type GroundTruth,
  lvisRules,
  onceEach,
  summarizer,
} from "../coco/index.ts";
import { isScored, tableOf, truthOfContext } from "./rowTable.ts";

const rulesById: Readonly<Record<EvaluationRules["id"], EvaluationRules>> = { coco: cocoRules, lvis: lvisRules };

/**
 * Average precision of masks, of rows that have a score: AP over the ten IoU thresholds, AP50, AP75, by size, by frequency for
 * LVIS. COCO's rules, LVIS's where the dataset has its lists. No values of rows without scores or without a dataset; 0 where a protocol that
 * ranks masks kept none.
 * Source: COCOeval of pycocotools, LVISEval of lvis-api.
 */
export const ap: Metric = averagePrecision();

/** The same by the rules that are asked for. Throws HarnessError for LVIS's where the dataset has no lists. */
export function averagePrecision(asked?: EvaluationRules["id"]): Metric {
  return {
    id: "ap",
    headline: "AP",
    better: "higher",
    unit: "fraction",
    fit(rows, context) {
      const detections = tableOf(rows);
      const truth = truthOfContext(context);
      if (truth === undefined || !isScored(rows, detections, context)) return () => [];
      const { values } = summarizer(
        evaluate({ truth, detections, rules: rulesOf(truth, asked), type: "segm" }),
        truth.categories,
      );
      return ({ counts }) => values(counts).filter(({ id }) => id.startsWith("AP"));
    },
  };
}

/** Average precision of each category that has annotations; none without rows that have scores or without a dataset. */
export function categoryPrecisions(
  rows: readonly PredictionRow[],
  context: MetricContext,
  asked?: EvaluationRules["id"],
): readonly CategoryFigure[] {
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
