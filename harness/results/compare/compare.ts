import type { Category, Metric, MetricContext } from "../../api.ts";
import { miou } from "../../metrics/index.ts";
import type { Judgement } from "../../protocols/index.ts";
import { holm } from "../../stats/permutation.ts";
import { rowName } from "../../store/rowName.ts";
import type { Manifest } from "../../store/schema.ts";
import { conditionsOf, differingConditions } from "../report/conditions.ts";
import { type Agreement, type AgreementRules, agreementOf } from "./agreement/agreement.ts";
import { type Breakdown, categoryBreakdown } from "./breakdown.ts";
import { begunDifferences, type FigureDifference, figureDifferences } from "./differences.ts";
import { type LatencyComparison, type LatencyTurns, latencyComparison } from "./latency.ts";
import { type Side, sharedRows } from "./side.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** One run as a comparison names it. */
export interface ComparedRun {
  readonly id: string;
  readonly variant: string;
  readonly weights: string;
  /** Licence that restricts the use of the weights that the variant's authors publish. */
  readonly weightsLicence?: Manifest["weights"]["licence"];
}

/** Tells how B differs from A, in figures and in words. */
export interface Comparison {
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  readonly dataset: string;
  readonly images: number;
  /** How far the two gave the same masks; absent where they share no masks, or where nobody asks. */
  readonly agreement?: Agreement | undefined;
  readonly figures: readonly FigureDifference[];
  readonly latency?: LatencyComparison;
  readonly categories: readonly Breakdown[];
  readonly verdict: Verdict;
  /** Whole sentences: what is not compared, and why. */
  readonly notes: readonly string[];
}

export interface CompareOptions {
  readonly metrics: readonly Metric[];
  /** Figures that sides are judged by, by protocol id. */
  readonly judged: Readonly<Record<string, Judgement>>;
  readonly seed: number;
  readonly draws?: number;
  /** Rules by which masks are compared with each other; without them they are not, and rows need no masks. */
  readonly agreement?: Omit<AgreementRules, "categories"> | undefined;
  /** Annotations to score against, where they are at hand. */
  readonly dataset?: NonNullable<MetricContext["dataset"]>;
  /** Latency that was measured anew, in place of the runs' own samples. */
  readonly latency?: ReadonlyMap<Side, LatencyTurns>;
}

/**
 * Compares each of the others with the first. The protocols' headline figures of all comparisons are judged together, and
 * so are all other figures: Holm's correction is made within each of the two.
 */
export function compareRuns(a: Side, others: readonly Side[], options: CompareOptions): readonly Comparison[] {
  const found = others.map((b) => differencesOf(a, b, options));
  const adjusted = adjust(found.flatMap(({ figures }) => figures));
  return found.map((each, i) => {
    const figures = each.figures.map((figure) => adjusted.get(figure)!);
    const b = others[i]!;
    return { ...each, figures, verdict: verdictOf({ figures, latency: each.latency, names: namesOf(a, b) }) };
  });
}

function differencesOf(a: Side, b: Side, options: CompareOptions): Omit<Comparison, "verdict"> {
  const { prompts, notes } = sharedRows(a, b);
  const categories: readonly Category[] = options.dataset?.categories ?? [];
  const turns = options.latency?.get(b) ?? { a: a.turns, b: b.turns };
  const apart = options.latency?.has(b) ? undefined : otherConditions(a, b);
  const latency = apart === undefined ? latencyComparison(turns, options.seed) : undefined;
  // Its exchanges go on in another thread while masks are compared.
  const [first, ...rest] = prompts;
  const begun = first === undefined ? () => [] : begunDifferences(first, options);
  return {
    a: runOf(a),
    b: runOf(b),
    dataset: a.manifest.dataset.id,
    images: prompts[0]?.images.length ?? 0,
    agreement: options.agreement && agreementOf(a, b, { ...options.agreement, categories }),
    figures: [...begun(), ...rest.flatMap((each) => figureDifferences(each, options))],
    latency,
    categories: prompts.flatMap((each) => {
      // Categories have a mean IoU of one row a target.
      const averaged = options.judged[each.protocol]?.headline === miou.headline;
      return (averaged ? categoryBreakdown(each, { seed: options.seed, categories }) : undefined) ?? [];
    }),
    notes: [...notes, ...(apart === undefined ? [] : [apart])],
  };
}

/**
 * Returns a note where latencies can not be compared: those of two machines, or of one and of two threads, do not tell
 * variants apart.
 */
function otherConditions(a: Side, b: Side): string | undefined {
  const differing = differingConditions(conditionsOf(a.manifest), conditionsOf(b.manifest));
  if (differing.length === 0 || a.turns.length === 0 || b.turns.length === 0) return undefined;
  return `latency: not compared, the two runs differ in ${differing.join(", ")}; --rounds 20 measures both here by turns`;
}

function adjust(figures: readonly FigureDifference[]): ReadonlyMap<FigureDifference, FigureDifference> {
  const families = [figures.filter(({ headline }) => headline), figures.filter(({ headline }) => !headline)];
  return new Map(
    families.flatMap((family) => {
      const tested = family.filter(({ p }) => p !== undefined);
      const adjusted = holm(tested.map(({ p }) => p!));
      const byFigure = new Map(tested.map((each, i) => [each, adjusted[i]!]));
      return family.map((each): [FigureDifference, FigureDifference] => {
        const adjustedP = byFigure.get(each);
        return [each, adjustedP === undefined ? each : { ...each, adjustedP }];
      });
    }),
  );
}

function runOf({ manifest }: Side): ComparedRun {
  const { id, weights } = manifest;
  return { id, variant: rowName(manifest), weights: weights.label, weightsLicence: weights.licence };
}

/** Names the sides by variant where that tells them apart, else by letter. */
function namesOf(a: Side, b: Side): { readonly a: string; readonly b: string } {
  const own = rowName(a.manifest);
  const other = rowName(b.manifest);
  return own === other ? { a: "A", b: "B" } : { a: own, b: other };
}
