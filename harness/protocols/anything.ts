import type { Candidates, Choice, ImageRecord, KeptMask, PromptPass, Protocol, Target } from "../api.ts";
import { cocoSizes, plainIou, suppress } from "../metrics/index.ts";
import { gridPoint, pointGrid } from "../prompts/index.ts";
import { multimaskTokens, predictedIouOf } from "./choice.ts";

/** Everything mode: a grid of points over the image, filters, suppression of duplicates, the best masks. */
interface Generator {
  /** Points along each side. */
  readonly side: number;
  readonly prompts: string;
  /** All multimask tokens of a point, or the single-mask token alone. */
  readonly masks: "three" | "one";
  readonly predictedIou?: number;
  readonly stability?: { readonly least: number; readonly offset: number };
  readonly boxNms: number;
  /** What proposals are sorted by, and what suppression keeps first. */
  readonly rank: "predicted IoU" | "mean of confidence and stability";
  readonly most: number;
}

type Description = Pick<Protocol, "id" | "title" | "about" | "source" | "confidence" | "notes">;

/** Offset of the logit threshold in the stability score. */
const stabilityOffset = 1;

/** Each generator is a pass with its own prompts name and its own grid. */
function anythingProtocol(description: Description, generators: readonly Generator[]): Protocol {
  return {
    ...description,
    prompted: "grid",
    figures: "average recall",
    needs: generators.some(({ masks }) => masks === "one") ? ["single-mask-token"] : [],
    passes: generators.map(passOf),
    sizes: cocoSizes,
    includes: () => true,
    iou: plainIou,
  };
}

function passOf(generator: Generator): PromptPass {
  const { side, boxNms, most } = generator;
  return {
    sampler: gridPoint,
    scored: [{ step: 1, prompts: generator.prompts }],
    choose: (candidates) => tokensOf(generator, candidates).flatMap((token) => keep(generator, candidates, token)),
    targets: (image: ImageRecord): readonly Target[] => pointGrid(image, side),
    settle: (masks: readonly KeptMask[]) => suppress(masks, boxNms, ({ score }) => score!).slice(0, most),
  };
}

function tokensOf({ masks }: Generator, candidates: Candidates): readonly number[] {
  return masks === "one" ? [0] : multimaskTokens(candidates);
}

/** The token with its score, or nothing where a filter drops it; the cheap filter comes first. */
function keep(generator: Generator, candidates: Candidates, token: number): readonly Choice[] {
  const confidence = predictedIouOf(candidates.prediction, token);
  if (generator.predictedIou !== undefined && confidence <= generator.predictedIou) return [];
  if (generator.rank === "predicted IoU" && generator.stability === undefined) return [{ token, score: confidence }];
  const stability = candidates.stability(token, generator.stability?.offset ?? stabilityOffset) ?? 1;
  if (generator.stability !== undefined && stability < generator.stability.least) return [];
  return [{ token, score: generator.rank === "predicted IoU" ? confidence : (confidence + stability) / 2 }];
}

export const anythingAr1000 = anythingProtocol(
  {
    id: "anything-ar1000",
    title: "AR@1000, everything mode",
    about:
      "64 x 64 points, three masks each, no filter, box NMS 0.9; ranked by the mean of confidence and stability, best 1000",
    source: "Segment Anything, table 4",
    confidence: "paper",
    notes: [
      "suppression keeps the higher-ranked of two masks",
      "the single-output variant, 128 x 128 points, is not offered",
    ],
  },
  [
    {
      side: 64,
      prompts: "anything",
      masks: "three",
      boxNms: 0.9,
      rank: "mean of confidence and stability",
      most: 1000,
    },
  ],
);

export const anythingDefault = anythingProtocol(
  {
    id: "anything-default",
    title: "AR, SAM's automatic mask generator",
    about:
      "32 x 32 points, three masks each, predicted IoU > 0.88, stability >= 0.95, box NMS 0.7; ranked by predicted IoU",
    source: "facebookresearch/segment-anything, automatic_mask_generator.py",
    confidence: "repo",
    notes: ["no crops and no removal of small regions, as the generator's defaults", "best 1000 masks"],
  },
  [
    {
      ...{ side: 32, prompts: "anything-32", masks: "three", predictedIou: 0.88 },
      ...{ stability: { least: 0.95, offset: 1 }, boxNms: 0.7, rank: "predicted IoU", most: 1000 },
    },
  ],
);

/** 16, 32 and 64 points a side, with one mask a point or three. */
const mobileSamV2Grids = ([16, 32, 64] as const).flatMap((side) =>
  (["one", "three"] as const).map((masks): Generator => {
    const prompts = `grid-${side}-${masks}`;
    return { side, prompts, masks, boxNms: 0.9, rank: "predicted IoU", most: 1000 };
  }),
);

export const anythingMobileSamV2 = anythingProtocol(
  {
    id: "anything-ar-mobilesamv2",
    title: "AR, MobileSAMv2's grids",
    about:
      "16, 32 or 64 points a side, one mask each or three, no filter, box NMS 0.9; ranked by predicted IoU, best 1000",
    source: "MobileSAMv2, grids of its table",
    confidence: "paper",
    notes: [
      "ranking and suppression are not published: predicted IoU, box NMS 0.9",
      "its object-aware boxes are not offered",
    ],
  },
  mobileSamV2Grids,
);
