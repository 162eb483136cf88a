import type { Side } from "../../results/compare/side.ts";
import type { Headline } from "../../results/headline.ts";
import { figureIn, type RunReport, type Score } from "../../results/report.ts";
import type { Interval } from "../../stats/intervals.ts";
import { sumOfMedians } from "../../stats/medians.ts";
import { largest } from "../../stats/summary.ts";

/** A measured model that may be chosen: its figures are those of the table. */
export interface Candidate {
  readonly report: RunReport;
  /** The rows and turns that pairs of candidates are compared by. */
  readonly side: Side;
  /** ms of encode and decode together; absent where latency was not measured. */
  readonly latency?: Interval | undefined;
  /** Peak bytes of a process that holds the model and one photo. */
  readonly memoryBytes?: number | undefined;
  /** Absent where there are no masks, and for seeded weights. */
  readonly accuracy?: Score | undefined;
  /** Accuracy by further prompts, in their order: it ranks nothing. */
  readonly beside: readonly (Score | undefined)[];
}

/** What accuracy is ranked by, absent where no run has accuracy, and what stands beside it. */
interface Ranked {
  readonly headline: Headline | undefined;
  readonly beside: readonly Headline[];
}

/** Returns a run as a candidate. */
export function candidateOf(report: RunReport, side: Side, { headline, beside }: Ranked): Candidate {
  const { modelMemory, prompts, conditions } = report;
  const rounds = side.turns.map(({ encodeMs, decodeMs }) => [encodeMs, decodeMs]);
  return {
    report,
    side,
    latency: sumOfMedians(rounds, conditions.seed),
    memoryBytes: modelMemory === undefined ? undefined : largest(Object.values(modelMemory)),
    accuracy: headline && figureIn(prompts[headline.prompts], headline.protocol, headline.id),
    beside: beside.map((each) => figureIn(prompts[each.prompts], each.protocol, each.id)),
  };
}
