import type { Interval } from "../../stats/intervals.ts";
import type { Candidate } from "./candidate.ts";
import { isUncertain } from "./limits.ts";
import type { Decision, Ranking } from "./ranking.ts";
import type { ChoiceTextOptions } from "./text.ts";

/** A candidate as `--json` prints it: fractions, ms and bytes; what was not measured is absent. */
interface CandidateJson {
  readonly run: string;
  readonly variant: string;
  readonly weights: string;
  readonly accuracy: Candidate["accuracy"];
  /** By the names of further prompts; absent where none is named. */
  readonly beside: Readonly<Record<string, Candidate["accuracy"]>> | undefined;
  readonly latencyMs: Interval | undefined;
  readonly memoryBytes: number | undefined;
}

/** Returns the value that `bench choose --json` prints. */
export function choiceJson({ fitting, missing }: Ranking, { limits, headline, beside, unranked }: ChoiceTextOptions) {
  const all = [...fitting, ...missing].map(({ candidate }) => candidate);
  const { dataset, images, conditions } = all[0]!.report;
  return {
    dataset,
    images: images.planned,
    conditions,
    limits,
    accuracy: headline && { prompts: headline.prompts, protocol: headline.protocol, figure: headline.id },
    fitting: fitting.map(({ candidate, decision }, i) => ({
      ...candidateJson(candidate, beside),
      rank: i + 1,
      uncertain: isUncertain(candidate, limits),
      decision: decision && decisionJson(decision),
    })),
    missing: missing.map(({ candidate, excesses }) => ({
      ...candidateJson(candidate, beside),
      excesses: excesses.map(({ limit, allowed, found }) => ({ limit, allowed, found })),
    })),
    unranked,
  };
}

function candidateJson(
  { report, accuracy, beside: scores, latency, memoryBytes }: Candidate,
  beside: ChoiceTextOptions["beside"],
): CandidateJson {
  return {
    run: report.id,
    variant: report.variant,
    weights: report.weights,
    accuracy,
    beside: beside.length === 0 ? undefined : Object.fromEntries(beside.map(({ prompts }, i) => [prompts, scores[i]])),
    latencyMs: latency,
    memoryBytes,
  };
}

function decisionJson({ against, by, outcome, difference, latency, speed }: Decision) {
  return {
    against: against.report.id,
    by,
    outcome,
    difference: difference?.difference,
    adjustedP: difference?.adjustedP,
    latencyRatio: latency?.ratio,
    speed,
  };
}
