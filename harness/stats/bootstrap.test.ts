import { expect, test } from "vitest";
import {
  bootstrapInterval,
  bootstrapIntervals,
  type ImageSums,
  imageWeights,
  meanInterval,
  pairedDifference,
  sumByImage,
  weightedMean,
} from "./bootstrap.ts";
import { integer, normal, random } from "./random.ts";
import { mean, standardDeviation } from "./summary.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test("each draw draws as many images as there are", () => {
  for (const { images, counts } of imageWeights(1, [30, 10, 20, 40], 50)) {
    expect(images).toEqual([10, 20, 30, 40]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(4);
  }
});

test("weights follow from seed and images, not from order or number of draws", () => {
  const few = [...imageWeights(1, [3, 1, 2], 5)];
  expect([...imageWeights(1, [2, 3, 1], 20)].slice(0, 5)).toEqual(few);
  expect([...imageWeights(2, [1, 2, 3], 5)]).not.toEqual(few);
});

test("an image is missed in a draw with probability 1/e", () => {
  const missed = [...imageWeights(3, range(500), 200)].map(
    ({ counts }) => counts.filter((count) => count === 0).length,
  );
  expect(mean(missed) / 500).toBeCloseTo(Math.exp(-1), 2);
});

test("two images: the mean is the one, the other or between, and the interval reaches from the one to the other", () => {
  const sums = sumByImage([one(1, 0.2), one(2, 0.6)], [1, 2]);
  // A quarter of the draws has image 1 twice, a quarter image 2 twice: both ends lie within the 2.5 % tails.
  expect(meanInterval(sums, { seed: 0 })).toEqual({ value: 0.4, low: 0.2, high: 0.6, n: 2, images: 2 });
});

test("one image has a mean and no interval", () => {
  const sums = sumByImage([one(5, 0.25), one(5, 0.75)], [5]);
  expect(meanInterval(sums, { seed: 0 })).toEqual({ value: 0.5, n: 2, images: 1 });
});

test("no instance has no mean", () => {
  expect(meanInterval(sumByImage([], [1, 2]), { seed: 0 })).toBeUndefined();
  expect(meanInterval(sumByImage([], []), { seed: 0 })).toBeUndefined();
});

test("the mean is over instances, not over images", () => {
  const sums = sumByImage([one(1, 1), one(2, 0), one(2, 0), one(2, 0)], [1, 2]);
  expect(meanInterval(sums, { seed: 0 })?.value).toBe(0.25);
});

test("sums by image do not depend on the order in which images come", () => {
  const instances = range(200).map((i) => one(i % 20, Math.sin(i)));
  const shuffled = [...instances.filter(({ image }) => image >= 7), ...instances.filter(({ image }) => image < 7)];
  expect(sumByImage(shuffled, range(20))).toEqual(sumByImage(instances, range(20).reverse()));
});

test("an instance of an unknown image is a bug", () => {
  expect(() => sumByImage([one(3, 1)], [1, 2])).toThrow("image 3");
});

test("draws that leave a figure undefined are left out of its interval", () => {
  // Only image 1 has an instance: 37 % of the draws have none, all others give 0.5.
  const sums = sumByImage([one(1, 0.5)], range(30));
  expect(meanInterval(sums, { seed: 0 })).toEqual({ value: 0.5, low: 0.5, high: 0.5, n: 1, images: 30 });
});

test("several figures from the same draws are those that each has alone", () => {
  const { sums } = simulate(1, 40);
  const square = (weights: Parameters<typeof weightedMean>[1]) => weightedMean(sums, weights)! ** 2;
  const plain = (weights: Parameters<typeof weightedMean>[1]) => weightedMean(sums, weights);
  const together = bootstrapIntervals((weights) => [plain(weights), square(weights)], sums.images, { seed: 4 });
  expect(together).toEqual([
    bootstrapInterval(plain, sums.images, { seed: 4 }),
    bootstrapInterval(square, sums.images, { seed: 4 }),
  ]);
});

test("a 95 % interval covers the true mean in 93 to 97 % of simulated datasets", () => {
  const covered = range(400).filter((seed) => {
    const { sums } = simulate(seed, 100);
    const { low, high } = meanInterval(sums, { seed, draws: 500 })!;
    return low! <= 0.6 && 0.6 <= high!;
  });
  expect(covered.length / 400).toBeGreaterThanOrEqual(0.93);
  expect(covered.length / 400).toBeLessThanOrEqual(0.97);
});

test("a paired interval covers the true difference in 93 to 97 % of 1,000 simulated datasets and is narrower than unpaired", () => {
  const runs = range(1000).map((seed) => {
    const { sums, other } = simulate(seed, 100);
    const { low, high } = pairedDifference(other, sums, { seed: 0, draws: 500 })!;
    const alone = meanInterval(sums, { seed: 0, draws: 200 })!;
    return { covers: low! <= 0.02 && 0.02 <= high!, narrow: (high! - low!) / (alone.high! - alone.low!) };
  });
  const covered = runs.filter(({ covers }) => covers).length / 1000;
  expect(covered).toBeGreaterThanOrEqual(0.93);
  expect(covered).toBeLessThanOrEqual(0.97);
  expect(mean(runs.map(({ narrow }) => narrow))).toBeLessThan(0.5);
});

test("a difference is taken over the images that both variants have", () => {
  const a = sumByImage([one(1, 0.5), one(2, 0.75), one(3, 0)], [1, 2, 3]);
  const b = sumByImage([one(1, 0.25), one(2, 0.5), one(4, 1)], [1, 2, 4]);
  expect(pairedDifference(a, b, { seed: 0 })).toEqual({ value: 0.25, low: 0.25, high: 0.25, n: 2, images: 2 });
  expect(pairedDifference(a, sumByImage([one(9, 1)], [9]), { seed: 0 })).toBeUndefined();
});

test("a variant does not differ from itself", () => {
  const { sums } = simulate(2, 50);
  expect(pairedDifference(sums, sums, { seed: 0 })).toMatchObject({ value: 0, low: 0, high: 0 });
});

test("a set of drawn images in place of multiplicities makes the spread 24 % too narrow", () => {
  const sums = sumByImage(
    range(2000).map((i) => one(i, normal(random(i, "value")))),
    range(2000),
  );
  const spread = (weigh: (counts: Uint32Array) => Uint32Array) =>
    standardDeviation(
      [...imageWeights(5, sums.images, 2000)].map(
        ({ images, counts }) => weightedMean(sums, { images, counts: weigh(counts) })!,
      ),
    );
  const once = spread((counts) => counts.map((count) => Math.min(1, count)));
  const often = spread((counts) => counts);
  expect(often).toBeCloseTo(1 / Math.sqrt(2000), 3);
  // The variance of a mean over the 63 % of images drawn is (1 - 0.632) / 0.632 of what it should be: 0.763 in spread.
  expect(once / often).toBeCloseTo(0.76, 1);
});

function one(image: number, value: number) {
  return { image, value };
}

/** Instances are alike within an image; true mean 0.6, and the other variant is 0.02 better on each instance but for noise. */
function simulate(seed: number, images: number): { sums: ImageSums; other: ImageSums } {
  const stream = random(seed, "simulation");
  const instances = range(images).flatMap((image) => {
    const centre = 0.6 + 0.15 * normal(stream);
    return range(1 + integer(stream, 12)).map(() => one(image, centre + 0.1 * normal(stream)));
  });
  const better = instances.map(({ image, value }) => one(image, value + 0.02 + 0.03 * normal(stream)));
  return { sums: sumByImage(instances, range(images)), other: sumByImage(better, range(images)) };
}
