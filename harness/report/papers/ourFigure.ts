import type { RunReport } from "../../results/report.ts";
import { speedUp } from "../table/columns.ts";
import { type Measured, measuredOf, type Nature, natureOf, publishedFigure } from "./measured.ts";
import type { Measure } from "./paper.ts";
import { evaluationSets, extentOf } from "./sets.ts";

/** Speed-ups of papers are over this one. */
const baseVariant = "sam-vit-h";

/** What a run puts beside a published value. */
export interface OurFigure extends Measured {
  /** The run's id. */
  readonly run: string;
  readonly nature: Nature;
  /** Run to their end; absent, as `extent` is, where a figure does not hang on them. */
  readonly images?: number;
  /** Whether those are all images of the paper's set. */
  readonly extent?: "whole" | "part";
}

export interface FigureContext {
  readonly reports: readonly RunReport[];
  readonly unit: string | undefined;
  /** Whose boxes the runs were prompted with, as the user says: runs do not know. */
  readonly detector?: string;
}

/** Of the runs that measured this, one on all images before one on a part, a finished one before others, then the newest. */
export function ourFigure(variant: string, measure: Measure, context: FigureContext): OurFigure | undefined {
  if (measure.detector !== undefined && measure.detector !== context.detector) return undefined;
  const nature = natureOf(measure);
  const found = context.reports
    .filter((report) => report.variant === variant)
    .flatMap((report) => {
      const images = nature === "images" ? imagesOf(report, measure) : {};
      const measured = images && measuredOf(report, measure, { unit: context.unit, base: baseOf(report, context) });
      return measured === undefined ? [] : [{ report, figure: { ...measured, run: report.id, nature, ...images } }];
    });
  return found.sort((a, b) => compare(rank(b), rank(a)))[0]?.figure;
}

/** How many, and whether they are all of the paper's; nothing where the run is on another set. */
function imagesOf(report: RunReport, measure: Measure): Pick<OurFigure, "images" | "extent"> | undefined {
  const { dataset, images } = report;
  const set = evaluationSets[measure.dataset ?? ""];
  if (set === undefined || set.dataset !== dataset) return undefined;
  const extent = extentOf(
    set,
    images,
    publishedFigure(report, measure).about === "every image" ? "images" : "annotated",
  );
  return extent === "other" ? undefined : { images: images.finished, extent };
}

/** Measured under the same conditions: other speed-ups would be those of a machine. */
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
