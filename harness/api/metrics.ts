import type { Dataset, ImageId } from "./datasets.ts";
import type { Size } from "./pixels.ts";
import type { Box, Point } from "./prompts.ts";

/** By the area that the dataset gives; both ends belong to the range, so what lies on a border counts in two. */
export interface SizeRange {
  readonly id: string;
  readonly fromPx: number;
  readonly toPx: number;
}

/** As the store keeps it: one kept mask. */
export interface PredictionRow {
  readonly image: ImageId;
  readonly target: number;
  readonly category: number;
  readonly prompts: string;
  readonly protocol: string;
  readonly step: number;
  readonly token: number;
  readonly predictedIou: number;
  /** Against the target's own mask; absent where that is 0 / 0 and for a detector's box. */
  readonly iou?: number;
  /** The target's, as the dataset gives it. */
  readonly areaPx: number;
  readonly crowd: boolean;
  /** COCO string at image size. */
  readonly mask: { readonly size: Size; readonly counts: string };
  readonly score?: number;
  readonly prompt: { readonly points: readonly Point[]; readonly box?: Box };
}

/** How often each image counts: `counts[i]` is the multiplicity of `images[i]`; ascending by id. */
export interface ImageWeights {
  readonly images: readonly ImageId[];
  readonly counts: Uint32Array;
}

/** What a metric is told of a protocol. */
export interface ScoredProtocol {
  readonly id: string;
  /** Whether its first metric reads scores: masks are sorted by them. */
  readonly ranksMasks: boolean;
}

/** What a metric needs besides the rows. */
export interface MetricContext {
  /** All that were run to their end, those without a row too; a failed image is not among them. */
  readonly images: readonly ImageId[];
  /** The protocol's. */
  readonly sizes: readonly SizeRange[];
  /** Whose rows these are. Where it ranks masks, no row at all means that none was kept: precision and recall are 0. */
  readonly protocol?: ScoredProtocol;
  /** What is scored against; absent where a table is printed again from stored rows alone. */
  readonly dataset?: Pick<Dataset, "categories" | "annotationsOf" | "listsOf">;
}

export interface MetricValue {
  readonly id: string;
  /** Absent where there is no data. */
  readonly value?: number;
  /** Instances behind the value, an image of weight two counting twice. */
  readonly n: number;
}

/** One figure of a metric as tables show it. */
export interface FigureColumn {
  /** Of the figure, as `fit` gives it. */
  readonly id: string;
  /** The column's header, short: mIoU, AP, AR@10. */
  readonly title: string;
}

/** A figure over a part of the instances. `bench compare` calls it HEADLINE.PROMPTS.ID: miou.box.small. */
export interface FigurePart extends FigureColumn {
  /** What belongs to the part, for the axis of a chart. */
  readonly meaning: string;
}

/** A figure that a published table may hold, in a run's words. */
export interface PublishedFigure {
  /** Of the figure, as `fit` gives it. */
  readonly id: string;
  /** The images that it is about: all of the set, or those with an annotation. */
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

/**
 * From the rows of a run to figures. A metric describes itself: every command that computes, shows, compares or keeps figures
 * loops over metrics and asks them.
 */
export interface Metric {
  /** URL of the module that defines it (`import.meta.url`): a stored figure is shown while this code, and all that it imports, stays the same. */
  readonly module: string;
  /** What `--metric` takes. */
  readonly id: string;
  /** In prose: mean IoU, average precision. */
  readonly title: string;
  /** One line: what its figures say. */
  readonly about: string;
  /** The figure by which two sides are judged, of those that fit gives. */
  readonly headline: string;
  readonly better: "higher" | "lower";
  /** 0 … 1, never percent. */
  readonly unit: "fraction";
  /**
   * `rows`: the stored rows are enough, so that figures are computed whenever they are printed. `annotations`: the dataset is
   * needed as well, so that figures are computed while it is open and kept with the run.
   */
  readonly needs: "rows" | "annotations";
  /** Fields of a row that it reads, beside its image and its target. One that reads `score` ranks masks. Prompts are not read again. */
  readonly reads: readonly Exclude<keyof PredictionRow, "prompt">[];
  /** Its figures in the result table, best known first. Empty where `bench score` and `bench compare` alone show it. */
  readonly columns: readonly FigureColumn[];
  /** Figures over parts of the instances, in the table of `--details`; a row that lacks one has a dash. */
  readonly parts?: readonly FigurePart[];
  /** What the table's foot says of its columns: `mIoU: mean over n instances`. */
  readonly meaning?: string;
  /** Further lines of the foot: `subject: what a reader has to know`. */
  readonly notes?: readonly string[];
  /** Whether the report draws its headline, against latency, by setting and by part. */
  readonly drawn?: boolean;
  /** `asked`: too slow to be compared where `--metric` does not name it. */
  readonly compared?: "always" | "asked";
  /** Whether the headline of one image alone means something, so that `bench compare` can count images won and lost. */
  readonly byImage?: boolean;
  /** Whether runs by a protocol that does not list it have its figures, too. */
  joins?(protocol: ScoredProtocol): boolean;
  /**
   * Rows are those of one prompts name of one run. Matches once: the returned function only re-weights the context's images,
   * so that an interval costs sums. It gives the same ids in the same order whatever the weights.
   */
  fit(rows: readonly PredictionRow[], context: MetricContext): (weights: ImageWeights) => readonly MetricValue[];
  /** The figure that a paper's column holds, by its metric and the size it is of; nothing for another metric's. */
  published?(metric: string, size: string): PublishedFigure | undefined;
  /** The metric by COCO's or LVIS's rules, whatever the dataset's are. */
  byRules?(rules: "coco" | "lvis"): Metric;
  /** The headline by category. */
  byCategory?(rows: readonly PredictionRow[], context: MetricContext): readonly CategoryValue[];
  /** What a calibration error is made of. */
  reliability?(rows: readonly PredictionRow[]): readonly ReliabilityBin[];
}
