import { bootstrapInterval, type Interval } from "../../stats/bootstrap.ts";
import { integer, random } from "../../stats/random.ts";
import { median, quantile } from "../../stats/summary.ts";
import type { LatencyTurn } from "../../store/schema.ts";
import { type Stage, stages } from "../score.ts";

const defaults = { draws: 1000 };

export type ComparedStage = Stage | "total";

/** Latency of a stage on both sides; total is encode and decode. */
export interface LatencyDifference {
  readonly stage: ComparedStage;
  /** Medians, ms. */
  readonly aMs: number;
  readonly bMs: number;
  /** B over A with its 95 % interval: the median over rounds where both took turns, else the ratio of the medians. */
  readonly ratio: Interval;
  /** How far two measurements of A lie apart, as a share: the noise floor, exceeded in 5 % of tries. */
  readonly noise?: number;
  readonly rounds: number;
}

export interface LatencyComparison {
  /** `interleaved`: both took turns in the same rounds, so that heat and other load fell on both alike. */
  readonly measured: "interleaved" | "apart";
  /** `again`: A took two turns a round. `resampled`: from the spread of A's own samples. */
  readonly noiseFrom: "again" | "resampled";
  readonly stages: readonly LatencyDifference[];
}

export interface LatencyTurns {
  readonly a: readonly LatencyTurn[];
  readonly b: readonly LatencyTurn[];
  /** A once more, in a process of its own: what it differs by is noise. */
  readonly again?: readonly LatencyTurn[];
}

/** Nothing where one side has no samples. */
export function latencyComparison({ a, b, again }: LatencyTurns, seed: number): LatencyComparison | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  const together = tookTurns(a, b);
  return {
    measured: together ? "interleaved" : "apart",
    noiseFrom: again === undefined ? "resampled" : "again",
    stages: ([...stages, "total"] as const).flatMap((stage) => {
      const [x, y] = [samplesOf(a, stage), samplesOf(b, stage)];
      // A decoder that gives masks has nothing to upscale.
      if (x.size === 0 || y.size === 0 || median([...x.values()]) === 0 || median([...y.values()]) === 0) return [];
      const ratio = together ? pairedRatio(x, y, seed) : ratioApart(x, y, seed);
      const noise =
        again === undefined ? resampledNoise([...x.values()], seed) : noiseOf(x, samplesOf(again, stage), seed);
      return [
        {
          ...{
            stage,
            aMs: median([...x.values()]),
            bMs: median([...y.values()]),
            ratio,
            rounds: Math.min(x.size, y.size),
          },
          ...(noise === undefined ? {} : { noise }),
        },
      ];
    }),
  };
}

/** In every round of either both have a turn, never in the same place: two runs that were measured apart share places. */
function tookTurns(a: readonly LatencyTurn[], b: readonly LatencyTurn[]): boolean {
  const inB = new Map(b.map(({ round, turn }) => [round, turn]));
  return a.length === b.length && a.every(({ round, turn }) => inB.has(round) && inB.get(round) !== turn);
}

/** Round → ms; the median where a turn has several samples. */
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

/** Rounds are drawn as images are elsewhere: with replacement, both sides of a round together. */
function pairedRatio(x: ReadonlyMap<number, number>, y: ReadonlyMap<number, number>, seed: number): Interval {
  const ratios = new Map([...x].flatMap(([round, ms]) => (y.has(round) ? [[round, y.get(round)! / ms] as const] : [])));
  const ratioAt = ({ images, counts }: { readonly images: readonly number[]; readonly counts: Uint32Array }) =>
    median(images.flatMap((round, i) => new Array<number>(counts[i]!).fill(ratios.get(round)!)));
  return bootstrapInterval(ratioAt, ratios.keys(), { seed })!;
}

function ratioApart(x: ReadonlyMap<number, number>, y: ReadonlyMap<number, number>, seed: number): Interval {
  const value = median([...y.values()]) / median([...x.values()]);
  if (x.size < 2 || y.size < 2) return { value };
  const drawn = resampled([...x.values()], [...y.values()], seed);
  return { value, low: quantile(drawn, 0.025), high: quantile(drawn, 0.975) };
}

function noiseOf(x: ReadonlyMap<number, number>, again: ReadonlyMap<number, number>, seed: number): number | undefined {
  const { low, high } = pairedRatio(x, again, seed);
  return low === undefined || high === undefined ? undefined : Math.max(Math.abs(low - 1), Math.abs(high - 1));
}

/** Two draws of as many samples as there are, over and over: what chance alone puts between their medians. */
function resampledNoise(samples: readonly number[], seed: number): number | undefined {
  if (samples.length < 2) return undefined;
  const apart = resampled(samples, samples, seed).map((ratio) => Math.abs(ratio - 1));
  return quantile(apart, 0.95);
}

function resampled(x: readonly number[], y: readonly number[], seed: number): number[] {
  return Array.from({ length: defaults.draws }, (_, draw) => {
    const stream = random(seed, "latency difference", draw);
    const medianOf = (samples: readonly number[]) =>
      median(samples.map(() => samples[integer(stream, samples.length)]!));
    return medianOf(y) / medianOf(x);
  });
}
