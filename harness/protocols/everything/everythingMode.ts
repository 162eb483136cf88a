import type {
  Candidates,
  Choice,
  Crop,
  CropMask,
  ImageRecord,
  KeptMask,
  PromptPass,
  Protocol,
  Size,
  Target,
} from "../../api.ts";
import { areaOf, removeSmallRegions, union } from "../../mask/index.ts";
import { plainIou } from "../../mask/overlap.ts";
import { cocoSizes, recall } from "../../metrics/index.ts";
import { cropsOf } from "../../prompts/crops.ts";
import { gridPoint } from "../../prompts/grid.ts";
import { neighbourPoints } from "../../prompts/neighbours.ts";
import { multimaskTokens, predictedIouOf } from "../choice.ts";
import { pixelBox, suppress } from "./suppress.ts";

const defaults = {
  /** Layers of crops besides the image itself. */
  layers: 0,
  downscale: 1,
  /** Offset of the logit threshold in the stability score. */
  stabilityOffset: 1,
  /** The greatest IoU that boxes of two masks from different crops may have. */
  cropNms: 0.7,
  /** The crop has cut a mask whose box has a side this near to a side of the crop, px. */
  nearPx: 20,
};

/**
 * Settings of a mask generator, which prompts grids of points over the image and its crops, filters the masks, suppresses
 * duplicates and keeps the best.
 */
export interface Generator {
  readonly prompts: string;
  /** Points along each side of the image. */
  readonly side: number;
  /** Layers of crops besides the image: one layer has 2 x 2 crops, a second one adds 4 x 4. */
  readonly layers?: number;
  /** Divides the number of points along a crop's side from one layer to the next. */
  readonly downscale?: number;
  /**
   * Present for a generator of two passes: the first prompts a grid of fewer points a side, the second those places of the full
   * grid around them that no mask of the first covers with certainty.
   */
  readonly hierarchy?: {
    /** Divides the number of points along a side for the first pass. */
    readonly coarser: number;
    /** A mask covers a pixel with certainty where its logit exceeds this. */
    readonly certainLogit: number;
  };
  /** "three" keeps all multimask tokens of a point, "one" the single-mask token alone. */
  readonly masks: "three" | "one";
  /** The model is sure enough of a mask whose predicted IoU is above a bound, or at least as large. */
  readonly sure?: { readonly above: number } | { readonly atLeast: number };
  readonly leastStability?: number;
  /** The result is sorted by this. Suppression within a crop goes by predicted IoU whatever ranks the result. */
  readonly rank: "predicted IoU" | "mean of confidence and stability" | "chance";
  readonly boxNms: number;
  /** Masks that cover this share of the image or more are dropped. */
  readonly tooLarge?: number;
  /**
   * Holes and components of fewer pixels are removed; a mask that has only small components keeps the largest, as in the
   * released code.
   */
  readonly leastRegionPx?: number;
  /** Masks of fewer pixels are dropped once small regions are gone. */
  readonly leastMaskPx?: number;
  readonly most: number;
}

export type Description = Pick<Protocol, "module" | "id" | "title" | "about" | "source" | "confidence" | "notes">;

/** Returns a protocol with one pass for each generator, under the generator's own prompts name. */
export function generatorProtocol(description: Description, generators: readonly Generator[]): Protocol {
  return {
    ...description,
    prompted: "grid",
    metrics: [recall],
    // Everything mode suppresses by predicted IoU, whatever ranks its result.
    needs: [
      ...(generators.some(({ masks }) => masks === "one") ? (["single-mask-token"] as const) : []),
      "predicted-iou",
      ...(generators.some(needsStability) ? (["stability"] as const) : []),
      ...(generators.some(({ hierarchy }) => hierarchy !== undefined) ? (["logits"] as const) : []),
    ],
    passes: generators.map(passOf),
    sizes: cocoSizes,
    includes: () => true,
    iou: plainIou,
  };
}

function passOf(generator: Generator): PromptPass {
  const { side, layers = defaults.layers, downscale = defaults.downscale, hierarchy, sure, boxNms } = generator;
  const promptedSide = hierarchy === undefined ? side : Math.floor(side / hierarchy.coarser);
  return {
    sampler: gridPoint,
    scored: [{ step: 1, prompts: generator.prompts }],
    looksAt: generator.masks === "one" ? "single mask" : "three masks",
    stabilityOffset: needsStability(generator) ? defaults.stabilityOffset : undefined,
    leastPredictedIou: sure && ("above" in sure ? sure.above : sure.atLeast),
    choose: (candidates) =>
      tokensOf(generator, candidates).flatMap((token) =>
        keep(generator, candidates, token).map((choice) =>
          hierarchy === undefined
            ? choice
            : { ...choice, certain: candidates.maskAbove(token, hierarchy.certainLogit) },
        ),
      ),
    everything: {
      source: "prompts",
      crops: (image) => cropsOf(image, { side: promptedSide, layers, downscale }),
      secondTargets: hierarchy && ((first, crop, image) => secondTargets(side, first, crop, image)),
      settleCrop: (masks, crop, image) =>
        suppress(
          masks.filter((kept) => !isCut(kept, crop, image) && !isTooLarge(generator, kept)),
          { maskOf, threshold: boxNms, rank: predictedIou },
        ),
      settle: (masks) => settle(generator, masks),
    },
  };
}

