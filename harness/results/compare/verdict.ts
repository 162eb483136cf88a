import { units } from "../../metrics/index.ts";
import type { Interval } from "../../stats/intervals.ts";
import type { FigureDifference } from "./differences.ts";
import type { LatencyComparison, LatencyDifference } from "./latency.ts";
import { change, changeRange, detectableText, differenceRange, differenceText, milliseconds, pValue } from "./words.ts";

const defaults = {
  significance: 0.05,
};

type Judgement = "better" | "worse" | "no difference";
type Outcome = Judgement | "mixed" | "not judged";

/** Verdict on the figures, in words. */
export interface Verdict {
  /** Judgement of the accuracy; `not judged` where there is none to judge. */
  readonly outcome: Outcome;
  /** Judgement of encode and decode together; absent where the runs did not take turns. */
  readonly speed?: "faster" | "slower" | "no difference";
  /** Whole sentences, the outcome first. */
  readonly sentences: readonly string[];
}

interface VerdictInput {
  readonly figures: readonly FigureDifference[];
  readonly latency?: LatencyComparison | undefined;
  readonly names: { readonly a: string; readonly b: string };
}

export function verdictOf({ figures, latency, names }: VerdictInput): Verdict {
  const judged = figures.filter(({ headline, adjustedP }) => headline && adjustedP !== undefined);
  const outcome = outcomeOf(judged.map(judge));
  const total = latency?.measured === "interleaved" ? latency.stages.find(({ stage }) => stage === "total") : undefined;
  const speed = total === undefined ? undefined : judgeSpeed(total);
  return {
    outcome,
    speed,
    sentences: [outcomeSentence(outcome, names), ...judged.map(figureSentence), ...latencySentences(latency, names)],
  };
}

/** Judges a figure: it differs only beyond chance, with all figures that are judged together taken into account. */
function judge({ adjustedP, difference, better }: FigureDifference): Judgement {
  if (adjustedP === undefined || adjustedP >= defaults.significance) return "no difference";
  return difference.value > 0 === (better === "higher") ? "better" : "worse";
}

/** Judges latency: it differs only beyond chance, and beyond what A differs from itself. */
function judgeSpeed({ ratio, noise = 0 }: LatencyDifference): NonNullable<Verdict["speed"]> {
  if (!excludes(ratio, 1) || Math.abs(ratio.value - 1) <= noise) return "no difference";
  return ratio.value > 1 ? "slower" : "faster";
}

function excludes({ low, high }: Interval, value: number): boolean {
  return low !== undefined && high !== undefined && (low > value || high < value);
}

function outcomeOf(judgements: readonly Judgement[]): Outcome {
  if (judgements.length === 0) return "not judged";
  const better = judgements.includes("better");
  const worse = judgements.includes("worse");
  if (better && worse) return "mixed";
  return better ? "better" : worse ? "worse" : "no difference";
}

function outcomeSentence(outcome: Outcome, { a, b }: VerdictInput["names"]): string {
  switch (outcome) {
    case "better":
    case "worse":
      return `${outcome}: ${b} is ${outcome} than ${a}.`;
    case "mixed":
      return `mixed: ${b} is better than ${a} by some prompts and worse by others.`;
    case "no difference":
      return `no difference: none was shown between ${b} and ${a}.`;
    case "not judged":
      return `not judged: ${a} and ${b} share no accuracy figure with enough images.`;
  }
}

function figureSentence(figure: FigureDifference): string {
  const { difference, adjustedP, detectable, a, b, unit } = figure;
  const sign = units[unit].differenceSign;
  const interval = `95 % interval ${differenceRange(difference, unit)}, p ${pValue(adjustedP!)}`;
  const found = judge(figure);
  const size = `${differenceText(difference.value, unit)} ${sign}`;
  if (found !== "no difference") return `${figure.figure}: ${found}, ${size} (${interval}).`;
  if (a.value === b.value && difference.low === 0 && difference.high === 0)
    return `${figure.figure}: the same on every image.`;
  const least = detectable === undefined ? "" : `; one of ${detectableText(detectable, unit)} would have shown`;
  return `${figure.figure}: no difference shown, ${size} (${interval})${least}.`;
}

function latencySentences(latency: LatencyComparison | undefined, names: VerdictInput["names"]): string[] {
  if (latency === undefined) return [];
  if (latency.measured === "apart")
    return [
      "latency: not judged, the two were measured in two sessions, so heat and other load are in the difference; --rounds 20 measures both by turns.",
    ];
  return latency.stages
    .filter(({ stage }) => stage === "encode" || stage === "decode")
    .flatMap((each) => {
      const speed = judgeSpeed(each);
      const noise =
        each.noise === undefined
          ? ""
          : `; two measurements of ${names.a} lie up to ${(100 * each.noise).toFixed(1)} % apart`;
      const words = speed === "no difference" ? "no difference shown" : speed;
      return [
        `${each.stage}: ${words}, ${change(each.ratio.value)} % (95 % interval ${changeRange(each.ratio)}${noise}).`,
        ...modeSentences(each, names),
      ];
    });
}

function modeSentences({ stage, modes = {} }: LatencyDifference, names: VerdictInput["names"]): string[] {
  return (["a", "b"] as const).flatMap((side) => {
    const found = modes[side];
    if (found === undefined) return [];
    const { low, high, lowShare } = found;
    const shares = `${(100 * lowShare).toFixed(0)} % near ${milliseconds(low)} ms, the others near ${milliseconds(high)} ms`;
    return [
      `${stage} of ${names[side]}: its samples are of two kinds, ${shares}, so its median jumps with their shares; look for what runs beside it, and measure again with more --rounds.`,
    ];
  });
}
