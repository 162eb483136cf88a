import { expect, test } from "vitest";
import type { Comparison } from "../../results/compare/compare.ts";
import type { FigureDifference } from "../../results/compare/differences.ts";
import { summarySentences } from "./summary.ts";

interface Example {
  readonly label: string;
  /** Difference of each prompts name with its bounds. */
  readonly differences: Readonly<Record<string, readonly [value: number, low: number, high: number]>>;
  readonly outcome: Comparison["verdict"]["outcome"];
  readonly times: number;
  readonly speed?: Comparison["verdict"]["speed"];
  readonly measured?: "interleaved" | "apart";
  readonly images?: number;
  /** Id of the figure that is compared. */
  readonly id?: string;
}

const named = (label: string) => ({ label, titles: new Map([["miou", "mIoU"]]) });

function beside({
  label,
  differences,
  outcome,
  times,
  speed,
  measured = "interleaved",
  images = 24,
  id = "miou",
}: Example) {
  const figures = Object.entries(differences).map(([prompts, [value, low, high]]) => ({
    figure: `${id}.${prompts}`,
    prompts,
    headline: true,
    better: "higher",
    unit: "fraction",
    difference: { value, low, high },
  }));
  const comparison = {
    images,
    figures: figures as unknown as readonly FigureDifference[],
    latency: { measured, stages: [{ stage: "total", ratio: { value: 1 } }] },
    verdict: { outcome, speed },
  } as unknown as Comparison;
  return { label, comparison, speedUp: times };
}

const alike = { box: [0, -0.001, 0.001] } as const;
const lost = { box: [-0.05, -0.07, -0.03] } as const;

test("a variant that is as accurate and faster leads, with its difference and its speed", () => {
  const fast = beside({
    label: "sam-fast/sam-nano",
    differences: alike,
    outcome: "no difference",
    times: 1.07,
    speed: "faster",
  });
  expect(summarySentences(named("sam-nano"), [fast])).toEqual([
    "sam-fast/sam-nano is as accurate as sam-nano (difference 0.0 ±0.1 points of mIoU box) and 1.07 × as fast.",
  ]);
});

test("the fastest and the most accurate are named with what they cost", () => {
  const examples = [
    beside({ label: "fast", differences: alike, outcome: "no difference", times: 1.07, speed: "faster" }),
    beside({ label: "fastest", differences: lost, outcome: "worse", times: 2, speed: "faster" }),
    beside({ label: "best", differences: { box: [0.05, 0.03, 0.07] }, outcome: "better", times: 0.5, speed: "slower" }),
  ];
  expect(summarySentences(named("base"), examples)).toEqual([
    "fast is as accurate as base (difference 0.0 ±0.1 points of mIoU box) and 1.07 × as fast.",
    "The fastest: fastest is less accurate than base (difference −5.0 ±2.0 points of mIoU box) and 2.00 × as fast.",
    "The most accurate: best is more accurate than base (difference 5.0 ±2.0 points of mIoU box) and 0.50 × as fast.",
  ]);
});

test("a difference that is not shown is no equality: few images do not tell", () => {
  const wide = { box: [-0.01, -0.05, 0.03], "1p": [0, -0.002, 0.002] } as const;
  const [sentence] = summarySentences(named("base"), [
    beside({ label: "b", differences: wide, outcome: "no difference", times: 1.5, speed: "faster" }),
  ]);
  expect(sentence).toBe(
    "b is 1.50 × as fast as base; 24 images do not tell whether it is as accurate (difference in points of mIoU: −1.0 ±4.0 by box, 0.0 ±0.2 by 1 point).",
  );
});

test("one image is singular, and a figure without a title has its id", () => {
  const [sentence] = summarySentences(named("base"), [
    beside({
      label: "b",
      differences: { box: [0, -0.05, 0.05] },
      outcome: "no difference",
      times: 1.5,
      speed: "faster",
      images: 1,
      id: "dice",
    }),
  ]);
  expect(sentence).toBe(
    "b is 1.50 × as fast as base; 1 image does not tell whether it is as accurate (difference 0.0 ±5.0 points of dice box).",
  );
});

test("speed within noise, and speed of two sessions, are no gain", () => {
  const noisy = beside({
    label: "b",
    differences: alike,
    outcome: "no difference",
    times: 1.2,
    speed: "no difference",
  });
  expect(summarySentences(named("base"), [noisy])).toEqual([
    "No variant is shown to be faster than base without a loss of accuracy. As accurate as base, within 1 point: b.",
  ]);
  const apart = beside({ label: "b", differences: alike, outcome: "no difference", times: 1.2, measured: "apart" });
  expect(summarySentences(named("base"), [apart])[0]).toMatch(/^Speed is not compared with base/);
  expect(summarySentences(named("base"), [])).toEqual([]);
});
