import type { Random } from "../../api.ts";
import { cocoRules, type EvaluationRules, type Matches } from "../../coco/index.ts";
import { type ImageSums, sumByImage } from "../../stats/means.ts";
import { integer, normal, random } from "../../stats/random.ts";

/** Settings that sets of images are drawn by: all sets of one generator have the same categories and the same two models. */
export interface Generator {
  readonly categories: number;
  /** The k-th category has a share of 1 / (k + 1) ^ tail of the annotations. */
  readonly tail: number;
  /** Annotations of an image, on average. */
  readonly targets: number;
}

/** Has 80 categories, the rarest with a fortieth of the commonest's annotations, and 7.4 annotations an image, as val2017 has. */
export const cocoLike: Generator = { categories: 80, tail: 0.85, targets: 7.4 };

/** Has 1,203 categories, a third of them in few images, and 12.4 annotations an image, as the val set of LVIS v1 has. */
export const lvisLike: Generator = { categories: 1203, tail: 1.3, targets: 12.4 };

/** One set of images with what two models, A and B, find in it. */
export interface DrawnSet {
  readonly images: readonly number[];
  /** Matches by category: AP, AP50 and recall by category are computed from them. */
  readonly matches: readonly [Matches, Matches];
  /** Share of the ten thresholds that an annotation's IoU reaches: its mean is AR of images with fewer masks than the limit. */
  readonly reached: readonly [ImageSums, ImageSums];
  /** IoU of every annotation. */
  readonly ious: readonly [ImageSums, ImageSums];
}

/** Rules with one split and one limit: other splits and limits would only cost time here. */
const rules: EvaluationRules = { ...cocoRules, splits: cocoRules.splits.slice(0, 1), limits: [100] };
const thresholds = 10;

interface Found {
  readonly image: number;
  readonly category: number;
  readonly score: number;
  /** One bit for each threshold that is reached. */
  readonly hits: number;
  /** IoU of an annotation that was found, absent for a mistake. */
  readonly iou?: number;
}

/**
 * Draws set number `repeat`. The annotations of an image are of few categories and about equally hard; what is hard for A is
 * mostly hard for B, and B is a little better. No masks are drawn: their IoUs and scores are.
 */
export function drawSet(world: World, images: number, repeat: number): DrawnSet {
  const stream = random(repeat, "coverage", world.categories, images);
  const ids = Array.from({ length: images }, (_, i) => i);
  const shown: { image: number; category: number }[] = [];
  const found: [Found[], Found[]] = [[], []];
  for (const image of ids) drawImage(image, stream, world, shown, found);
  const sumsOf = (own: readonly Found[], of: (found: Found) => number) =>
    sumByImage(
      own.flatMap((each) => (each.iou === undefined ? [] : [{ image: each.image, value: of(each) }])),
      ids,
    );
  const both = <T>(of: (own: readonly Found[]) => T): readonly [T, T] => [of(found[0]), of(found[1])];
  return {
    images: ids,
    matches: both((own) => matchesOf(own, shown, world.categories)),
    reached: both((own) => sumsOf(own, ({ iou }) => reachedBy(iou!) / thresholds)),
    ious: both((own) => sumsOf(own, ({ iou }) => iou!)),
  };
}

/** Properties of categories and models that stay the same from set to set. */
export interface World extends Generator {
  /** Sums of the shares up to each category. */
  readonly shares: Float64Array;
  /** Ease of each category: it is added to the logit of an IoU. */
  readonly ease: Float64Array;
  /** Lead of B over A at each category, on the same scale. */
  readonly gain: Float64Array;
}

/** Draws the world of a generator. */
export function worldOf(generator: Generator): World {
  const { categories, tail } = generator;
  const stream = random(0, "coverage world", categories);
  const shares = new Float64Array(categories);
  let sum = 0;
  for (let k = 0; k < categories; k++) shares[k] = sum += (k + 1) ** -tail;
  return {
    ...generator,
    shares: shares.map((share) => share / sum),
    ease: Float64Array.from({ length: categories }, () => 0.7 * normal(stream)),
    gain: Float64Array.from({ length: categories }, () => 0.1 + 0.2 * normal(stream)),
  };
}

