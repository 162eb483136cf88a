import { expect, test } from "vitest";
import { calibration, miou } from "../../metrics/index.ts";
import { type CompareOptions, type Comparison, compareRuns } from "../../results/compare/compare.ts";
import { judgeCondition, parseCondition } from "./failIf.ts";
import { type SmallMask, samTokens, sideOfMasks } from "./fixtures/masks.ts";
import { exampleSide, noTokens } from "./fixtures/sides.ts";

test("a condition is a figure, a comparison, a number and its unit", () => {
  expect(parseCondition("miou.box < -0.5%")).toEqual({
    text: "miou.box < -0.5%",
    figure: "miou.box",
    of: "difference",
    comparator: "<",
    value: -0.5,
    unit: "%",
  });
  expect(parseCondition(" miou.box.small.high<=−1e-2 ")).toMatchObject({
    figure: "miou.box.small",
    of: "high",
    comparator: "<=",
    value: -0.01,
  });
  expect(parseCondition("latency.encode >= 5 ms")).toMatchObject({ figure: "latency.encode", value: 5, unit: "ms" });
  expect(parseCondition("AR@1000.grid.p < .05")).toMatchObject({ figure: "AR@1000.grid", of: "p", value: 0.05 });
});

test.each([
  ["miou.box", "no < or > in it"],
  ["miou.box = 0", "= alone compares nothing"],
  ["< 0", "nothing before <"],
  ["miou.box <", "nothing after <"],
  ["miou.box < x", "x is no number"],
  ["miou.box < 1 < 2", "two comparisons in one"],
  ["miou.box < 1kg", "the unit kg is not known, only % and ms"],
  ["miou.box < 1ms", "ms are of a latency"],
  ["latency.encode > 5", "a latency needs its unit"],
  ["latency.encode.low > 5ms", "bounds of a latency are in %"],
  ["miou.box.p < 5%", "a p value has no unit"],
  ["latency.encode.p < 0.05", "a latency has no p value"],
])("%s is refused: %s", (text, problem) => {
  expect(() => parseCondition(text)).toThrow(problem);
  expect(() => parseCondition(text)).toThrow("expected FIGURE < NUMBER");
});

const judged = { "miou-gtbox-argmax": { id: "miou-gtbox-argmax", headline: "miou", ranksMasks: false } };

/** B is 10 points worse by box, and takes half as long again. */
function example() {
  const images = Array.from({ length: 10 }, () => [0.5]);
  const a = exampleSide({ ious: { box: images }, encodeMs: [10, 10], turn: 0 });
  const b = exampleSide({ ious: { box: images.map(() => [0.4]) }, encodeMs: [15, 15], turn: 1 });
  return compareRuns(a, [b], { metrics: [miou, calibration], judged, agreement: noTokens, seed: 0, draws: 100 })[0]!;
}

test.each([
  ["miou.box < -9.9%", true],
  ["miou.box < -10.1%", false],
  ["miou.box < -0.099", true],
  ["miou.box.high < 0", true],
  ["miou.box.low > -0.2", true],
  ["miou.box.p > 0.05", false],
  ["latency.encode > 49%", true],
  ["latency.encode > 51%", false],
  ["latency.total > 5ms", true],
  ["latency.total > 6ms", false],
  ["latency.encode.low > 49%", true],
] as const)("%s: %s", (text, met) => {
  expect(judgeCondition(parseCondition(text), example()).met).toBe(met);
});

/** Two photos of 16 px, two prompts names: 3 of 4 tokens are the same, and one mask of 4 px has 3. */
function agreeing(b: Partial<SmallMask> = {}, rules: CompareOptions["agreement"] = samTokens) {
  const masks = (own: Partial<SmallMask>): readonly SmallMask[] => [
    { image: 1, target: 1, pixels: 4, token: 1 },
    { image: 1, target: 2, pixels: 4, token: 2, predictedIou: 0.5, ...own },
    { image: 2, target: 3, pixels: 4, token: 3 },
    { image: 2, target: 4, pixels: 4, token: 3, prompts: "1p" },
  ];
  const options = { metrics: [], judged, agreement: rules, seed: 0 };
  return compareRuns(sideOfMasks(masks({})), [sideOfMasks(masks(b))], options)[0]!;
}

