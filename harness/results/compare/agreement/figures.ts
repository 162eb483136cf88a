import { largest, mean } from "../../../stats/summary.ts";
import { belowOne, small } from "../words.ts";
import type { MeasuredPair } from "./measured.ts";
import type { LeftOut } from "./pairs.ts";

/** Agreement of two runs on one prompts name, or on all of them; what was not compared is absent. */
export interface AgreementFigures {
  /** Pairs of masks that were compared. */
  readonly n: number;
  /** Share of the pairs in which both runs chose the same token. */
  readonly sameToken?: number | undefined;
  /** Absolute difference of the two predicted IoUs, over the `n` pairs of the same token. */
  readonly predictedIou?: { readonly mean: number; readonly largest: number; readonly n: number } | undefined;
  /** IoU of the two masks with each other; two empty masks have 1. */
  readonly maskIou?: { readonly mean: number; readonly least: number } | undefined;
  /** Pixels in which the two masks differ, as a share of all pixels of the photos, which count once a pair. */
  readonly differingPixels?: number | undefined;
  /** Pairs of two empty masks. */
  readonly bothEmpty: number;
  readonly leftOut: LeftOut;
}

export function agreementFigures(pairs: readonly MeasuredPair[], leftOut: LeftOut): AgreementFigures {
  const apart = pairs.flatMap(({ predictedIouApart }) => predictedIouApart ?? []);
  const ious = pairs.map(({ maskIou }) => maskIou);
  const sum = (of: (pair: MeasuredPair) => number) => pairs.reduce((total, pair) => total + of(pair), 0);
  const none = pairs.length === 0;
  return {
    n: pairs.length,
    sameToken: none || pairs[0]!.sameToken === undefined ? undefined : sum(sameToken) / pairs.length,
    predictedIou: apart.length === 0 ? undefined : { mean: mean(apart), largest: largest(apart), n: apart.length },
    maskIou: none ? undefined : { mean: mean(ious), least: -largest(ious.map((iou) => -iou)) },
    differingPixels: none ? undefined : sum(({ differingPx }) => differingPx) / sum(({ imagePx }) => imagePx),
    bothEmpty: sum(({ bothEmpty }) => (bothEmpty ? 1 : 0)),
    leftOut,
  };
}

function sameToken({ sameToken: same }: MeasuredPair): number {
  return same === true ? 1 : 0;
}

/** Returns how many rows have no partner, for whatever reason. */
export function leftOutTotal({ failedInA, failedInB, onlyInA, onlyInB, otherPrompt }: LeftOut): number {
  return failedInA + failedInB + onlyInA + onlyInB + otherPrompt;
}

/** One number of the agreement, as tables, JSON's readers and `--fail-if` know it. */
export interface AgreementFigure {
  /** Name in `--fail-if`, where `.PROMPTS` behind it asks for one prompts name. */
  readonly id: string;
  readonly describe: string;
  /** Heading of the column; the last line is its own. */
  readonly header: readonly string[];
  /** `share` may be compared in %. */
  readonly unit: "share" | "count";
  valueIn(figures: AgreementFigures): number | undefined;
  format(value: number): string;
}

/** Every figure of the agreement, in the order of the columns. */
export const agreementTable: readonly AgreementFigure[] = [
  {
    id: "same-token",
    describe: "share of the targets on which both chose the same token",
    header: ["same", "token"],
    unit: "share",
    valueIn: ({ sameToken: share }) => share,
    format: (value) => `${belowOne(value, 2, 100)} %`,
  },
  {
    id: "predicted-iou-mean",
    describe: "mean difference of the predicted IoUs, where both chose the same token",
    header: ["predicted", "IoU apart", "mean"],
    unit: "share",
    valueIn: ({ predictedIou }) => predictedIou?.mean,
    format: small,
  },
  {
    id: "predicted-iou",
    describe: "largest such difference",
    header: ["predicted", "IoU apart", "largest"],
    unit: "share",
    valueIn: ({ predictedIou }) => predictedIou?.largest,
    format: small,
  },
  {
    id: "mask-iou",
    describe: "mean IoU of the two masks with each other",
    header: ["mask IoU", "mean"],
    unit: "share",
    valueIn: ({ maskIou }) => maskIou?.mean,
    format: (value) => belowOne(value, 6),
  },
  {
    id: "mask-iou-least",
    describe: "smallest such IoU",
    header: ["mask IoU", "least"],
    unit: "share",
    valueIn: ({ maskIou }) => maskIou?.least,
    format: (value) => belowOne(value, 6),
  },
  {
    id: "pixels",
    describe: "share of the photos' pixels in which the masks differ",
    header: ["pixels", "that", "differ"],
    unit: "share",
    valueIn: ({ differingPixels }) => differingPixels,
    format: small,
  },
  {
    id: "left-out",
    describe: "number of targets that only one of the two has, or that were prompted otherwise",
    header: ["left", "out"],
    unit: "count",
    valueIn: ({ leftOut }) => leftOutTotal(leftOut),
    format: String,
  },
];
