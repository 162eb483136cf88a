import { expect, test } from "vitest";
import type { Rle } from "../../api.ts";
import { encodeRle, formatCounts } from "../../mask/index.ts";
import { ap, calibration, miou, recall } from "../../metrics/index.ts";
import { judgementOf, protocolOf } from "../../protocols/index.ts";
import { exampleSide, exampleTurn, type Ious, noTokens, simulatedSides } from "../../report/compare/fixtures/sides.ts";
import { compareRuns } from "./compare.ts";
import { type Side, sharedRows } from "./side.ts";

const judged = Object.fromEntries(["miou-gtbox-argmax", "ap-gtbox"].map((id) => [id, judgementOf(protocolOf(id))]));
const options = { metrics: [miou, calibration], judged, agreement: noTokens, seed: 0, draws: 300 };
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

const square = { height: 4, width: 4 };
/** Returns a square of 16 whose first so many pixels are set. */
const filled = (pixels: number): Rle =>
  encodeRle(
    Uint8Array.from(range(16), (i) => (i < pixels ? 1 : 0)),
    square,
  );

test("two runs alike: no difference, an interval around 0, and what would have shown", () => {
  const { a, b } = simulatedSides(2, 40, 0);
  const [{ verdict, figures }] = compareRuns(a, [b], options) as [ReturnType<typeof compareRuns>[0]];
  expect(verdict.outcome).toBe("no difference");
  const { low, high } = figures[0]!.difference;
  expect(low!).toBeLessThan(0);
  expect(high!).toBeGreaterThan(0);
  expect(verdict.sentences[1]).toMatch(/^miou\.box: no difference shown, .+; one of \d\.\d points would have shown\.$/);
});

test("a difference that would have shown is never told as none", () => {
  const nearly = (shift: number) => exampleSide({ ious: { box: range(12).map((i) => [0.5 + shift * ((i % 3) - 1)]) } });
  const { verdict, figures } = compareRuns(nearly(0), [nearly(1e-5)], options)[0]!;
  expect(figures[0]!.detectable).toBeLessThan(0.0005);
  expect(verdict.sentences[1]).toMatch(/; one of 0\.1 points would have shown\.$/);
});

test("a loss on nearly every image: worse, and the other way round better", () => {
  const { a, b } = simulatedSides(2, 40, -0.05);
  expect(compareRuns(a, [b], options)[0]!.verdict.outcome).toBe("worse");
  expect(compareRuns(b, [a], options)[0]!.verdict.outcome).toBe("better");
});

test("lower is better for the calibration error, and no verdict is made of it", () => {
  const sharp = exampleSide({ ious: { box: range(20).map(() => [0.5]) } });
  const off = {
    ...sharp,
    byPrompts: new Map([["box", sharp.byPrompts.get("box")!.map((row) => ({ ...row, predictedIou: 0.9 }))]]),
  };
  const [found] = compareRuns(sharp, [off], options);
  const ece = found!.figures.find(({ figure }) => figure === "ece.box")!;
  expect(ece).toMatchObject({ better: "lower" });
  expect(ece.difference.value).toBeCloseTo(0.4, 12);
  expect(found!.verdict).toMatchObject({ outcome: "no difference" });
  expect(found!.verdict.sentences[1]).toBe("miou.box: the same on every image.");
});

test("the verdict is on the protocol's headline figure; recall and mean IoU of the same rows are listed below it", () => {
  const masks = (pixels: readonly number[]) => {
    const side = exampleSide({ ious: { det: pixels.map(() => [0.5]) }, manifest: { protocols: { det: "ap-gtbox" } } });
    const rows = side.byPrompts.get("det")!.map((row, i) => ({
      ...row,
      score: 0.9,
      mask: { size: square, counts: formatCounts(filled(pixels[i]!)) },
    }));
    return {
      ...side,
      manifest: { ...side.manifest, protocols: { det: "ap-gtbox" } },
      byPrompts: new Map([["det", rows]]),
    };
  };
  const annotation = (image: number) => ({
    id: image,
    image,
    category: 1,
    mask: filled(8),
    box: { x0: 0, y0: 0, x1: 4, y1: 2 },
    areaPx: 8,
    crowd: false,
  });
  const dataset = { categories: [{ id: 1, name: "thing" }], annotationsOf: (image: number) => [annotation(image)] };
  const metrics = [miou, calibration, ap, recall];
  const a = masks(range(12).map(() => 8));
  const b = masks(range(12).map(() => 6));
  const { figures, verdict } = compareRuns(a, [b], { ...options, metrics, dataset })[0]!;
  expect(figures.filter(({ headline }) => headline).map(({ figure }) => figure)).toEqual(["AP.det"]);
  expect(figures.map(({ figure }) => figure)).toContain("AR@1000.det");
  // Alone in its family: Holm's correction changes nothing.
  const headline = figures.find(({ headline }) => headline)!;
  expect(headline.adjustedP).toBe(headline.p);
  expect(verdict.outcome).toBe("worse");
  expect(verdict.sentences.filter((each) => /^(AR|miou)/.test(each))).toEqual([]);
});