test.each([
  ["mask-iou < 0.9999", true, "0.937500"],
  ["mask-iou < 93.7%", false, "0.937500"],
  ["mask-iou.box < 0.92", true, "0.916667"],
  ["mask-iou.1p < 0.9999", false, "1.000000"],
  ["mask-iou-least <= 0.75", true, "0.750000"],
  ["same-token < 0.999", false, "100.00 %"],
  ["predicted-iou > 1e-4", true, "2.5e-1"],
  ["predicted-iou-mean.box > 0.0834", false, "8.3e-2"],
  ["pixels > 0.015", true, "1.6e-2"],
  ["left-out > 0", false, "0"],
] as const)("of the agreement, %s: %s", (text, met, found) => {
  expect(judgeCondition(parseCondition(text), agreeing({ pixels: 3, predictedIou: 0.25 }))).toEqual({ met, found });
});

test.each([
  ["same-detection < 0.98", true, "75.00 %"],
  ["same-detection.1p < 98%", false, "100.00 %"],
  ["detection-iou < 0.999", false, "1.000000"],
  ["detection-iou-least < 0.999", false, "1.000000"],
] as const)("of two detectors, %s: %s", (text, met, found) => {
  const rules = { ...samTokens, tokensOf: () => ({ kind: "detections", why: "no tokens" }) as const };
  expect(judgeCondition(parseCondition(text), agreeing({ pixels: 1 }, rules))).toEqual({ met, found });
});

test("same-token falls below 1 by one token, and never reads as 100 % then", () => {
  expect(judgeCondition(parseCondition("same-token < 0.999"), agreeing({ token: 1 }))).toEqual({
    met: true,
    found: "75.00 %",
  });
});

test.each([
  ["mask-iou.low < 0.9", "mask-iou has no low"],
  ["left-out > 1%", "a count has no unit"],
  ["mask-iou < 9ms", "ms are of a latency"],
])("%s is refused: %s", (text, problem) => {
  expect(() => parseCondition(text)).toThrow(problem);
});

test("a condition on an agreement that was not compared is an error with the reason", () => {
  const judging = (text: string, comparison: Comparison) => () => judgeCondition(parseCondition(text), comparison);
  const noNumbers = { ...samTokens, tokensOf: noTokens.tokensOf };
  expect(judging("same-token < 0.999", agreeing({}, noNumbers))).toThrow(
    '--fail-if "same-token < 0.999": nothing was compared for it (found an example has no tokens)',
  );
  expect(judging("predicted-iou > 1e-4", agreeing({}, noNumbers))).toThrow("an example has no tokens");
  expect(judging("mask-iou < 0.9999", agreeing({}, noNumbers))).not.toThrow();
  const detectors = { ...samTokens, tokensOf: () => ({ kind: "detections", why: "no tokens" }) as const };
  expect(judging("same-token < 0.9", agreeing({}, detectors))).toThrow("nothing was compared for it (found no tokens)");
  expect(judging("same-detection < 0.9", agreeing())).toThrow("(found runs that are not both detectors)");
  expect(judging("mask-iou.bx < 0.9", agreeing())).toThrow("did you mean mask-iou.box?");
  const everything = { ...samTokens, everything: new Set(["miou-gtbox-argmax"]) };
  expect(judging("mask-iou < 0.9999", agreeing({}, everything))).toThrow(
    '--fail-if "mask-iou < 0.9999": the masks of box are not compared: everything mode keeps masks of a photo',
  );
  expect(judging("mask-iou < 0.9999", { ...agreeing(), agreement: undefined })).toThrow("share no masks");
});

test("one name that is refused stops a condition on all names, and not one on another name", () => {
  const points = (x: number) => ({ prompts: "1p", prompt: { points: [{ x, y: 1, label: 1 as const }] } });
  const sides = [1, 2].map((x) =>
    sideOfMasks([
      { image: 1, pixels: 4 },
      { image: 1, pixels: 4, ...points(x) },
    ]),
  );
  const options = { metrics: [], judged, agreement: samTokens, seed: 0 };
  const [comparison] = compareRuns(sides[0]!, [sides[1]!], options);
  expect(() => judgeCondition(parseCondition("mask-iou < 0.9999"), comparison!)).toThrow(
    "the masks of 1p are not compared: 1 of 1 prompts differ",
  );
  expect(judgeCondition(parseCondition("mask-iou.box < 0.9999"), comparison!).met).toBe(false);
});

test("a figure that the comparison lacks is an error: a gate that can not be judged does not pass", () => {
  expect(() => judgeCondition(parseCondition("miou.boxes < 0"), example())).toThrow(
    "unknown figure in --fail-if: miou.boxes; did you mean miou.box?",
  );
  expect(() => judgeCondition(parseCondition("latency.load > 1%"), example())).toThrow("latency.total");
});
