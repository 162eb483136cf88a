import { units } from "../../metrics/index.ts";
import type { Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import { promptsText } from "../table/cellText.ts";
import { unitText } from "../table/intervalText.ts";

const defaults = {
  /**
   * Two variants are as accurate as each other where the interval of every difference lies within a point, or a tenth of a click.
   */
  margin: { fraction: 0.01, clicks: 0.1 },
};

/** Comparison of a variant with the base of its table, by the name that the page gives it. */
export interface Beside {
  readonly label: string;
  readonly comparison: Comparison;
  /** Times as fast as the base, as the table has it; absent where it has none. */
  readonly speedUp: number | undefined;
}

/** The base of a table, as the page names it, and what figures are called by their ids: miou is mIoU. */
export interface Base {
  readonly label: string;
  readonly titles: ReadonlyMap<string, string>;
}

type Accuracy = "more" | "as" | "less" | "mixed" | "unclear";

interface Judged extends Beside {
  readonly accuracy: Accuracy;
  /** Times as fast as the base; absent where the two did not take turns. */
  readonly times?: number | undefined;
  readonly faster: boolean;
}

/**
 * Says in a few sentences what the comparisons with the base come to: which variant saves time without a loss, which is the
 * fastest and which the most accurate. Nothing where no comparison has accuracy.
 */
export function summarySentences(base: Base, others: readonly Beside[]): readonly string[] {
  const judged = others.flatMap(judge);
  if (judged.length === 0) return [];
  const fast = judged.filter(({ faster }) => faster).sort((a, b) => b.times! - a.times!);
  const lead =
    fast.find(({ accuracy }) => accuracy === "as" || accuracy === "more") ??
    fast.find(({ accuracy }) => accuracy === "unclear");
  const [fastest] = fast;
  const best = judged
    .filter(({ accuracy }) => accuracy === "more")
    .sort((a, b) => gainOf(b) - gainOf(a))
    .find((each) => each !== lead && each !== fastest);
  return [
    lead === undefined ? noneFaster(base.label, judged) : sentence(lead, base),
    ...(fastest === undefined || fastest === lead ? [] : [`The fastest: ${sentence(fastest, base)}`]),
    ...(best === undefined ? [] : [`The most accurate: ${sentence(best, base)}`]),
  ];
}

function judge(beside: Beside): readonly Judged[] {
  const { comparison, speedUp } = beside;
  const headlines = comparison.figures.filter(({ headline }) => headline);
  if (headlines.length === 0) return [];
  const { latency, verdict } = comparison;
  const tookTurns = latency?.measured === "interleaved" && latency.stages.some(({ stage }) => stage === "total");
  const accuracy = headlines.every(within) ? "as" : accuracies[verdict.outcome];
  const times = tookTurns ? speedUp : undefined;
  return [{ ...beside, accuracy, times, faster: verdict.speed === "faster" && times !== undefined }];
}

const accuracies: Readonly<Record<Comparison["verdict"]["outcome"], Accuracy>> = {
  better: "more",
  worse: "less",
  mixed: "mixed",
  "no difference": "unclear",
  "not judged": "unclear",
};

function within({ difference: { low, high }, unit }: FigureDifference): boolean {
  const margin = defaults.margin[unit];
  return low !== undefined && high !== undefined && low >= -margin && high <= margin;
}

/** Returns how much better a variant is on average over its headline figures, in margins of their units. */
function gainOf({ comparison: { figures } }: Judged): number {
  const headlines = figures.filter(({ headline }) => headline);
  const gains = headlines.map(({ better, difference, unit }) => {
    return ((better === "higher" ? 1 : -1) * difference.value) / defaults.margin[unit];
  });
  return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

function noneFaster(base: string, judged: readonly Judged[]): string {
  const alike = judged.filter(({ accuracy }) => accuracy === "as").map(({ label }) => label);
  const names = alike.length === 0 ? "" : ` As accurate as ${base}, within 1 point: ${alike.join(", ")}.`;
  if (judged.every(({ times }) => times === undefined))
    return `Speed is not compared with ${base}, because the variants did not take turns in one session.${names}`;
  return `No variant is shown to be faster than ${base} without a loss of accuracy.${names}`;
}

function sentence({ label, comparison, accuracy, times, faster }: Judged, { label: base, titles }: Base): string {
  const difference = differenceText(comparison, titles);
  const speed = speedText(times, faster ? "faster" : comparison.verdict.speed);
  const tell = comparison.images === 1 ? "1 image does not tell" : `${comparison.images} images do not tell`;
  switch (accuracy) {
    case "as":
      return `${label} is as accurate as ${base} (${difference})${and(speed)}.`;
    case "more":
    case "less":
      return `${label} is ${accuracy} accurate than ${base} (${difference})${and(speed)}.`;
    case "mixed":
      return `${label} is more accurate than ${base} by some prompts and less by others (${difference})${and(speed)}.`;
    case "unclear":
      return `${label} is ${speed === "" ? "measured" : `${speed} as ${base}`}; ${tell} whether it is as accurate (${difference}).`;
  }
}

function and(speed: string): string {
  return speed === "" ? "" : ` and ${speed}`;
}

function speedText(times: number | undefined, speed: Comparison["verdict"]["speed"]): string {
  if (times === undefined) return "";
  const noise = speed === "no difference" ? ", within noise," : "";
  return `${times.toFixed(2)} ×${noise} as fast`;
}

/**
 * Writes the differences with their unit: `difference 0.0 ±0.1 points of mIoU box`, and where there are several
 * `difference in points of mIoU: 0.0 ±0.1 by box, 0.6 ±1.1 by 1 point`; of two units, each says its own.
 */
function differenceText({ figures }: Comparison, titles: Base["titles"]): string {
  const headlines = figures.filter(({ headline }) => headline);
  const written = headlines.map(({ figure, prompts, difference, unit }) => {
    const id = figure.slice(0, -prompts.length - 1);
    return {
      text: unitText(difference, unit)
        .replaceAll("-", "−")
        .replace(/−(0\.0+)(?!\d)/, "$1"),
      sign: units[unit].differenceSign,
      title: titles.get(id) ?? id,
      by: promptsText(prompts),
    };
  });
  const [first, ...others] = written as [(typeof written)[number], ...typeof written];
  if (others.length === 0) return `difference ${first.text} ${first.sign} of ${first.title} ${first.by}`;
  if (others.every(({ title }) => title === first.title))
    return `difference in ${first.sign} of ${first.title}: ${written.map(({ text, by }) => `${text} by ${by}`).join(", ")}`;
  if (others.every(({ sign }) => sign === first.sign))
    return `difference in ${first.sign}: ${written.map(({ text, title, by }) => `${text} of ${title} ${by}`).join(", ")}`;
  return `difference: ${written.map(({ text, sign, title, by }) => `${text} ${sign} of ${title} ${by}`).join(", ")}`;
}
