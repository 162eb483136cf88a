import type { Metric } from "../../api.ts";
import { type CompareOptions, compareRuns } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import type { LatencyDifference } from "../../results/compare/latency.ts";
import type { Verdict } from "../../results/compare/verdict.ts";
import type { Candidate } from "./candidate.ts";
import { type Excess, excessesOf, type Limits } from "./limits.ts";

/** Why a candidate has its place: what it was compared with, and what came of it. */
export interface Decision {
  readonly against: Candidate;
  /** `worse` puts a candidate behind; of those that are alike in accuracy, or in speed, the next figure decides. */
  readonly by: "accuracy" | "latency";
  readonly outcome: "alike" | "worse";
  readonly difference?: FigureDifference | undefined;
  readonly latency?: LatencyDifference | undefined;
  readonly speed: Verdict["speed"];
}

export interface Ranked {
  readonly candidate: Candidate;
  /** Absent for the first of all. */
  readonly decision?: Decision | undefined;
}

export interface Miss {
  readonly candidate: Candidate;
  readonly excesses: readonly Excess[];
}

export interface Ranking {
  /** What keeps to the limits, the best first. */
  readonly fitting: readonly Ranked[];
  /** What does not, the nearest first. */
  readonly missing: readonly Miss[];
}

interface RankingOptions {
  readonly limits: Limits;
  /** Says which accuracy is the better one; absent where there is none. */
  readonly better?: Metric["better"] | undefined;
  readonly compare: CompareOptions;
}

/**
 * Ranks candidates. The most accurate is compared with each other one, paired by target as `bench compare` does; those that are
 * not shown to be worse are as accurate, and of these the fastest is first. The others follow in the same way. Candidates of
 * unknown accuracy come last, by latency; of those that are alike in speed the one with the least memory is first.
 */
export function rankCandidates(
  candidates: readonly Candidate[],
  { limits, better = "higher", compare }: RankingOptions,
): Ranking {
  const judged = candidates.map((candidate) => ({ candidate, excesses: excessesOf(candidate, limits) }));
  const fitting = judged.filter(({ excesses }) => excesses.length === 0).map(({ candidate }) => candidate);
  const missing = judged.filter(({ excesses }) => excesses.length > 0);
  const known = fitting.filter(({ accuracy }) => accuracy !== undefined);
  const unknown = fitting.filter(({ accuracy }) => accuracy === undefined);
  return {
    fitting: [...tiers(known, byAccuracy(better), compare), ...tiers(unknown, bySpeed, compare)],
    missing: [...missing].sort((a, b) => worst(a) - worst(b)),
  };
}

function worst({ excesses }: Miss): number {
  return Math.max(...excesses.map(({ ratio }) => ratio));
}

/** How candidates are ranked: by a first figure as far as it tells them apart, then by a second. */
interface Order {
  readonly by: Decision["by"];
  /** Sorts the best first. */
  first(a: Candidate, b: Candidate): number;
  second(a: Candidate, b: Candidate): number;
  isWorse(verdict: Verdict): boolean;
}

const unmeasured = Number.POSITIVE_INFINITY;
const latencyOf = ({ latency }: Candidate) => latency?.value ?? unmeasured;
const memoryOf = ({ memoryBytes }: Candidate) => memoryBytes ?? unmeasured;

function byAccuracy(better: Metric["better"]): Order {
  const sign = better === "higher" ? 1 : -1;
  return {
    by: "accuracy",
    first: (a, b) => sign * (b.accuracy!.value - a.accuracy!.value),
    second: (a, b) => compared(latencyOf(a), latencyOf(b)),
    isWorse: ({ outcome }) => outcome === "worse",
  };
}

const bySpeed: Order = {
  by: "latency",
  first: (a, b) => compared(latencyOf(a), latencyOf(b)),
  second: (a, b) => compared(memoryOf(a), memoryOf(b)),
  // Without turns in one session chance can not be told from a difference: the medians decide.
  isWorse: ({ speed }) => speed !== "no difference",
};

/** Compares without taking infinity from infinity. */
function compared(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Divides candidates into tiers whose members the first figure does not tell apart from its best, and sorts each by the second. */
function tiers(candidates: readonly Candidate[], order: Order, compare: CompareOptions): readonly Ranked[] {
  const ranked: Ranked[] = [];
  let left = [...candidates].sort((a, b) => order.first(a, b) || order.second(a, b));
  let behind: Decision | undefined;
  while (left.length > 0) {
    const [best, ...others] = left as [Candidate, ...Candidate[]];
    const decisions = decisionsOf(best, others, order, compare);
    const alike = decisions.filter(({ decision }) => decision.outcome === "alike");
    const tier = [{ candidate: best, decision: behind }, ...alike];
    ranked.push(...tier.sort((a, b) => order.second(a.candidate, b.candidate)));
    const worse = decisions.filter(({ decision }) => decision.outcome === "worse");
    left = worse.map(({ candidate }) => candidate);
    behind = worse[0]?.decision;
  }
  return ranked;
}

function decisionsOf(
  best: Candidate,
  others: readonly Candidate[],
  order: Order,
  compare: CompareOptions,
): readonly { readonly candidate: Candidate; readonly decision: Decision }[] {
  const comparisons = compareRuns(
    best.side,
    others.map(({ side }) => side),
    compare,
  );
  return others.map((candidate, i) => {
    const { verdict, figures, latency } = comparisons[i]!;
    const decision: Decision = {
      against: best,
      by: order.by,
      outcome: order.isWorse(verdict) ? "worse" : "alike",
      difference: figures.find(({ headline }) => headline),
      latency: latency?.stages.find(({ stage }) => stage === "total"),
      speed: verdict.speed,
    };
    return { candidate, decision };
  });
}
