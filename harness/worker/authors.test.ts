import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { authorsResults, type OwnResult, type PromptResult } from "./fixtures/authors.ts";
import { beyondBounds } from "./fixtures/authorsBounds.ts";

const authorsOf = (variant: string) =>
  authorsResults(fileURLToPath(new URL(`fixtures/authors/${variant}.json`, import.meta.url)));

/** The least change of one result that is beyond a bound, and what is said of it. */
const changes: readonly (readonly [(result: PromptResult) => Partial<OwnResult>, RegExp])[] = [
  [({ token }) => ({ token: token - 1 }), /: token 0, expected 1$/],
  [() => ({ points: [[1, 1]] }), /: prompted at \[\[1,1\]\], expected/],
  [
    ({ predictedIous }) => ({ predictedIous: withLast(predictedIous, 2.1e-6) }),
    /: predicted IoU of token 3 .+ expected/,
  ],
  [({ predictedIous }) => ({ predictedIous: withLast(predictedIous, Number.NaN) }), /: predicted IoU of token 3 NaN/],
  [
    ({ predictedIous }) => ({ predictedIous: new Map([...predictedIous].slice(0, -1)) }),
    /: predicted IoU of token 3 undefined, expected/,
  ],
  [({ areaPx }) => ({ areaPx: areaPx + 2 }), /: \d+ px, 1 of them at the threshold, expected \d+ px$/],
  [({ iou, areaPx }) => ({ iou: iou - 1.01 / areaPx }), /: IoU .+, expected/],
  [({ iou }) => ({ iou: iou - 7e-7, pixelsWithin: () => 0 }), /: IoU .+, expected/],
  [() => ({ annotation: -1 }), /: no result$/],
];

test.each(changes)("one result of 612 that is beyond a bound is named, %#", (change, said) => {
  const authors = authorsOf("sam-nano");
  const place = authors.findIndex(({ prompts, token }) => prompts === "1dt" && token === 1);
  const same = authors.map(asOwn);
  const changed = same.map((result, i) => (i === place ? { ...result, ...change(result) } : result));
  expect(beyondBounds(authors, same)).toEqual([]);
  const { image, annotation } = authors[place]!;
  expect(beyondBounds(authors, changed)).toEqual([expect.stringMatching(said)]);
  expect(beyondBounds(authors, changed)[0]).toContain(`image ${image}, annotation ${annotation}, 1dt: `);
});

test("small differences of many results are beyond the bounds of all together", () => {
  const authors = authorsOf("sam-nano");
  const same = authors.map(asOwn);
  const shifted = same.map((result) => ({ ...result, iou: result.iou + 1.1e-6 }));
  expect(beyondBounds(authors, shifted)).toEqual([
    expect.stringMatching(/^IoUs differ by .+ in the mean/),
    expect.stringMatching(/^0 of 612 masks are the authors'/),
  ]);
  const larger = same.map((result, i) => ({ ...result, areaPx: result.areaPx + Number(i % 30 === 0) }));
  expect(beyondBounds(authors, larger)).toEqual([expect.stringMatching(/^591 of 612 masks/)]);
  const kept = same.filter(({ mask }) => mask !== undefined).slice(0, 19);
  const redrawn = same.map((result) => (kept.includes(result) ? { ...result, mask: "redrawn" } : result));
  expect(beyondBounds(authors, redrawn)).toEqual([expect.stringMatching(/^593 of 612 masks/)]);
});

/** A pixel of each mask is at the threshold. */
function asOwn(result: PromptResult): OwnResult {
  return { ...result, pixelsWithin: () => 1 };
}

function withLast(values: ReadonlyMap<number, number>, more: number): ReadonlyMap<number, number> {
  return new Map(values).set(3, values.get(3)! + more);
}
