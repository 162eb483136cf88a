import type { Category } from "../../api.ts";

/** A part of the ground truth that has figures of its own. What is outside is neither to be found nor a mistake. */
export interface Split {
  readonly id: string;
  /** Range of the annotation's area, px. Both ends belong to it. It holds for the areas of unmatched detections, too. */
  readonly fromPx: number;
  readonly toPx: number;
  /** Frequency of the annotation's category; without it a split holds any. */
  readonly frequency?: NonNullable<Category["frequency"]>;
}

/** Things whose overlap is measured: masks, or boxes. */
export type OverlapType = "segm" | "bbox";

export interface EvaluationRules {
  readonly id: "coco" | "lvis";
  /** True where an image is one group, not each category in it: what is found counts, not what it is called. */
  readonly classAgnostic: boolean;
  readonly splits: readonly Split[];
  /** Numbers of detections of a group that count (maxDets), ascending. The last one is for average precision. */
  readonly limits: readonly number[];
  /** Number of an image's best detections that LVIS keeps, whatever their categories. */
  readonly imageLimit?: number;
  /** True for LVIS: a detection counts only where the image is known to show or to lack its category. */
  readonly federated: boolean;
}

/**
 * IoU thresholds 0.5, 0.55 … 0.95 as numpy's linspace rounds them: the ninth is a bit under 0.9.
 * Source: Params of cocoeval.py, lvis eval.py.
 */
export const iouThresholds: readonly number[] = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * ((0.95 - 0.5) / 9),
);

/** Recall thresholds 0, 0.01 … 1, as linspace rounds them. */
export const recallThresholds: readonly number[] = Array.from({ length: 101 }, (_, i) => i * 0.01);

/**
 * Splits by size; 1e5² px is more than any image.
 * Source: Params.areaRng of both tools.
 */
const sizeSplits: readonly Split[] = [
  { id: "all", fromPx: 0, toPx: 1e10 },
  { id: "small", fromPx: 0, toPx: 32 ** 2 },
  { id: "medium", fromPx: 32 ** 2, toPx: 96 ** 2 },
  { id: "large", fromPx: 96 ** 2, toPx: 1e10 },
];

export const frequencySplits: readonly Split[] = (["rare", "common", "frequent"] as const).map((frequency) => ({
  id: frequency,
  frequency,
  fromPx: 0,
  toPx: 1e10,
}));

export const cocoRules: EvaluationRules = {
  id: "coco",
  classAgnostic: false,
  federated: false,
  splits: sizeSplits,
  limits: [1, 10, 100],
};

/** Rules for the recall of proposals: useCats = 0 with maxDets 10, 100, 1000. */
export const proposalRules: EvaluationRules = { ...cocoRules, classAgnostic: true, limits: [10, 100, 1000] };

/** Returns the rules for proposals against these categories: where their frequencies are known, there is a recall of each. */
export function proposalRulesFor(categories: readonly Pick<Category, "frequency">[]): EvaluationRules {
  if (categories.every(({ frequency }) => frequency === undefined)) return proposalRules;
  return { ...proposalRules, splits: [...proposalRules.splits, ...frequencySplits] };
}

/** Rules of LVIS v0.5 and v1. Source: LVISResults and LVISEval of lvis-api. */
export const lvisRules: EvaluationRules = {
  id: "lvis",
  classAgnostic: false,
  federated: true,
  splits: sizeSplits,
  limits: [300],
  imageLimit: 300,
};

/** One of the numbers that the reference tools print. */
export interface Summary {
  /**
   * Id: AP, AP50, APs, APr as lvis-api writes them; AR-cat@100 and ARs-cat@100 for its recall by category, AR@100 for recall
   * whatever the category.
   */
  readonly id: string;
  readonly split: string;
  /** Average precision at one place of the thresholds or over all; or recall within a limit, over all thresholds. */
  readonly of: { readonly precisionAt?: number } | { readonly recallWithin: number };
  /** The summary counts only categories of this frequency. */
  readonly frequency?: NonNullable<Category["frequency"]>;
}

/** Tells whether a summary counts the figures of this split and of a category of this frequency. */
export function summarises(summary: Summary, split: string, frequency: Category["frequency"]): boolean {
  return summary.split === split && (summary.frequency === undefined || summary.frequency === frequency);
}

const sizes = ["small", "medium", "large"] as const;
const frequencies = ["rare", "common", "frequent"] as const;

/** Returns the twelve numbers of COCO, the thirteen of LVIS, or the recalls of proposals, in the order of the tools. */
export function summariesOf(rules: EvaluationRules): readonly Summary[] {
  const { limits, classAgnostic } = rules;
  // Recall by category, averaged over them, and recall whatever the category are two figures: 9 and 12 % of one file.
  const kind = classAgnostic ? "" : "-cat";
  const recalls = limits.map((limit, recallWithin): Summary => {
    return { id: `AR${kind}@${limit}`, split: "all", of: { recallWithin } };
  });
  const splits = rules.splits.slice(1).map(({ id }) => id);
  const recallsBySplit = limits.map((limit, recallWithin) =>
    splits.map((split): Summary => ({ id: `AR${split[0]}${kind}@${limit}`, split, of: { recallWithin } })),
  );
  if (classAgnostic) return recalls.flatMap((recall, i) => [recall, ...recallsBySplit[i]!]);
  const precisions: Summary[] = [
    { id: "AP", split: "all", of: {} },
    { id: "AP50", split: "all", of: { precisionAt: 0 } },
    { id: "AP75", split: "all", of: { precisionAt: 5 } },
    ...sizes.map((split): Summary => ({ id: `AP${split[0]}`, split, of: {} })),
  ];
  const byFrequency = frequencies.map((frequency): Summary => {
    return { id: `AP${frequency[0]}`, split: "all", of: {}, frequency };
  });
  return [...precisions, ...(rules.id === "lvis" ? byFrequency : []), ...recalls, ...recallsBySplit.at(-1)!];
}
