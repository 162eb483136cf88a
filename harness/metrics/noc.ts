import type { ImageId, ImageWeights, Metric } from "../api.ts";
import { type ImageSums, imageMeans, sumByImage, weightedMean } from "../stats/means.ts";
import { type FirstClicks, firstClicks, levels, levelTitle } from "./firstClicks.ts";

/** Clicks that a target is given. */
export const clickLimit = 20;

/**
 * Number of clicks until the IoU of a target's mask is at least 0.8, 0.85 and 0.9, as a mean over targets (ids noc@80, noc@85,
 * noc@90). A later click may lose the IoU again: the first that reaches it counts. A target that no click brings there counts 20;
 * `unreached` says how many do.
 * Source: compute_noc_metric of SamsungLabs/ritm_interactive_segmentation.
 */
export const noc: Metric = {
  module: import.meta.url,
  id: "noc",
  title: "number of clicks",
  about: `mean number of clicks until the IoU reaches 0.8, 0.85 and 0.9, ${clickLimit} where none of ${clickLimit} does`,
  headline: "noc@90",
  better: "lower",
  unit: "clicks",
  range: [1, clickLimit],
  needs: "rows",
  reads: ["iou", "step"],
  severalSteps: true,
  columns: levels.map((level) => ({ id: `noc@${level}`, title: levelTitle(level) })),
  meaning: `NoC@k: mean number of clicks until the IoU reaches k %, over n instances; ${clickLimit} where none of ${clickLimit} does`,
  fit(rows, { images }) {
    const firsts = firstClicks(rows);
    const sums = levels.map((level) => sumsOf(firsts, images, ({ clicks }) => clicks.get(level) ?? clickLimit));
    const valuesAt = (weights: ImageWeights) =>
      levels.map((level, i) => ({ id: `noc@${level}`, ...weightedMean(sums[i]!, weights) }));
    return Object.assign(valuesAt, { ofImages: () => imageMeans(sums[levels.indexOf(90)]!) });
  },
};

/**
 * Share of targets that no click brings to an IoU of 0.8, 0.85 and 0.9 (ids unreached@80, unreached@85, unreached@90). A target
 * that the last click brings there is none of them; the source counts it among them, since its number of clicks is the limit.
 */
export const unreached: Metric = {
  module: import.meta.url,
  id: "unreached",
  title: "share of targets that no click brings there",
  about: `share of targets whose IoU reaches 0.8, 0.85 and 0.9 by none of ${clickLimit} clicks`,
  headline: "unreached@90",
  better: "lower",
  unit: "fraction",
  needs: "rows",
  reads: ["iou", "step"],
  severalSteps: true,
  columns: levels.map((level) => ({ id: `unreached@${level}`, title: `unreached@${level}` })),
  meaning: `unreached@k: share of n instances that none of ${clickLimit} clicks brings to an IoU of k %`,
  fit(rows, { images }) {
    const firsts = firstClicks(rows);
    const sums = levels.map((level) => sumsOf(firsts, images, ({ clicks }) => (clicks.has(level) ? 0 : 1)));
    return (weights) => levels.map((level, i) => ({ id: `unreached@${level}`, ...weightedMean(sums[i]!, weights) }));
  },
};

function sumsOf(
  firsts: readonly FirstClicks[],
  images: readonly ImageId[],
  countOf: (first: FirstClicks) => number,
): ImageSums {
  return sumByImage(
    firsts.map((first) => ({ image: first.image, value: countOf(first) })),
    images,
  );
}
