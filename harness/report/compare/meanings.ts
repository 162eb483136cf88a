import type { Breakdown } from "../../results/compare/breakdown.ts";
import type { Comparison } from "../../results/compare/compare.ts";
import type { LatencyComparison } from "../../results/compare/latency.ts";
import { intervalMethod } from "../../stats/intervals.ts";
import { agreementMeanings } from "./agreementText.ts";

/** Returns whole sentences: how the figures that are shown are meant, and how they were come by. */
export function comparisonMeanings(
  { agreement, figures, latency, categories }: Comparison,
  wide: boolean,
): readonly string[] {
  return [
    ...(agreement === undefined ? [] : agreementMeanings(agreement)),
    ...(figures.length === 0 ? [] : figureMeanings),
    ...(figures.length === 0 || !wide ? [] : wideMeanings),
    ...(categories.length === 0 || !wide ? [] : [categoriesLine(categories)]),
    ...(latency === undefined ? [] : [latencyLine(latency)]),
  ];
}

const figureMeanings = [
  `interval: ${intervalMethod}, the same groups of images for A and B`,
  "p: by exchanging the results of A and B, image by image; Holm: of the protocols' headline figures (the first table) together, and of all others together; below 0.05 counts as a difference",
];

const wideMeanings = [
  "if unpaired: half the interval's width had A and B been on other images",
  "shown from: the smallest difference that this many images show in 80 % of tries",
];

function categoriesLine(categories: readonly Breakdown[]): string {
  const counts = categories.map(({ prompts, judged, leftOut }) => `${judged} of ${judged + leftOut} by ${prompts}`);
  return `categories: with at least 5 targets on 3 images (${counts.join(", ")}); Holm over all of these`;
}

function latencyLine({ measured, noiseFrom }: LatencyComparison): string {
  const how =
    measured === "interleaved"
      ? "A and B took turns in one session; medians over the rounds that both have, and their ratio"
      : "measured in two sessions; the ratio of the medians is no verdict";
  const noise = noiseFrom === "again" ? "a second process of A in the same rounds" : "A's own samples, drawn twice";
  return `latency: ${how}; A over A: the noise floor, from ${noise}`;
}
