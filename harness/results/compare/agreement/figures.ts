import { largest, mean } from "../../../stats/summary.ts";
import { belowOne, small } from "../words.ts";
import type { MeasuredPair } from "./measured.ts";
import type { LeftOut } from "./pairs.ts";

interface MaskIou {
  readonly mean: number;
  readonly least: number;
}

/** Agreement of two runs on one prompts name, or on all of them; what was not compared is absent. */
export interface AgreementFigures {
  /** Pairs of masks that were compared. */
  readonly n: number;
  /** Share of the pairs in which both runs chose the same token. */
  readonly sameToken?: number | undefined;
  /** Of two detectors: share of the pairs that are the same detection, and IoU of the two masks over these `n` pairs. */
  readonly sameDetection?:
    | { readonly share: number; readonly n: number; readonly maskIou?: MaskIou | undefined }
    | undefined;
  /** Absolute difference of the two predicted IoUs, over the `n` pairs of the same token. */
  readonly predictedIou?: { readonly mean: number; readonly largest: number; readonly n: number } | undefined;
  /** IoU of the two masks with each other; two empty masks have 1. */
  readonly maskIou?: MaskIou | undefined;
  /** Pixels in which the two masks differ, as a share of all pixels of the photos, which count once a pair. */
  readonly differingPixels?: number | undefined;
  /** Pairs of two empty masks. */
  readonly bothEmpty: number;
  readonly leftOut: LeftOut;
}

export function agreementFigures(pairs: readonly MeasuredPair[], leftOut: LeftOut): AgreementFigures {
  const apart = pairs.flatMap(({ predictedIouApart }) => predictedIouApart ?? []);
  const sum = (of: (pair: MeasuredPair) => number) => pairs.reduce((total, pair) => total + of(pair), 0);
  const none = pairs.length === 0;
  return {
    n: pairs.length,
    sameToken: none || pairs[0]!.sameToken === undefined ? undefined : sum(sameToken) / pairs.length,
    sameDetection: none || pairs[0]!.sameDetection === undefined ? undefined : detectionsOf(pairs),
    predictedIou: apart.length === 0 ? undefined : { mean: mean(apart), largest: largest(apart), n: apart.length },
    maskIou: maskIouOf(pairs),
    differingPixels: none ? undefined : sum(({ differingPx }) => differingPx) / sum(({ imagePx }) => imagePx),
    bothEmpty: sum(({ bothEmpty }) => (bothEmpty ? 1 : 0)),
    leftOut,
  };
}

function maskIouOf(pairs: readonly MeasuredPair[]): MaskIou | undefined {
  if (pairs.length === 0) return undefined;
  const ious = pairs.map(({ maskIou }) => maskIou);
  return { mean: mean(ious), least: -largest(ious.map((iou) => -iou)) };
}

function detectionsOf(pairs: readonly MeasuredPair[]): NonNullable<AgreementFigures["sameDetection"]> {
  const same = pairs.filter((pair) => pair.sameDetection === true);
  return { share: same.length / pairs.length, n: same.length, maskIou: maskIouOf(same) };
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
  /** What both runs have to have for it, beside masks. */
  readonly needs?: "tokens" | "detections";
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
    needs: "tokens",
    valueIn: ({ sameToken: share }) => share,
    format: (value) => `${belowOne(value, 2, 100)} %`,
  },
  {
    id: "same-detection",
    describe: "share of the targets on which both detectors chose the same detection",
    header: ["same", "detection"],
    unit: "share",
    needs: "detections",
    valueIn: ({ sameDetection }) => sameDetection?.share,
    format: (value) => `${belowOne(value, 2, 100)} %`,
  },
  {
    id: "detection-iou",
    describe: "mean IoU of the two masks where they did",
    header: ["mask IoU", "of these", "mean"],
    unit: "share",
    needs: "detections",
    valueIn: ({ sameDetection }) => sameDetection?.maskIou?.mean,
    format: (value) => belowOne(value, 6),
  },
  {
    id: "detection-iou-least",
    describe: "smallest such IoU",
    header: ["mask IoU", "of these", "least"],
    unit: "share",
    needs: "detections",
    valueIn: ({ sameDetection }) => sameDetection?.maskIou?.least,
    format: (value) => belowOne(value, 6),
  },
  {
    id: "predicted-iou-mean",
    describe: "mean difference of the predicted IoUs, where both chose the same token",
    header: ["predicted", "IoU apart", "mean"],
    unit: "share",
    needs: "tokens",
    valueIn: ({ predictedIou }) => predictedIou?.mean,
    format: small,
  },
  {
    id: "predicted-iou",
    describe: "largest such difference",
    header: ["predicted", "IoU apart", "largest"],
    unit: "share",
    needs: "tokens",
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
