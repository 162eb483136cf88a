import type { Category } from "../../api.ts";
import type { EvaluationRules } from "./rules.ts";

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
