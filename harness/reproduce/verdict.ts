import { holm } from "../stats/permutation.ts";
import { studentT, studentTail } from "../stats/studentT.ts";

const defaults = {
  /** A difference that a reader would call one: a point of percent, where the cell's unit is percent. */
  worthwhile: 1,
  /** Chance of calling even one true cell of a table different. */
  error: 0.05,
  /**
   * Chance of finding a worthwhile difference on the images that a verdict names. The spread is an estimate from fewer images,
   * so that in fact it is between 0.8 and this (verdict.slow.test.ts).
   */
  power: 0.9,
  /** Groups that intervals are made of: as many images have one degree of freedom less. */
  groups: 40,
};

/** Our figure for a published cell, in the cell's unit. */
export interface OwnFigure {
  /** Mean over the prompt seeds; of one seed where nothing is left to chance. */
  readonly value: number;
  /** 95 % interval over images of one seed's figure; absent where too few images say something about the spread. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Images that the figure is on, of all that the published one is on. */
  readonly images: number;
  readonly ofImages: number;
  /** Figure of each prompt seed, where prompts are drawn. */
  readonly seeds?: readonly number[] | undefined;
}

export interface Cell {
  /** The published value, as rounded there. */
  readonly published: number;
  /** Digits behind the point that the paper prints. */
  readonly decimals: number;
  /** Difference that the recipe allows besides rounding. */
  readonly tolerance: number;
  /** A difference of a point in the cell's unit: 1 for percent, 0.01 for fractions. */
  readonly point: number;
  readonly ours: OwnFigure;
}

export type Verdict =
  /** On all images, and within rounding, tolerance and the noise of prompts. */
  | { readonly kind: "reproduced"; readonly difference: number; readonly allowed: number }
  | { readonly kind: "differs"; readonly difference: number; readonly allowed: number; readonly p?: number }
  /** On a part of the images: a difference of a point or more is ruled out. */
  | { readonly kind: "reproduced so far"; readonly difference: number; readonly allowed: number; readonly p: number }
  /** On a part of the images that shows neither; `needed` images would show a point, where any number does. */
  | {
      readonly kind: "undecided";
      readonly difference: number;
      readonly allowed: number;
      readonly p?: number;
      readonly needed?: number;
    };

/**
 * Judges the cells of one table. On all images and with prompts that leave nothing to chance both values are of the same images,
 * so that an interval over images says nothing: a difference up to rounding and tolerance is none. Drawn prompts widen that by
 * the spread of their seeds. On a part of the images the difference beyond what is allowed is tested against the spread of
 * images, with the correction for a finite population, and p values are corrected for the number of cells (Holm).
 */
export function verdicts(cells: readonly Cell[]): readonly Verdict[] {
  const spreads = cells.map(spreadOf);
  const tested = cells.flatMap((cell, i) => (isWhole(cell) || spreads[i] === undefined ? [] : [i]));
  const corrected = holm(tested.map((i) => pOf(cells[i]!, spreads[i]!)));
  const ps = new Map(tested.map((i, place) => [i, corrected[place]!]));
  return cells.map((cell, i) => {
    if (isWhole(cell)) return wholeVerdict(cell, spreads[i]);
    const p = ps.get(i);
    return partVerdict(cell, { spread: spreads[i], p, cells: tested.length });
  });
}

/** Standard error of the difference, with its degrees of freedom. */
interface Spread {
  readonly error: number;
  readonly degrees: number;
  /** Variance between images times their number, and the variance of the prompts over all images. */
  readonly ofImages: number;
  readonly ofPrompts: number;
}

function isWhole({ ours }: Cell): boolean {
  return ours.images >= ours.ofImages;
}

function differenceOf({ ours, published }: Cell): number {
  return ours.value - published;
}

/** Returns the difference that rounding and the recipe allow. Half a unit of the last digit may be lost on paper alone. */
function allowedOf({ decimals, tolerance }: Cell): number {
  return 0.5 * 10 ** -decimals + tolerance;
}

/** Returns the spread of the difference; nothing where it can not be known: too few images, and prompts of one seed. */
function spreadOf({ ours }: Cell): Spread | undefined {
  const { images, ofImages, low, high, seeds = [] } = ours;
  const share = Math.min(1, images / ofImages);
  const drawn = seeds.length > 1 ? varianceOf(seeds) : 0;
  // Prompts of the paper were one draw, ours are the mean of several; on fewer images each draw varies more.
  const ofPrompts = drawn * share * (1 + 1 / Math.max(1, seeds.length));
  if (share === 1)
    return { error: Math.sqrt(ofPrompts), degrees: Math.max(1, seeds.length - 1), ofImages: 0, ofPrompts };
  if (low === undefined || high === undefined) return undefined;
  const degrees = Math.min(images, defaults.groups) - 1;
  const own = ((high - low) / 2 / studentT(degrees, defaults.error)) ** 2;
  return { error: Math.sqrt(own * (1 - share) + ofPrompts), degrees, ofImages: own * images, ofPrompts };
}

function varianceOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

function wholeVerdict(cell: Cell, spread: Spread | undefined): Verdict {
  const difference = differenceOf(cell);
  const drawn = cell.ours.seeds !== undefined && cell.ours.seeds.length > 1 && spread !== undefined;
  const noise = drawn ? studentT(spread.degrees, defaults.error) * spread.error : 0;
  const allowed = allowedOf(cell) + noise;
  return { kind: Math.abs(difference) <= allowed ? "reproduced" : "differs", difference, allowed };
}

/** Returns how probable so large a difference is where the true one is at the border of what is allowed. */
function pOf(cell: Cell, { error, degrees }: Spread): number {
  const excess = Math.abs(differenceOf(cell)) - allowedOf(cell);
  if (excess <= 0) return 1;
  return error === 0 ? 0 : studentTail(degrees, excess / error);
}

interface PartOptions {
  readonly spread: Spread | undefined;
  readonly p: number | undefined;
  /** Cells that are tested together. */
  readonly cells: number;
}

function partVerdict(cell: Cell, { spread, p, cells }: PartOptions): Verdict {
  const difference = differenceOf(cell);
  const allowed = allowedOf(cell);
  if (spread === undefined || p === undefined) return { kind: "undecided", difference, allowed };
  if (p < defaults.error) return { kind: "differs", difference, allowed, p };
  const farthest = Math.abs(difference) + studentT(spread.degrees, defaults.error) * spread.error;
  if (farthest < defaults.worthwhile * cell.point) return { kind: "reproduced so far", difference, allowed, p };
  return { kind: "undecided", difference, allowed, p, needed: imagesNeeded(cell, spread, cells) };
}

/**
 * Returns on how many images a difference of a point would be found with the wanted power; nothing where no number of images
 * does, because rounding, tolerance or prompts hide it.
 */
function imagesNeeded(cell: Cell, spread: Spread, cells: number): number | undefined {
  const excess = defaults.worthwhile * cell.point - allowedOf(cell);
  const degrees = Math.max(spread.degrees, defaults.groups - 1);
  // The strictest of the corrected tests, and the power of a normal estimate: two-sided, so that 2 (1 - power) is its tail.
  const distance = studentT(degrees, defaults.error / cells) + studentT(degrees, 2 * (1 - defaults.power));
  const variance = (excess / distance) ** 2 - spread.ofPrompts;
  if (excess <= 0 || variance <= 0) return undefined;
  const { ofImages } = cell.ours;
  return Math.min(ofImages, Math.max(1, Math.ceil(1 / (variance / spread.ofImages + 1 / ofImages))));
}
