import { expect, test } from "vitest";
import { type ImageSums, meanInterval, pairedDifference, sumByImage } from "./means.ts";
import { integer, normal, random } from "./random.ts";
import { mean } from "./summary.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test("two images have a mean and no interval", () => {
  const sums = sumByImage([one(1, 0.2), one(2, 0.6)], [1, 2]);
  expect(meanInterval(sums, { seed: 0 })).toEqual({ value: 0.4, n: 2, images: 2 });
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

test("a 95 % interval covers the true mean in 93 to 97 % of simulated datasets", () => {
  const covered = range(1000).filter((seed) => {
    const { sums } = simulate(seed, 100);
    const { low, high } = meanInterval(sums, { seed })!;
    return low! <= 0.6 && 0.6 <= high!;
  });
  expect(covered.length / 1000).toBeGreaterThanOrEqual(0.93);
  expect(covered.length / 1000).toBeLessThanOrEqual(0.97);
});

test("a paired interval covers the true difference in 93 to 97 % of 1,000 simulated datasets and is narrower than unpaired", () => {
  const runs = range(1000).map((seed) => {
    const { sums, other } = simulate(seed, 100);
    const { low, high } = pairedDifference(other, sums, { seed: 0 })!;
    const alone = meanInterval(sums, { seed: 0 })!;
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
  expect(pairedDifference(a, b, { seed: 0 })).toEqual({ value: 0.25, n: 2, images: 2 });
  expect(pairedDifference(a, sumByImage([one(9, 1)], [9]), { seed: 0 })).toBeUndefined();
});

test("a variant does not differ from itself", () => {
  const { sums } = simulate(2, 50);
  expect(pairedDifference(sums, sums, { seed: 0 })).toMatchObject({ value: 0, low: 0, high: 0 });
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
