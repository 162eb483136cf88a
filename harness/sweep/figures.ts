import type { Metric } from "../api.ts";
import type { ScoreBook } from "../protocols/index.ts";
import { headlineOf } from "../results/headline.ts";
import { type RunReport, reportOf } from "../results/report.ts";
import type { LatencyTurn } from "../store/latency.ts";
import { type Axis, kindOf } from "./axes.ts";
import { type Knee, kneesOf } from "./knees.ts";
import { changeOf, figuresOf, type PointFigures, type Rate, ratesOf } from "./pointFigures.ts";
import type { SweepPoint } from "./points.ts";
import type { SweepOutcome } from "./sweep.ts";

export interface SweepFigures {
  readonly id: string;
  readonly variant: string;
  readonly axes: readonly Axis[];
  /** The rate that `change` and the chart are about. */
  readonly rate: Rate;
  /** Title of the accuracy and the prompts that it is about, such as mIoU and box. */
  readonly accuracy?: { readonly title: string; readonly prompts: string; readonly unit: Metric["unit"] } | undefined;
  readonly points: readonly PointFigures[];
  readonly knees: readonly Knee[];
  /** Says what a reader must know of the points, each once. */
  readonly notes: readonly string[];
}

export interface FiguresOptions {
  readonly book: ScoreBook;
  readonly plugins: readonly string[];
  readonly seed: number;
}

/** Computes the figures of a sweep from its stored runs. */
export async function sweepFigures(
  { id, points, trainedSide }: SweepOutcome,
  axes: readonly Axis[],
  options: FiguresOptions,
): Promise<SweepFigures> {
  const rate: Rate = axes[0]!.name === "prompts" ? "prompts/s" : "images/s";
  const reports: RunReport[] = [];
  const turns: (readonly LatencyTurn[])[] = [];
  // One after the other: the rows of one run are in memory at a time.
  for (const { run } of points) {
    reports.push(await reportOf(run, options));
    turns.push(await run.latency());
  }
  const rates = points.map((point, i) => ratesOf(turns[i]!, point));
  const own = points.map((point, i) => ({
    ...figuresOf(point, reports[i]!, rates[i]!, options.book),
    change: i === 0 ? undefined : changeOf(rates[0]!, rates[i]!, { rate, seed: options.seed }),
  }));
  const figures = own.map((point) => ({ ...point, accuracy: point.accuracy ?? sameMasks(point, own, axes)?.accuracy }));
  const { prompts, title, metric } = headlineOf(points[0]!.run.manifest, undefined, options.book);
  const knees = kneesOf(figures, axes).filter(({ gain }) => gain !== "accuracy" || metric.better === "higher");
  return {
    id,
    variant: reports[0]!.variant,
    axes,
    rate,
    accuracy: figures.some(({ accuracy }) => accuracy !== undefined)
      ? { title, prompts, unit: metric.unit }
      : undefined,
    points: figures,
    // Of an unfinished sweep nobody knows where its curves go.
    knees: figures.every(({ status }) => status === "done") ? knees : [],
    notes: [...sideNotes(axes, trainedSide), ...notesOf(reports, turns)],
  };
}

/** Returns the point that has a point's accuracy: the same values on all axes that change masks. */
function sameMasks<Point extends Pick<PointFigures, "values" | "accuracy">>(
  { values }: SweepPoint,
  points: readonly Point[],
  axes: readonly Axis[],
): Point | undefined {
  const changing = axes.filter((axis) => kindOf(axis).accuracy === "changes");
  return points.find(
    (other) => other.accuracy !== undefined && changing.every(({ name }) => other.values[name] === values[name]),
  );
}

function sideNotes(axes: readonly Axis[], trained: number): readonly string[] {
  if (axes.every(({ name }) => name !== "side")) return [];
  return [
    `the model was trained for ${trained} px: at any other side what it learnt of places is resized, and nobody trained it for that`,
  ];
}

function notesOf(reports: readonly RunReport[], turns: readonly (readonly LatencyTurn[])[]): readonly string[] {
  const sessions = new Set(turns.flatMap((each) => each.map(({ session }) => session)));
  const apart = "latencies are of several sessions: points were measured apart, and other load may fall on one alone";
  const warned = reports.map(({ warnings }) => warnings);
  const timing = warned.filter((warnings) => warnings.some(isOfTiming)).length;
  const unsure = `latencies of ${timing} of ${reports.length} points are unsure, for other work, drift or few rounds: --json has the reasons; more --rounds, on a quiet machine, measure all of them again`;
  const others = warned.flatMap((warnings) =>
    warnings.filter(({ ask }) => !toldElsewhere.has(ask)).map(({ text }) => text),
  );
  return [...(sessions.size > 1 ? [apart] : []), ...(timing > 0 ? [unsure] : []), ...new Set(others)];
}

const ofTiming: ReadonlySet<string | undefined> = new Set(["quiet", "rest", "rounds", "warmup", "clock"]);
/** A point that is not finished says so in its own line. */
const toldElsewhere: ReadonlySet<string | undefined> = new Set([...ofTiming, "resume"]);

function isOfTiming({ ask }: RunReport["warnings"][number]): boolean {
  return ofTiming.has(ask);
}
