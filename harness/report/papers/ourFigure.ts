import type { RunReport } from "../../results/report.ts";
import { providerParts, rowNameParts } from "../../store/rowName.ts";
import { speedUp } from "../table/columns/columns.ts";
import { type Measured, measuredOf, type Nature, natureOf, publishedFigure } from "./measured.ts";
import type { Measure } from "./paper.ts";
import { type EvaluationSets, evaluationSets, extentOf } from "./sets.ts";

/** Variant that speed-ups of papers are over. */
const baseVariant = "sam-vit-h";

/** Figure of one of our runs, to stand beside a published value. */
export interface OurFigure extends Measured {
  /** Id of the run. */
  readonly run: string;
  readonly nature: Nature;
  /** Number of images that ran to their end. It is absent, as `extent` is, where the figure does not depend on images. */
  readonly images?: number;
  /** Tells whether those are all images of the paper's set. */
  readonly extent?: "whole" | "part";
}

interface FigureContext {
  readonly reports: readonly RunReport[];
  readonly unit: string | undefined;
  /** Detector whose boxes the runs were prompted with. The user says so, because runs do not record it. */
  readonly detector?: string;
  /** Sets of images that measures name; those of papers without it. */
  readonly sets?: EvaluationSets;
}

/**
 * Returns the figure of the run that fits best: a run on all images comes before one on a part, then a finished run before
 * others, then the newest.
 */
export function ourFigure(variant: string, measure: Measure, context: FigureContext): OurFigure | undefined {
  if (measure.detector !== undefined && measure.detector !== context.detector) return undefined;
  const nature = natureOf(measure);
  const found = context.reports
    .filter((report) => standsFor(report, variant))
    .flatMap((report) => {
      const images = nature === "images" ? imagesOf(report, measure, context) : {};
      const measured = images && measuredOf(report, measure, { unit: context.unit, base: baseOf(report, context) });
      return measured === undefined ? [] : [{ report, figure: { ...measured, run: report.id, nature, ...images } }];
    });
  return found.sort((a, b) => compare(rank(b), rank(a)))[0]?.figure;
}

/** Tells whether a row is of the paper's model: a checkpoint with a name of its own is that only if it is its authors' file. */
function standsFor({ variant: name, weights }: RunReport, variant: string): boolean {
  const { row } = providerParts(name);
  return row === variant || (weights === "published" && rowNameParts(row)?.variant === variant);
}

/** Returns the number of images and whether they are all of the paper's; nothing where the run is on another set. */
function imagesOf(
  report: RunReport,
  measure: Measure,
  { sets = evaluationSets }: FigureContext,
): Pick<OurFigure, "images" | "extent"> | undefined {
  const { dataset, fingerprint, images } = report;
  const set = sets[measure.dataset ?? ""];
  if (set === undefined || set.dataset !== dataset) return undefined;
  if (set.fingerprint !== undefined && set.fingerprint !== fingerprint) return undefined;
  const extent = extentOf(
    set,
    images,
    publishedFigure(report, measure).about === "every image" ? "images" : "annotated",
  );
  return extent === "other" ? undefined : { images: images.finished, extent };
}

/**
 * Returns the run that a speed-up is over. It was measured under the same conditions: other speed-ups would be those of a
 * machine.
 */
function baseOf(report: RunReport, { reports }: FigureContext): RunReport | undefined {
  return reports.find((base) => base.variant === baseVariant && speedUp(report, base) !== undefined);
}

type Rank = readonly (number | string)[];

function rank({ report, figure }: { readonly report: RunReport; readonly figure: OurFigure }): Rank {
  const done = report.status === "done" ? 1 : 0;
  return [figure.extent === "whole" ? 1 : 0, done, figure.images ?? 0, report.createdAt];
}

function compare(a: Rank, b: Rank): number {
  const i = a.findIndex((each, at) => each !== b[at]);
  return i < 0 ? 0 : a[i]! < b[i]! ? -1 : 1;
}