function drawImage(
  image: number,
  stream: Random,
  world: World,
  shown: { image: number; category: number }[],
  found: readonly [Found[], Found[]],
): void {
  const present: number[] = [];
  const ease = 1.3 + 0.6 * normal(stream);
  const count = 1 + geometric(stream, world.targets - 1);
  for (let i = 0; i < count; i++) {
    const again = present.length > 0 && stream.next() < 0.6;
    const category = again ? present[integer(stream, present.length)]! : drawCategory(stream, world);
    present.push(category);
    shown.push({ image, category });
    const own = ease + world.ease[category]! + 0.9 * normal(stream);
    for (const model of [0, 1] as const) {
      const logit = own + model * world.gain[category]! + 0.5 * normal(stream);
      const iou = logistic(logit);
      const score = logistic(0.8 * logit + 0.9 * normal(stream));
      found[model].push({ image, category, score, hits: (1 << reachedBy(iou)) - 1, iou });
    }
  }
  for (const model of [0, 1] as const) {
    const mistakes = geometric(stream, world.targets);
    for (let i = 0; i < mistakes; i++) {
      const category = stream.next() < 0.7 ? present[integer(stream, present.length)]! : drawCategory(stream, world);
      const score = logistic(-0.8 + 0.3 * ease - 0.2 * model + 0.9 * normal(stream));
      found[model].push({ image, category, score, hits: 0 });
    }
  }
}

function drawCategory(stream: Random, { shares }: World): number {
  const wanted = stream.next();
  let low = 0;
  let high = shares.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shares[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Draws 0, 1, 2 … from the geometric distribution with that mean. */
function geometric(stream: Random, mean: number): number {
  return Math.floor(Math.log(1 - stream.next()) / Math.log(mean / (1 + mean)));
}

function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Counts those of the thresholds 0.50, 0.55 … 0.95 that an IoU reaches. */
function reachedBy(iou: number): number {
  return Math.min(thresholds, Math.max(0, Math.floor((iou - 0.45) / 0.05)));
}

/** Returns the matches as `evaluate` would return them for masks with these IoUs. */
function matchesOf(
  found: readonly Found[],
  shown: readonly { readonly image: number; readonly category: number }[],
  categories: number,
): Matches {
  const order = Uint32Array.from(found.keys()).sort((i, j) => {
    const a = found[i]!;
    const b = found[j]!;
    return a.category - b.category || b.score - a.score || a.image - b.image;
  });
  const rankOf = new Uint16Array(found.length);
  const seen = new Map<number, number>();
  const ends = new Array<number>(categories).fill(0);
  for (const [i, index] of order.entries()) {
    const { image, category } = found[index]!;
    const key = image * categories + category;
    rankOf[index] = seen.get(key) ?? 0;
    seen.set(key, rankOf[index]! + 1);
    ends[category] = i + 1;
  }
  for (let k = 1; k < categories; k++) ends[k] = Math.max(ends[k]!, ends[k - 1]!);
  const positives = Array.from({ length: categories }, () => ({ images: [] as number[], counts: [] as number[] }));
  for (const { image, category } of shown) {
    const { images, counts } = positives[category]!;
    if (images.at(-1) === image) counts[counts.length - 1]!++;
    else {
      images.push(image);
      counts.push(1);
    }
  }
  const every = (1 << thresholds) - 1;
  return {
    rules,
    images: [...new Set(shown.map(({ image }) => image))],
    categories: Array.from({ length: categories }, (_, k) => k + 1),
    order,
    ends,
    imageOf: Uint32Array.from(found, ({ image }) => image),
    rankOf,
    scoreOf: Float64Array.from(found, ({ score }) => score),
    hits: [Uint16Array.from(found, ({ hits }) => hits)],
    misses: [Uint16Array.from(found, ({ hits }) => every & ~hits)],
    positives,
  };
}
