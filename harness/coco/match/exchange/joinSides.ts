import type { Matches } from "../evaluate.ts";
import type { Positives } from "../matchImages.ts";

/**
 * Returns what matching two sides as one would: image i of A is image 2i, image i of B is 2i + 1. Images are matched one by one, so
 * nothing is matched again. Both sides are matched by the same rules, against the same annotations of the same images.
 */
export function joinSides(a: Matches, b: Matches): Matches {
  const bySplit = (ofA: readonly Uint16Array[], ofB: readonly Uint16Array[]) =>
    ofA.map((own, split) => joined(own, ofB[split]!, Uint16Array));
  const { order, ends } = mergedOrder(a, b);
  return {
    rules: a.rules,
    images: Array.from({ length: 2 * a.images.length }, (_, image) => image),
    categories: a.categories,
    order,
    ends,
    imageOf: joined(a.imageOf.map(imageOfA), b.imageOf.map(imageOfB), Uint32Array),
    rankOf: joined(a.rankOf, b.rankOf, Uint16Array),
    scoreOf: joined(a.scoreOf, b.scoreOf, Float64Array),
    hits: bySplit(a.hits, b.hits),
    misses: bySplit(a.misses, b.misses),
    positives: a.positives.map((ofA, at) => joinedPositives(ofA, b.positives[at]!)),
  };
}

const imageOfA = (image: number) => 2 * image;
const imageOfB = (image: number) => 2 * image + 1;

/** Returns the values of A's detections, and those of B's behind them. */
function joined<T extends Uint16Array | Uint32Array | Float64Array>(a: T, b: T, Kind: new (length: number) => T): T {
  const both = new Kind(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Merges both orders: by category, then falling score, then image, of which each is of one side. */
function mergedOrder(a: Matches, b: Matches): Pick<Matches, "order" | "ends"> {
  const order = new Uint32Array(a.order.length + b.order.length);
  const firstOfB = a.scoreOf.length;
  let ofA = 0;
  let ofB = 0;
  for (let category = 0; category < a.ends.length; category++) {
    const endA = a.ends[category]!;
    const endB = b.ends[category]!;
    while (ofA < endA || ofB < endB) {
      const fromA = ofB === endB || (ofA < endA && isBefore(a, a.order[ofA]!, b, b.order[ofB]!));
      order[ofA + ofB] = fromA ? a.order[ofA]! : firstOfB + b.order[ofB]!;
      if (fromA) ofA++;
      else ofB++;
    }
  }
  return { order, ends: a.ends.map((end, category) => end + b.ends[category]!) };
}

/** Tells whether a detection of A comes before one of B in the same category. */
function isBefore(a: Matches, ofA: number, b: Matches, ofB: number): boolean {
  const scoreA = a.scoreOf[ofA]!;
  const scoreB = b.scoreOf[ofB]!;
  return scoreA > scoreB || (scoreA === scoreB && a.imageOf[ofA]! <= b.imageOf[ofB]!);
}

/** Joins the counts of both sides, images ascending. Throws for sides that have other annotations. */
function joinedPositives(a: Positives, b: Positives): Positives {
  const ofA = sumOf(a);
  const ofB = sumOf(b);
  if (ofA !== ofB) throw new Error(`the two sides have ${ofA} and ${ofB} annotations to find`);
  return {
    images: a.images.flatMap((image) => [imageOfA(image), imageOfB(image)]),
    counts: a.counts.flatMap((count) => [count, count]),
  };
}

function sumOf({ counts }: Positives): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
