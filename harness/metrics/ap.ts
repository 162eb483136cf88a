import type { Metric } from "../api.ts";
import { cocoRules, evaluate, lvisRules, summarizer } from "../coco/index.ts";
import { tableOf, truthOfContext } from "./rowTable.ts";

/**
 * Average precision of masks, of rows that have a score: AP over the ten IoU thresholds, AP50, AP75, by size, by frequency for
 * LVIS. COCO's rules, LVIS's where the dataset has its lists. No values without rows that have scores or without a dataset.
 * Source: COCOeval of pycocotools, LVISEval of lvis-api.
 */
export const ap: Metric = {
  id: "ap",
  headline: "AP",
  better: "higher",
  unit: "fraction",
  fit(rows, context) {
    const detections = tableOf(rows);
    const truth = truthOfContext(context);
    if (truth === undefined || detections.count === 0) return () => [];
    const rules = truth.listsOf === undefined ? cocoRules : lvisRules;
    const { values } = summarizer(evaluate({ truth, detections, rules, type: "segm" }), truth.categories);
    return ({ counts }) => values(counts).filter(({ id }) => id.startsWith("AP"));
  },
};
