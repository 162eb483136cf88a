import { expect, test } from "vitest";
import { calibration, miou } from "../../metrics/index.ts";
import { compareRuns } from "../../results/compare/compare.ts";
import { judgeCondition, parseCondition } from "./failIf.ts";
import { exampleSide } from "./fixtures/sides.ts";

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
  return compareRuns(a, [b], { metrics: [miou, calibration], judged, seed: 0, draws: 100 })[0]!;
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

test("a figure that the comparison lacks is an error: a gate that can not be judged does not pass", () => {
  expect(() => judgeCondition(parseCondition("miou.boxes < 0"), example())).toThrow(
    "unknown figure in --fail-if: miou.boxes; did you mean miou.box?",
  );
  expect(() => judgeCondition(parseCondition("latency.load > 1%"), example())).toThrow("latency.total");
});