test("several comparisons are judged together: Holm over all headline figures", () => {
  const { a, b } = simulatedSides(2, 12, 0.004);
  const alone = compareRuns(a, [b], options)[0]!.figures[0]!;
  const [first, second] = compareRuns(a, [b, b], options).map(({ figures }) => figures[0]!);
  expect(alone.adjustedP).toBe(alone.p);
  expect(first!.p).toBe(alone.p);
  expect(first!.adjustedP).toBeCloseTo(Math.min(1, 2 * alone.p!), 12);
  expect(second!.adjustedP).toBe(first!.adjustedP);
});

test("only targets of both are compared, and what is left out is said", () => {
  const a = exampleSide({ ious: { box: [[0.5, 0.7], [0.4]], "1p": [[0.2], [0.2]] } });
  const b = exampleSide({ ious: { box: [[0.6], [0.5], [0.9]] } });
  const [found] = compareRuns(a, [b], options);
  expect(found!.figures[0]).toMatchObject({ figure: "miou.box", n: 2, images: 2 });
  expect(found!.figures[0]!.difference.value).toBeCloseTo(0.1, 12);
  expect(found!.notes).toEqual([
    "images: 2 are in both (A has 2, B has 3); figures are about these",
    "prompts box: 1 targets are only in one of the two and left out",
    "prompts 1p: only A has them",
  ]);
});

test("prompts of two protocols and runs of two seeds are named", () => {
  const a = exampleSide({ ious: { box: [[0.5]] } });
  const b = exampleSide({ ious: { box: [[0.5]] }, manifest: { protocols: { box: "miou-gtbox" }, seed: 7 } });
  expect(sharedRows(a, b)).toEqual({
    prompts: [],
    notes: [
      "seeds: 1 and 7, so random prompts are other points; part of the difference is theirs",
      "prompts box: left out, by miou-gtbox-argmax in A and by miou-gtbox in B",
    ],
  });
  expect(compareRuns(a, [b], options)[0]!.verdict.outcome).toBe("not judged");
});

test("a run on seeded weights has no accuracy to compare, and that is said", () => {
  const a = exampleSide({ ious: { box: [[0.5]] } });
  const weights = { source: "seeded", label: "seeded weights, version 1" } as const;
  const b: Side = { ...a, images: [], byPrompts: new Map(), manifest: { ...a.manifest, id: "b", weights } };
  const [found] = compareRuns(a, [b], options);
  expect(found!.notes).toEqual(["accuracy: b has none (seeded weights, version 1)"]);
  expect(found!.verdict.outcome).toBe("not judged");
});

test("runs on other data are refused: another dataset, or ids that mean other targets", () => {
  const a = exampleSide({ ious: { box: [[0.5]] } });
  const elsewhere: Side = { ...a, manifest: { ...a.manifest, dataset: { ...a.manifest.dataset, id: "coco" } } };
  expect(() => sharedRows(a, elsewhere)).toThrow("not on the same data (found [shapes, coco])");
  const [row] = a.byPrompts.get("box")!;
  const redrawn: Side = { ...a, byPrompts: new Map([["box", [{ ...row!, areaPx: 9 }]]]) };
  expect(() => sharedRows(a, redrawn)).toThrow(
    "image 1, target 1: not the same in both runs (found 2000 px of 640 x 480 and 9 px of 640 x 480)",
  );
});

test("categories are named from the largest loss and the largest gain on, each by its own p", () => {
  // Target t of every image is of category t + 1: the first loses, the second stays, the third gains.
  const ious = (first: number, third: number): Ious => range(12).map((i) => [first + i / 100, 0.5, third]);
  const a = exampleSide({ ious: { box: ious(0.5, 0.5) } });
  const b = exampleSide({ ious: { box: ious(0.3, 0.6) } });
  const dataset = { categories: [{ id: 1, name: "a <cat>" }], annotationsOf: () => [] };
  const [{ categories }] = compareRuns(a, [b], { ...options, dataset }) as [ReturnType<typeof compareRuns>[0]];
  expect(categories[0]).toMatchObject({ prompts: "box", judged: 3, leftOut: 0 });
  expect(categories[0]!.worst.map(({ name }) => name)).toEqual(["a <cat>"]);
  expect(categories[0]!.worst[0]!.difference.value).toBeCloseTo(-0.2, 12);
  expect(categories[0]!.best.map(({ name }) => name)).toEqual(["category 3"]);
  // 12 images, all of one sign: 2 of about 1,000 exchanges, times 3 categories.
  expect(categories[0]!.worst[0]!.adjustedP).toBeLessThan(0.02);
});