/** Returns the places of the full grid that the masks of the first pass leave open, numbered from the first pass's last on. */
function secondTargets(
  side: number,
  first: readonly KeptMask[],
  { targets }: Crop,
  image: ImageRecord,
): readonly Target[] {
  const certain = first.map((kept) => {
    if (kept.certain === undefined) throw new Error("a mask without logits in a generator of two passes");
    return kept.certain;
  });
  const covered = certain.length === 0 ? undefined : union(certain);
  return neighbourPoints(image, targets, { side, first: targets[0]!.id + targets.length, covered });
}

function tokensOf({ masks }: Generator, candidates: Candidates): readonly number[] {
  return masks === "one" ? [0] : multimaskTokens(candidates);
}

function needsStability({ leastStability, rank }: Generator): boolean {
  return leastStability !== undefined || rank === "mean of confidence and stability";
}

/** Returns the token with its score, or an empty list where a filter drops it. The cheap filter comes first. */
function keep(generator: Generator, candidates: Candidates, token: number): readonly Choice[] {
  const { leastStability, rank } = generator;
  const confidence = predictedIouOf(candidates.prediction, token);
  if (!isSure(generator, confidence)) return [];
  // As costly as the mask itself: only where it is asked for.
  const stability =
    (needsStability(generator) ? candidates.stability(token, defaults.stabilityOffset) : undefined) ?? 1;
  if (leastStability !== undefined && stability < leastStability) return [];
  if (rank === "chance") return [{ token, score: candidates.random().next() }];
  return [{ token, score: rank === "predicted IoU" ? confidence : (confidence + stability) / 2 }];
}

function isSure({ sure }: Generator, predictedIou: number): boolean {
  if (sure === undefined) return true;
  return "above" in sure ? predictedIou > sure.above : predictedIou >= sure.atLeast;
}

/**
 * Tells whether the crop has cut the mask off: a side of the mask's box lies within 20 px of the crop's side and not of the
 * image's.
 * Source: is_box_near_crop_edge of segment_anything/utils/amg.py.
 */
function isCut({ mask }: KeptMask, { box: crop }: Crop, { size }: ImageRecord): boolean {
  if (isWhole(crop, size)) return false;
  const box = pixelBox(mask);
  if (box === undefined) return false;
  const image = { x0: 0, y0: 0, x1: size.width, y1: size.height };
  const near = (a: number, b: number) => Math.abs(a - b) <= defaults.nearPx;
  return (["x0", "y0", "x1", "y1"] as const).some(
    (side) => near(box[side], crop[side]) && !near(box[side], image[side]),
  );
}

function isWhole({ x0, y0, x1, y1 }: Crop["box"], { width, height }: Size): boolean {
  return x0 === 0 && y0 === 0 && x1 === width && y1 === height;
}

function isTooLarge({ tooLarge }: Generator, { mask }: KeptMask): boolean {
  return tooLarge !== undefined && areaOf(mask) >= tooLarge * mask.size.height * mask.size.width;
}

/**
 * Settles the masks of all crops: of duplicates from different crops the smaller crop's stays, small regions are removed, and
 * the best by score are kept.
 */
function settle(generator: Generator, masks: readonly CropMask[]): readonly KeptMask[] {
  const crops = new Set(masks.map(({ crop }) => crop));
  const rank = ({ crop: { box } }: CropMask) => 1 / ((box.x1 - box.x0) * (box.y1 - box.y0));
  const threshold = defaults.cropNms;
  const apart = crops.size > 1 ? suppress(masks, { maskOf: ({ kept }) => kept.mask, threshold, rank }) : masks;
  const cleaned = cleanedOf(
    generator,
    apart.map(({ kept }) => kept),
  );
  return cleaned.toSorted((a, b) => scoreOf(b) - scoreOf(a)).slice(0, generator.most);
}

/**
 * Returns the masks without small holes and without small components. Where that makes two masks duplicates, a mask that was
 * left alone stays.
 * Source: postprocess_small_regions of segment_anything/automatic_mask_generator.py.
 */
function cleanedOf(
  { leastRegionPx, leastMaskPx = 0, boxNms }: Generator,
  masks: readonly KeptMask[],
): readonly KeptMask[] {
  if (leastRegionPx === undefined) return masks;
  const cleaned = masks.map((kept) => {
    const filled = removeSmallRegions(kept.mask, leastRegionPx, "holes");
    const mask = removeSmallRegions(filled, leastRegionPx, "components");
    return { kept: { ...kept, mask }, untouched: mask === kept.mask };
  });
  return suppress(
    cleaned.filter(({ kept }) => areaOf(kept.mask) >= leastMaskPx),
    {
      maskOf: ({ kept }) => kept.mask,
      threshold: Math.max(boxNms, defaults.cropNms),
      rank: ({ untouched }) => (untouched ? 1 : 0),
    },
  ).map(({ kept }) => kept);
}

function maskOf({ mask }: KeptMask): KeptMask["mask"] {
  return mask;
}

function predictedIou({ predictedIou }: KeptMask): number {
  return predictedIou;
}

function scoreOf({ score }: KeptMask): number {
  if (score === undefined) throw new Error("a proposal without a score");
  return score;
}
