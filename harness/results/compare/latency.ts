import type { Interval } from "../../stats/intervals.ts";
import { type TwoModes, twoModes } from "../../stats/modes.ts";
import { chanceRatio, ratioOfMedians, type SamplePair } from "../../stats/ratio.ts";
import { median } from "../../stats/summary.ts";
import type { LatencyTurn } from "../../store/latency.ts";
import { type Stage, stages } from "../report/times.ts";

type ComparedStage = Stage | "total";

/** Latency of a stage on both sides; `total` is encode and decode. */
export interface LatencyDifference {
  readonly stage: ComparedStage;
  /** Medians in ms; where the runs took turns, over the rounds that both have. */
  readonly aMs: number;
  readonly bMs: number;
  /** Ratio of bMs to aMs with its 95 % interval: rounds of runs that took turns are drawn with both their sides. */
  readonly ratio: Interval;
  /** Present where a side's samples are of two kinds, so that its median is the one of the more frequent kind. */
  readonly modes?: { readonly a?: TwoModes; readonly b?: TwoModes };
  /** Noise floor: two measurements of A lie further apart than this share in 5 % of tries. */
  readonly noise?: number;
  readonly rounds: number;
}

export interface LatencyComparison {
  /** `interleaved`: both took turns in one session, so heat and other load fell on both alike. */
  readonly measured: "interleaved" | "apart";
  /** `again`: A took two turns in each round. `resampled`: the noise follows from the spread of A's own samples. */
  readonly noiseFrom: "again" | "resampled";
  readonly stages: readonly LatencyDifference[];
}

export interface LatencyTurns {
  readonly a: readonly LatencyTurn[];
  readonly b: readonly LatencyTurn[];
  /** Turns of A once more, in a process of its own: any difference from A is noise. */
  readonly again?: readonly LatencyTurn[];
}

/** Compares latency stage by stage. Nothing where one side has no samples. */
export function latencyComparison({ a, b, again }: LatencyTurns, seed: number): LatencyComparison | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  const together = tookTurns(a, b);
  return {
    measured: together ? "interleaved" : "apart",
    noiseFrom: again === undefined ? "resampled" : "again",
    stages: ([...stages, "total"] as const).flatMap((stage) => {
      const pair = pairOf(samplesOf(a, stage), samplesOf(b, stage), together);
      // A decoder that gives masks has nothing to upscale.
      if (pair.a.length === 0 || pair.b.length === 0 || median(pair.a) === 0 || median(pair.b) === 0) return [];
      const noise =
        again === undefined
          ? chanceRatio(pair.a, seed)
          : noiseOf(pairOf(samplesOf(a, stage), samplesOf(again, stage), true), seed);
      return [differenceOf(stage, pair, { noise, seed })];
    }),
  };
}

function pairOf(x: ReadonlyMap<number, number>, y: ReadonlyMap<number, number>, together: boolean): SamplePair {
  if (!together) return { a: [...x.values()], b: [...y.values()], paired: false };
  const rounds = [...x.keys()].filter((round) => y.has(round));
  return { a: rounds.map((round) => x.get(round)!), b: rounds.map((round) => y.get(round)!), paired: true };
}

function differenceOf(
  stage: ComparedStage,
  pair: SamplePair,
  { noise, seed }: { readonly noise: number | undefined; readonly seed: number },
): LatencyDifference {
  const modes = { a: twoModes(pair.a), b: twoModes(pair.b) };
  return {
    stage,
    aMs: median(pair.a),
    bMs: median(pair.b),
    ratio: ratioOfMedians(pair, seed),
    rounds: Math.min(pair.a.length, pair.b.length),
    noise,
    modes: modes.a === undefined && modes.b === undefined ? undefined : modes,
  };
}

/** Tells whether all turns of both are of one session. Turns that were stored without the name of a session are of none. */
function tookTurns(a: readonly LatencyTurn[], b: readonly LatencyTurn[]): boolean {
  const [first] = a;
  return first?.session !== undefined && [...a, ...b].every(({ session }) => session === first.session);
}

/** Returns ms by round; the median where a turn has several samples. */
function samplesOf(turns: readonly LatencyTurn[], stage: ComparedStage): ReadonlyMap<number, number> {
  return new Map(
    turns.flatMap((turn) => {
      const of = { prepare: turn.prepareMs, encode: turn.encodeMs, decode: turn.decodeMs, upscale: turn.upscaleMs };
      const parts = stage === "total" ? [of.encode, of.decode] : [of[stage]];
      if (parts.some((samples) => samples.length === 0)) return [];
      return [[turn.round, parts.reduce((sum, samples) => sum + median(samples), 0)] as const];
    }),
  );
}

function noiseOf(pair: SamplePair, seed: number): number | undefined {
  const { low, high } = ratioOfMedians(pair, seed);
  return low === undefined || high === undefined ? undefined : Math.max(Math.abs(low - 1), Math.abs(high - 1));
}
