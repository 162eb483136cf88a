import type { Dataset, ImageId } from "./datasets.ts";
import type { Size } from "./pixels.ts";
import type { Box, Point } from "./prompts.ts";

/**
 * A range of areas, which are those that the dataset gives. Both ends belong to it, so an area on a border counts in two
 * ranges.
 */
export interface SizeRange {
  readonly id: string;
  readonly fromPx: number;
  readonly toPx: number;
}

/** One kept mask, as the store records it. */
export interface PredictionRow {
  readonly image: ImageId;
  readonly target: number;
  readonly category: number;
  readonly prompts: string;
  readonly protocol: string;
  readonly step: number;
  readonly token: number;
  readonly predictedIou: number;
  /** IoU with the target's own mask; absent where that is 0 / 0, and for a detector's box. */
  readonly iou?: number;
  /** Area and crowd flag of the target, as the dataset gives them. */
  readonly areaPx: number;
  readonly crowd: boolean;
  /** COCO string at image size. */
  readonly mask: { readonly size: Size; readonly counts: string };
  readonly score?: number;
  readonly prompt: { readonly points: readonly Point[]; readonly box?: Box };
}

/** Says how often each image counts: `counts[i]` is the multiplicity of `images[i]`. Images are sorted by id. */
export interface ImageWeights {
  readonly images: readonly ImageId[];
  readonly counts: Uint32Array;
}

/** A weighting in which one group of images counts otherwise than all others. */
export interface GroupWeights {
  readonly counted: number;
  readonly others: number;
}

/** The figures of the two sides of a comparison, after some images' results have changed sides. */
export interface ExchangedFigures {
  readonly first: readonly MetricValue[];
  readonly second: readonly MetricValue[];
}

/** A metric that has matched its rows: it gives figures for any weights of the images. */
export interface FittedMetric {
  (weights: ImageWeights): readonly MetricValue[];
  /**
   * Present where many weightings together cost less than one by one. `groupOf[i]` is the group of image i, counted from 0. Returns
   * for each weighting, and in it for each group, the figures in which this group counts `counted` times and all others `others`
   * times: those that a call with these weights gives.
   */
  readonly byGroup?: (
    groupOf: Uint8Array,
    weightings: readonly GroupWeights[],
  ) => readonly (readonly (readonly MetricValue[])[])[];
  /**
   * Present where many exchanges of two sides together cost less than one by one. It is for a metric fitted to both at once: images 2i
   * and 2i + 1, in ascending order of their ids, are one image of the same annotations, with the results of the first and of the
   * second side. An exchange has a 1 for each i whose two results change sides, else 0, and may be overwritten when the next is asked
   * for. Returns for each exchange the figures of each side: those that a call with its images, each counted once, gives.
   */
  readonly byExchange?: (exchanges: Iterable<Uint8Array>) => Iterable<ExchangedFigures>;
  /**
   * Present where two fits cost less to join than to repeat. `other` is the same metric, fitted to the rows of another side on the same
   * images and annotations. Returns the metric fitted to both at once, with images numbered as `byExchange` has them; nothing where
   * `other` is no such fit.
   */
  readonly joined?: (other: FittedMetric) => FittedMetric | undefined;
  /**
   * Present where the headline of one image alone means something, so that `bench compare` can count images won and lost: returns it
   * for each image, in ascending order of their ids.
   */
  readonly ofImages?: () => readonly (number | undefined)[];
}

/** The part of a protocol that a metric is told of. */
export interface ScoredProtocol {
  readonly id: string;
  /** True if the first metric of the protocol reads scores: then masks are sorted by them. */
  readonly ranksMasks: boolean;
  /** True if one prompts name has rows of several steps of a target: one for each click. */
  readonly severalSteps?: boolean;
}

/** Holds all that a metric needs besides the rows. */
export interface MetricContext {
  /** All images that were run to their end, also those without a row; a failed image is not among them. */
  readonly images: readonly ImageId[];
  /** Size ranges of the protocol. */
  readonly sizes: readonly SizeRange[];
  /** The protocol of the rows. If it ranks masks and there is no row at all, no mask was kept: precision and recall are 0. */
  readonly protocol?: ScoredProtocol;
  /** The data to score against; absent where a table is printed again from stored rows alone. */
  readonly dataset?: Pick<Dataset, "categories" | "annotationsOf" | "listsOf">;
}

export interface MetricValue {
  readonly id: string;
  /** Absent where there is no data. */
  readonly value?: number;
  /** Number of instances behind the value; an image of weight two counts twice. */
  readonly n: number;
}

/** One figure of a metric as tables show it. */
export interface FigureColumn {
  /** Id of the figure, as `fit` gives it. */
  readonly id: string;
  /** The column's header, short: mIoU, AP, AR@10. */
  readonly title: string;
}

/** A figure that a chart draws at a step of a target's prompts. */
export interface StepFigure {
  /** Id of the figure, as `fit` gives it. */
  readonly id: string;
  readonly step: number;
}

/** A figure over a part of the instances. `bench compare` calls it HEADLINE.PROMPTS.ID: miou.box.small. */
export interface FigurePart extends FigureColumn {
  /** A word for the instances that belong to the part; it labels the axis of a chart. */
  readonly meaning: string;
}

