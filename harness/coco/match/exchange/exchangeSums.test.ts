import { expect, test } from "vitest";
import { random } from "../../../stats/random.ts";
import { drawnCategories, drawnLists, drawScene } from "../../fixtures/drawnScene.ts";
import { table, truth } from "../../fixtures/scene.ts";
import { cellOf } from "../cells.ts";
import { evaluate } from "../evaluate.ts";
import { cocoRules, type EvaluationRules, lvisRules, proposalRulesFor, summariesOf } from "../rules.ts";
import { summarizer } from "../summarize.ts";
import { awaitBlocks, beginSecondThread, takeBlocks } from "./exchangeBlocks.ts";
import { jobOf } from "./exchangeSums.ts";
import { joinSides } from "./joinSides.ts";

/** The last ten have neither an annotation nor a detection. */
const images = 50;
const always = () => true;

/** Returns the matches of both sides at once, side A in images of even number, and those of each by itself. */
function matchedSides(seed: number, rules: EvaluationRules) {
  const scene = drawScene(seed, images - 10);
  const stream = random(seed, "side B");
  // Side B lacks some detections and scores others otherwise.
  const ofB = scene.found.flatMap((each) => {
    const drawn = stream.next();
    return drawn < 0.2 ? [] : [{ ...each, score: drawn < 0.6 ? each.score : Math.round(5 * drawn) / 5 }];
  });
  const on = <T extends { readonly image: number }>(side: 0 | 1, all: readonly T[]) =>
    all.map((each) => ({ ...each, image: 2 * (each.image - 1) + side }));
  const sides = { a: on(0, scene.found), b: on(1, ofB) };
  const doubled = Array.from({ length: 2 * images }, (_, i) => i);
  const matched = (annotated: readonly number[], found: Parameters<typeof table>[0]) => {
    const all = [...on(0, scene.truth), ...on(1, scene.truth)].filter(({ image }) => annotated.includes(image));
    const given = truth(all, { images: annotated, categories: drawnCategories, lists: drawnLists });
    return evaluate({ truth: given, detections: table(found), type: "segm", rules });
  };
  return {
    both: matched(doubled, [...sides.a, ...sides.b]),
    a: matched(
      doubled.filter((image) => image % 2 === 0),
      sides.a,
    ),
    b: matched(
      doubled.filter((image) => image % 2 === 1),
      sides.b,
    ),
  };
}

/** Yields random exchanges in one array, as `permutationPs` does, and before them the sides as they are. */
function* drawnExchanges(count: number): Generator<Uint8Array, void, void> {
  const stream = random(5, "exchanges");
  const exchanged = new Uint8Array(images);
  for (let draw = 0; draw < count; draw++) {
    yield exchanged;
    for (let i = 0; i < images; i++) exchanged[i] = stream.next() < 0.5 ? 1 : 0;
  }
}

const copies = (count: number) => Array.from(drawnExchanges(count), (exchanged) => exchanged.slice());
const weightsOf = (exchanged: Uint8Array, side: 0 | 1) =>
  Uint32Array.from({ length: 2 * images }, (_, i) => ((i & 1) === (exchanged[i >> 1]! ^ side) ? 1 : 0));

const everyRules = [
  ["coco", cocoRules],
  ["class-agnostic by frequency", proposalRulesFor([{ frequency: "rare" }])],
  ["lvis", lvisRules],
] as const;

test.each(everyRules)("two sides that are joined are what matching both at once gives: %s", (_, rules) => {
  for (const seed of [1, 2, 3]) {
    const { both, a, b } = matchedSides(seed, rules);
    const joined = joinSides(a, b);
    expect(joined).toEqual(both);
    expect(joined.order.length).toBeGreaterThan(50);
  }
});

