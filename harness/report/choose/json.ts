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
  readonly latencyMs: Interval | undefined;
  readonly memoryBytes: number | undefined;
}

/** Returns the value that `bench choose --json` prints. */
export function choiceJson({ fitting, missing }: Ranking, { limits, headline, unranked }: ChoiceTextOptions) {
  const all = [...fitting, ...missing].map(({ candidate }) => candidate);
  const { dataset, images, conditions } = all[0]!.report;
  return {
    dataset,
    images: images.planned,
    conditions,
    limits,
    accuracy: headline && { prompts: headline.prompts, protocol: headline.protocol, figure: headline.id },
    fitting: fitting.map(({ candidate, decision }, i) => ({
      ...candidateJson(candidate),
      rank: i + 1,
      uncertain: isUncertain(candidate, limits),
      decision: decision && decisionJson(decision),
    })),
    missing: missing.map(({ candidate, excesses }) => ({
      ...candidateJson(candidate),
      excesses: excesses.map(({ limit, allowed, found }) => ({ limit, allowed, found })),
    })),
    unranked,
  };
}

function candidateJson({ report, accuracy, latency, memoryBytes }: Candidate): CandidateJson {
  return {
    run: report.id,
    variant: report.variant,
    weights: report.weights,
    accuracy,
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