/** A figure that a published table may hold, in the words that a run uses. */
export interface PublishedFigure {
  /** Id of the figure, as `fit` gives it. */
  readonly id: string;
  /** The images that the figure is about: all of the set, or those with an annotation. */
  readonly about: "every image" | "annotated images";
}

/** One bin of a reliability table: rows whose predicted IoU lies in [from, to), the last one closed. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Absent where the bin is empty. */
  readonly predictedIou?: number;
  readonly iou?: number;
}

/** A figure of one category of the dataset. */
export interface CategoryValue {
  readonly category: number;
  readonly value?: number;
  /** Annotations of the category. */
  readonly n: number;
}

/** How often an error occurs, and the average precision at IoU 0.5 that it costs. */
export interface ErrorCost {
  readonly n: number;
  readonly cost: number;
}

/** Kinds of error of a detector. A detection is tested for the first five in this order; the last is an annotation's. */
export type DetectionError = "localisation" | "classification" | "duplicate" | "background" | "both" | "missed";

/** Errors of a detector by kind. Costs do not add up: each is what mending one kind alone would give. */
export interface DetectionErrors {
  /**
   * Average precision at IoU 0.5 as TIDE has it: all categories of an image share its limit of detections, and a category that
   * is detected and never annotated counts as 0.
   */
  readonly ap50: number;
  readonly errors: Readonly<Record<DetectionError, ErrorCost>>;
  /** Cost of all wrong detections together, and of all annotations that were not found. */
  readonly falsePositives: ErrorCost;
  readonly falseNegatives: ErrorCost;
}

export type MetricUnit = "fraction" | "clicks";

/**
 * A metric turns the rows of a run into figures. A metric describes itself: every command that computes, shows, compares or
 * keeps figures loops over metrics and asks them.
 */
export interface Metric {
  /**
   * The module that defines the metric, as a URL (`import.meta.url`), is part of a stored figure's identity: the figure is
   * shown while this code, and all that it imports, stays the same.
   */
  readonly module: string;
  /** The name that `--metric` takes. */
  readonly id: string;
  /** The name in prose: mean IoU, average precision. */
  readonly title: string;
  /** One line that says what the figures mean. */
  readonly about: string;
  /** The figure by which two sides are judged, one of those that `fit` gives. */
  readonly headline: string;
  readonly better: "higher" | "lower";
  /** `fraction`: 0 … 1, never percent. `clicks`: a number of clicks. */
  readonly unit: MetricUnit;
  /** The least and the greatest possible value, where the unit does not say it. */
  readonly range?: readonly [least: number, most: number];
  /**
   * `rows`: the stored rows are enough, so that figures are computed whenever they are printed. `annotations`: the dataset is
   * needed as well, so that figures are computed while it is open and kept with the run.
   */
  readonly needs: "rows" | "annotations";
  /**
   * Fields of a row that the metric reads, besides image and target. A metric that reads `score` ranks masks. Prompts are not
   * read again.
   */
  readonly reads: readonly Exclude<keyof PredictionRow, "prompt">[];
  /** Figures in the result table, best known first. Empty where `bench score` and `bench compare` alone show the metric. */
  readonly columns: readonly FigureColumn[];
  /**
   * Marks a metric over all steps of a target: it has figures of protocols with several steps under one prompts name, and of no
   * others. Every other metric has none of those.
   */
  readonly severalSteps?: boolean;
  /** Figures by step, which the report draws as a line. Those that are no columns stand in the chart and in JSON alone. */
  readonly bySteps?: readonly StepFigure[];
  /** Figures over parts of the instances, in the table of `--details`; a row that lacks one has a dash. */
  readonly parts?: readonly FigurePart[];
  /** The line that the table's foot gives for these columns: `mIoU: mean over n instances`. */
  readonly meaning?: string;
  /** Further lines of the foot: `subject: what a reader has to know`. */
  readonly notes?: readonly string[];
  /** True if the report draws the headline against latency, by setting and by part. */
  readonly drawn?: boolean;
  /** `asked`: too slow to be compared where `--metric` does not name it. */
  readonly compared?: "always" | "asked";
  /** Returns true for a protocol that does not list this metric but whose runs get its figures too. */
  joins?(protocol: ScoredProtocol): boolean;
  /**
   * Rows are those of one prompts name of one run. Matches once: the returned function only re-weights the context's images,
   * so that an interval costs sums. It gives the same ids in the same order whatever the weights.
   */
  fit(rows: readonly PredictionRow[], context: MetricContext): FittedMetric;
  /** Returns the figure that a paper's column holds, by the column's metric and size; nothing for another metric's column. */
  published?(metric: string, size: string): PublishedFigure | undefined;
  /** Returns the same metric by COCO's or LVIS's rules, whatever the dataset's are. */
  byRules?(rules: "coco" | "lvis"): Metric;
  /** Returns the headline of each category. */
  byCategory?(rows: readonly PredictionRow[], context: MetricContext): readonly CategoryValue[];
  /** Parts what is lost by kinds of error; nothing for rows without scores or without a dataset. */
  errors?(rows: readonly PredictionRow[], context: MetricContext): DetectionErrors | undefined;
  /** Returns the bins of the reliability table that a calibration error is computed from. */
  reliability?(rows: readonly PredictionRow[]): readonly ReliabilityBin[];
}
