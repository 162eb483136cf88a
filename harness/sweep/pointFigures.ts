import type { ScoreBook } from "../protocols/index.ts";
import { headlineOf } from "../results/headline.ts";
import { figureIn, type RunReport, type Score } from "../results/report.ts";
import type { Interval } from "../stats/intervals.ts";
import { ratioOfMedians } from "../stats/ratio.ts";
import { type LatencySummary, latencySummary } from "../stats/summary.ts";
import type { LatencyTurn } from "../store/latency.ts";
import type { SweepPoint } from "./points.ts";
import type { MeasuredPoint } from "./sweep.ts";

/** Figures of a point. Whatever was not measured is absent. */
export interface PointFigures extends SweepPoint {
  readonly run: string;
  readonly variant: string;
  readonly status: RunReport["status"];
  /** Reason why the point has no figures. */
  readonly problem?: string | undefined;
  /** Time of one call of the encoder, ms. */
  readonly encode?: LatencySummary | undefined;
  readonly imagesPerSecond?: LatencySummary | undefined;
  /** Time of one box prompt, ms. */
  readonly decode?: LatencySummary | undefined;
  /** Prompts of one call, and what they come to. */
  readonly promptsACall?: number | undefined;
  readonly promptsPerSecond?: LatencySummary | undefined;
  /** Largest peak of a process that holds the model alone. */
  readonly peakBytes?: number | undefined;
  /** The first prompts' headline figure; a point that gives the same masks as another has that one's. */
  readonly accuracy?: Score | undefined;
  /** Ratio of the sweep's rate to the first point's; the rounds of both are paired. */
  readonly change?: Interval | undefined;
  readonly warnings: RunReport["warnings"];
}

export type Rate = "images/s" | "prompts/s";

/** Each rate by the number of the round. */
type Rates = Readonly<Record<Rate, ReadonlyMap<number, number>>>;

/** Returns both rates by round. */
export function ratesOf(turns: readonly LatencyTurn[], { values }: SweepPoint): Rates {
  const images = Number(values.batch ?? 1);
  const perSecond = (count: number, ms: number) => (1000 * count) / ms;
  return {
    "images/s": new Map(turns.map(({ round, encodeMs }) => [round, perSecond(images, encodeMs[0]!)])),
    "prompts/s": new Map(
      turns.flatMap(({ round, batches = [] }) =>
        batches.map(({ prompts, durationMs }) => [round, perSecond(prompts, durationMs)] as const),
      ),
    ),
  };
}

/** Returns the figures of a point by itself. */
export function figuresOf(
  { run, values, label }: MeasuredPoint,
  report: RunReport,
  rates: Rates,
  book: ScoreBook,
): Omit<PointFigures, "change"> {
  const { manifest } = run;
  const { prompts, protocol, id } = headlineOf(manifest, undefined, book);
  const { modelMemory: memory } = report;
  return {
    values,
    label,
    run: run.id,
    variant: report.variant,
    status: report.status,
    problem: "message" in manifest.status ? manifest.status.message : undefined,
    encode: report.latency.encode,
    imagesPerSecond: latencySummary([...rates["images/s"].values()]),
    decode: report.latency.decode,
    promptsACall: report.batchPrompts,
    promptsPerSecond: latencySummary([...rates["prompts/s"].values()]),
    peakBytes: memory === undefined ? undefined : Math.max(memory.load, memory.encode, memory.decode),
    accuracy: figureIn(report.prompts[prompts], protocol, id),
    warnings: report.warnings,
  };
}

/** Returns the ratio of a point's rate to the first point's, over the rounds that both have. */
export function changeOf(
  first: Rates,
  own: Rates,
  { rate, seed }: { readonly rate: Rate; readonly seed: number },
): Interval | undefined {
  const rounds = [...first[rate].keys()].filter((round) => own[rate].has(round));
  if (rounds.length === 0) return undefined;
  const samples = (rates: Rates) => rounds.map((round) => rates[rate].get(round)!);
  return ratioOfMedians({ a: samples(first), b: samples(own), paired: true }, seed);
}