test("runs by turns are judged beyond the noise floor, runs measured apart are not", () => {
  const noisy = (factor: number) => range(21).map((i) => factor * (100 + 10 * Math.sin(5 * i)));
  const side = (encodeMs: readonly number[], turn: number, session?: string) =>
    exampleSide({ ious: { box: [[0.5]] }, encodeMs, turn, session });
  const compared = (b: Side) => compareRuns(side(noisy(1), 0), [b], options)[0]!;
  // The rounds share their noise: B is exactly 20 % slower in each.
  const slower = compared(side(noisy(1.2), 1));
  const encode = slower.latency!.stages.find(({ stage }) => stage === "encode")!;
  expect(encode.ratio.value).toBeCloseTo(1.2, 12);
  expect(encode.ratio.high! - encode.ratio.low!).toBeLessThan(1e-9);
  expect(slower.verdict.speed).toBe("slower");
  expect(compared(side(noisy(1 / 1.2), 1)).verdict.speed).toBe("faster");
  expect(compared(side(noisy(1.01), 1)).verdict.speed).toBe("no difference");
  // Two sessions whose turns never fall on the same place in a round are two all the same.
  const apart = compared(side(noisy(1.2), 1, "two"));
  expect([apart.latency!.measured, apart.verdict.speed]).toEqual(["apart", undefined]);
  expect(apart.verdict.sentences.at(-1)).toContain("measured in two sessions");
  expect(apart.verdict.sentences.at(-1)).toContain("--rounds 20 measures both by turns");
});

test("turns of a run stored before sessions were named are of no session", () => {
  const a = exampleSide({ ious: { box: [[0.5]] }, encodeMs: [100, 101, 102] });
  const unnamed = { ...a, turns: a.turns.map(({ session: _, ...turn }) => turn) };
  expect(compareRuns(unnamed, [unnamed], options)[0]!.latency!.measured).toBe("apart");
});

test("the ratio is that of the medians beside it, and a sample of two kinds is named", () => {
  // A decodes in 4 or 7 ms, B in 7 or 4: by rounds B over A is 1.75 or 0.57, and no median of those is 7 over 4.
  const a = exampleSide({ ious: { box: [[0.5]] }, encodeMs: range(21).map((i) => (i % 5 < 3 ? 40 : 70) + (i % 2)) });
  const b = exampleSide({
    ious: { box: [[0.5]] },
    encodeMs: range(21).map((i) => (i % 5 < 3 ? 70 : 40) + (i % 2)),
    turn: 1,
  });
  const { latency, verdict } = compareRuns(a, [b], options)[0]!;
  for (const { aMs, bMs, ratio } of latency!.stages) expect(ratio.value).toBe(bMs / aMs);
  const decode = latency!.stages.find(({ stage }) => stage === "decode")!;
  expect(decode.modes).toMatchObject({
    a: { lowShare: expect.closeTo(0.62, 1) },
    b: { lowShare: expect.closeTo(0.38, 1) },
  });
  expect(verdict.sentences.join(" ")).toContain("decode of A: its samples are of two kinds, 62 % near 4.0");
});

test("a second process of A sets the noise floor", () => {
  const a = exampleSide({ ious: { box: [[0.5]] } });
  const b = exampleSide({ ious: { box: [[0.5]] } });
  const turns = (turn: number, ms: (round: number) => number) =>
    range(20).map((round) => exampleTurn(round, turn, ms(round)));
  const measured = (factor: number, again: number) => {
    const latency = new Map([
      [b, { a: turns(0, () => 100), again: turns(1, () => 100 * again), b: turns(2, () => 100 * factor) }],
    ]);
    return compareRuns(a, [b], { ...options, latency })[0]!;
  };
  const quiet = measured(1.1, 1.02);
  expect(quiet.latency).toMatchObject({ measured: "interleaved", noiseFrom: "again" });
  expect(quiet.latency!.stages[0]!.noise).toBe(0);
  expect(quiet.latency!.stages.find(({ stage }) => stage === "encode")!.noise).toBeCloseTo(0.02, 12);
  expect(quiet.verdict.speed).toBe("slower");
  expect(measured(1.1, 1.2).verdict.speed).toBe("no difference");
});

test("latency of other conditions is not compared, and why is said", () => {
  const a = exampleSide({ ious: { box: [[0.5]] }, encodeMs: [1, 2], turn: 0 });
  const b = exampleSide({
    ious: { box: [[0.5]] },
    encodeMs: [1, 2],
    turn: 1,
    manifest: { runtime: { ...a.manifest.runtime, threads: 1 } },
  });
  const [found] = compareRuns(a, [b], options);
  expect(found!.latency).toBeUndefined();
  expect(found!.notes).toEqual([
    "latency: not compared, the two runs differ in threads; --rounds 20 measures both here by turns",
  ]);
});