test.each(everyRules)("many exchanges at once give the figures of each by itself, to the last bit: %s", (_, rules) => {
  for (const seed of [1, 2, 3]) {
    const { values, byExchange } = summarizer(matchedSides(seed, rules).both, drawnCategories);
    const found = [...byExchange(drawnExchanges(150), always)];
    const expected = copies(150).map((exchanged) => ({
      first: values(weightsOf(exchanged, 0)),
      second: values(weightsOf(exchanged, 1)),
    }));
    expect(found).toEqual(expected);
    expect(new Set(found.map(({ first }) => first[0]!.value)).size).toBeGreaterThan(20);
  }
});

/** Returns a job of four blocks, of which nothing is summed yet. */
function drawnJob() {
  const matches = matchedSides(1, cocoRules).both;
  const cells = matches.categories.flatMap((_, category) =>
    cocoRules.splits.flatMap(({ id }, split) => {
      const cell = cellOf(matches, category, split);
      return cell === undefined ? [] : [{ cell, split: id, frequency: undefined }];
    }),
  );
  const given = { cells, summaries: summariesOf(cocoRules), images: 2 * images, limits: cocoRules.limits.length };
  return jobOf(given, drawnExchanges(200));
}

test("another thread gives the same sums, to the last bit", async () => {
  const own = drawnJob();
  takeBlocks(own);
  const other = drawnJob();
  beginSecondThread(other);
  await expect.poll(() => [...other.state.subarray(1)], { timeout: 60_000 }).toEqual([1, 1, 1, 1]);
  expect(other.sums).toEqual(own.sums);
  expect(other.sums.some((sum) => sum > 0)).toBe(true);
});

test("a block that another thread took and never summed is summed by the one that waits", () => {
  const own = drawnJob();
  takeBlocks(own);
  const late = drawnJob();
  late.state[0] = 2;
  takeBlocks(late);
  expect([...late.state.subarray(1)]).toEqual([0, 0, 1, 1]);
  awaitBlocks(late, { lateMs: 1 });
  expect(late.sums).toEqual(own.sums);
});

test("only the figures that are wanted are there, in their order", () => {
  const { byExchange } = summarizer(matchedSides(1, cocoRules).both, drawnCategories);
  const wanted = ["AR-cat@10", "AP75", "APl"];
  const all = [...byExchange(drawnExchanges(3), always)];
  const some = [...byExchange(drawnExchanges(3), ({ id }) => wanted.includes(id))];
  expect(some).toEqual(
    all.map(({ first, second }) => ({ first: first.filter(isWanted), second: second.filter(isWanted) })),
  );
  expect(some[0]!.first.map(({ id }) => id)).toEqual(["AP75", "APl", "AR-cat@10"]);

  function isWanted({ id }: { readonly id: string }): boolean {
    return wanted.includes(id);
  }
});

test("without an image there are exchanges, and no values", () => {
  const given = truth([], { images: [] });
  const matches = evaluate({ truth: given, detections: table([]), type: "segm", rules: cocoRules });
  const { byExchange } = summarizer(matches, given.categories);
  const none = [{ id: "AP", n: 0 }];
  const found = [...byExchange([new Uint8Array(0), new Uint8Array(0)], ({ id }) => id === "AP")];
  expect(found).toEqual([
    { first: none, second: none },
    { first: none, second: none },
  ]);
});

test("sides with other annotations are a bug of the caller", () => {
  const given = truth([{ image: 0, at: [0, 0, 5, 5] }], { images: [0, 1] });
  const matches = evaluate({ truth: given, detections: table([]), type: "segm", rules: cocoRules });
  const { byExchange } = summarizer(matches, given.categories);
  expect(() => [...byExchange([Uint8Array.of(0)], always)]).toThrow("the two sides have 1 and 0 annotations to find");
});

test("sides with other annotations can not be joined", () => {
  const matched = (images: readonly number[]) => {
    const given = truth([{ image: 0, at: [0, 0, 5, 5] }], { images });
    return evaluate({ truth: given, detections: table([]), type: "segm", rules: cocoRules });
  };
  expect(() => joinSides(matched([0]), matched([1]))).toThrow("the two sides have 1 and 0 annotations to find");
});
