import fc from "fast-check";
import { expect, test } from "vitest";
import { type SmallMask, samTokens, sideOfMasks } from "../../../report/compare/fixtures/masks.ts";
import type { Side } from "../side.ts";
import { type Agreement, agreementOf } from "./agreement.ts";

const nothingLeft = { failedInA: 0, failedInB: 0, onlyInA: 0, onlyInB: 0, otherPrompt: 0 };

function agreed(a: Side, b: Side, rules = samTokens): Agreement {
  const found = agreementOf(a, b, rules);
  if (found === undefined) throw new Error("nothing was compared");
  return found;
}

/** The same, one pixel less of four, both empty, and two masks apart by another token. */
const masksOfA: readonly SmallMask[] = [
  { image: 1, target: 1, pixels: 4, token: 1, predictedIou: 0.5 },
  { image: 1, target: 2, pixels: 4, token: 2, predictedIou: 0.75 },
  { image: 2, target: 3, pixels: 0, token: 3, predictedIou: 0.5 },
  { image: 2, target: 4, pixels: 2, token: 3, predictedIou: 0 },
];
const masksOfB: readonly SmallMask[] = [
  { image: 1, target: 1, pixels: 4, token: 1, predictedIou: 0.5 },
  { image: 1, target: 2, pixels: 3, token: 2, predictedIou: 0.25 },
  { image: 2, target: 3, pixels: 0, token: 3, predictedIou: 0.75 },
  { image: 2, target: 4, pixels: 2, from: 9, token: 1, predictedIou: 1 },
];

test("by hand: tokens, predicted IoU of the same token, IoU of the masks with each other, pixels", () => {
  const { all, prompts } = agreed(sideOfMasks(masksOfA), sideOfMasks(masksOfB));
  expect(all).toEqual({
    n: 4,
    sameToken: 3 / 4,
    // 0, 0.5 and 0.25; the pair of two tokens, which lie 1 apart, is not among them.
    predictedIou: { mean: 0.25, largest: 0.5, n: 3 },
    // 1, 3 of 4, 1 for two empty masks, 0.
    maskIou: { mean: 2.75 / 4, least: 0 },
    // 1 px and 4 px of four photos of 16 px.
    differingPixels: 5 / 64,
    bothEmpty: 1,
    leftOut: nothingLeft,
  });
  expect(prompts).toEqual([{ prompts: "box", protocol: "miou-gtbox-argmax", ...all }]);
});

test("the targets that differ come in the order of their mask IoU, with what each run said of them", () => {
  const { worst } = agreed(sideOfMasks(masksOfA), sideOfMasks(masksOfB));
  expect(worst.map(({ target, maskIou, differingPx }) => [target, maskIou, differingPx])).toEqual([
    [4, 0, 4],
    [2, 0.75, 1],
  ]);
  expect(worst[0]).toMatchObject({
    image: 2,
    categoryName: "cat",
    prompts: "box",
    step: 1,
    tokens: { a: 3, b: 1 },
    predictedIous: { a: 0, b: 1 },
  });
  expect(worst[1]!.categoryName).toBe("category 2");
});

test("at most ten targets are named, and none of two masks that are the same", () => {
  const masks = (pixels: number) =>
    Array.from({ length: 12 }, (_, i) => ({ image: 1, target: i + 1, pixels: i === 0 ? 4 : pixels }));
  expect(agreed(sideOfMasks(masks(4)), sideOfMasks(masks(3))).worst.map(({ target }) => target)).toEqual([
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ]);
  expect(agreed(sideOfMasks(masks(4)), sideOfMasks(masks(4))).worst).toEqual([]);
});

test("prompts are compared by themselves, and all of them weighted by their targets", () => {
  const both = (box: number, point: number) =>
    sideOfMasks([
      { image: 1, target: 1, pixels: box },
      { image: 1, target: 2, pixels: 4 },
      { image: 1, target: 1, prompts: "1p", pixels: point },
    ]);
  const { prompts, all } = agreed(both(4, 4), both(2, 1));
  expect(prompts.map(({ prompts: name, n, maskIou }) => [name, n, maskIou!.mean])).toEqual([
    ["box", 2, 0.75],
    ["1p", 1, 0.25],
  ]);
  expect([all!.n, all!.maskIou]).toEqual([3, { mean: 1.75 / 3, least: 0.25 }]);
});

test("a row without a partner is counted by its reason, and the rows of an image that one run did not plan are not", () => {
  const a = sideOfMasks(
    [
      { image: 1, target: 1, pixels: 4 },
      { image: 1, target: 2, pixels: 4 },
      { image: 2, target: 1, pixels: 4 },
      { image: 5, target: 1, pixels: 4 },
    ],
    { failed: [3] },
  );
  const b = sideOfMasks(
    [
      { image: 1, target: 1, pixels: 4 },
      { image: 1, target: 7, pixels: 4 },
      { image: 1, target: 8, pixels: 4 },
      { image: 3, target: 1, pixels: 4 },
    ],
    { failed: [2] },
  );
  const { n, leftOut } = agreed(a, b).all!;
  expect([n, leftOut]).toEqual([1, { failedInA: 1, failedInB: 1, onlyInA: 1, onlyInB: 2, otherPrompt: 0 }]);
});

test("a later click that went elsewhere is counted and not compared; a first prompt that differs is refused", () => {
  const at = (x: number, step: number) => ({ step, prompt: { points: [{ x, y: 1, label: 1 as const }] } });
  const clicks = (x: number) =>
    sideOfMasks([
      { image: 1, target: 1, prompts: "3c", pixels: 4, ...at(1, 3) },
      { image: 1, target: 2, prompts: "3c", pixels: 4, ...at(x, 3) },
    ]);
  expect(agreed(clicks(1), clicks(2)).all).toMatchObject({ n: 1, leftOut: { ...nothingLeft, otherPrompt: 1 } });
  const first = (x: number, manifest = {}) =>
    sideOfMasks(
      [
        { image: 1, target: 1, prompts: "1p", pixels: 4, ...at(1, 1) },
        { image: 1, target: 2, prompts: "1p", pixels: 4, ...at(x, 1) },
      ],
      { manifest },
    );
  expect(agreed(first(1), first(2, { seed: 7 }))).toMatchObject({
    prompts: [],
    all: undefined,
    refused: [
      {
        prompts: "1p",
        reason:
          "1 of 2 prompts differ, such as image 1, target 2: point 1 1 in A, point 2 1 in B; the seeds are 1 and 7",
      },
    ],
  });
});

test("boxes of other files are named, before their targets are taken for the same", () => {
  const boxes = (x1: number, file: string) => {
    const { dataset } = sideOfMasks([{ image: 1, pixels: 4 }]).manifest;
    const manifest = { dataset: { ...dataset, fingerprint: `f1 boxes ${file}` } };
    const prompt = { points: [], box: { x0: 0, y0: 0, x1, y1: 2 } };
    return sideOfMasks([{ image: 1, pixels: 4, prompt }], { manifest });
  };
  const [refusal] = agreed(boxes(2, "aa"), boxes(3, "bb")).refused;
  expect(refusal!.reason).toBe(
    "1 of 1 prompts differ, such as image 1, target 1: box 0 0 2 2 in A, box 0 0 3 2 in B; the runs have other --boxes",
  );
});

test("everything mode and prompts of two protocols are refused with the reason", () => {
  const by = (protocol: string) =>
    sideOfMasks([{ image: 1, pixels: 4 }], { manifest: { protocols: { box: protocol } } });
  const reasonOf = (a: Side, b: Side) => agreed(a, b).refused.map(({ reason }) => reason);
  expect(reasonOf(by("miou-gtbox"), by("miou-gtbox-argmax"))).toEqual([
    "prompted by miou-gtbox in A and by miou-gtbox-argmax in B",
  ]);
  expect(reasonOf(by("anything-ar1000"), by("anything-ar1000"))).toEqual([
    "everything mode keeps masks of a photo, not one for each prompt: none of A belongs to one of B",
  ]);
});

test("where tokens are not numbered alike, neither they nor the predicted IoUs are compared, and the masks are", () => {
  const rules = { ...samTokens, tokensOf: () => ({ kind: "none", why: "B is a floor and has no tokens" }) as const };
  const found = agreed(sideOfMasks(masksOfA), sideOfMasks(masksOfB), rules);
  expect(found.tokensLeftOut).toBe("B is a floor and has no tokens");
  expect(found.all).toMatchObject({ n: 4, sameToken: undefined, predictedIou: undefined, maskIou: { least: 0 } });
});

test("of two detectors, the share of the same detection and the masks' IoU on those; by hand", () => {
  const rules = { ...samTokens, tokensOf: () => ({ kind: "detections", why: "no tokens" }) as const };
  const side = (masks: readonly SmallMask[]) => sideOfMasks(masks.map((mask, i) => ({ target: i + 1, ...mask })));
  const a = side([
    { image: 1, pixels: 4, predictedIou: 0.5 },
    { image: 1, pixels: 4, predictedIou: 0.5 },
    { image: 1, pixels: 4, predictedIou: 0.5 },
    { image: 1, pixels: 4, predictedIou: 0.5 },
    { image: 1, pixels: 0, predictedIou: 0 },
  ]);
  const b = side([
    // 3 of 4 px, and as confident but for rounding.
    { image: 1, pixels: 3, predictedIou: 0.50005 },
    // The same mask of another confidence.
    { image: 1, pixels: 4, predictedIou: 0.5002 },
    // As confident, and half of the mask, which is not over half.
    { image: 1, pixels: 2, predictedIou: 0.5 },
    { image: 1, pixels: 4, predictedIou: 0.5 },
    // Neither found anything.
    { image: 1, pixels: 0, predictedIou: 0 },
  ]);
  const { all, worst, tokensLeftOut } = agreed(a, b, rules);
  expect(all).toMatchObject({
    n: 5,
    sameToken: undefined,
    predictedIou: undefined,
    sameDetection: { share: 3 / 5, n: 3, maskIou: { mean: 2.75 / 3, least: 0.75 } },
  });
  expect(worst.map(({ target }) => target)).toEqual([3, 1, 2]);
  expect(tokensLeftOut).toBe("no tokens");
});

test("a detector and a decoder have no detection in common", () => {
  const tokensOf = ({ id }: Side["manifest"]) =>
    id === "a" ? ({ kind: "detections", why: "A has detections" } as const) : samTokens.tokensOf({ id } as never);
  const side = (id: string) => sideOfMasks([{ image: 1, pixels: 4 }], { manifest: { id } });
  const found = agreed(side("a"), side("b"), { ...samTokens, tokensOf });
  expect(found.all).toMatchObject({ sameDetection: undefined, sameToken: undefined, maskIou: { mean: 1 } });
  expect(found.tokensLeftOut).toBe("A has detections");
});

test("the same target with another token is named, even where the masks are the same", () => {
  const chosen = (token: number) => sideOfMasks([{ image: 1, pixels: 4, token, predictedIou: token / 4 }]);
  const { all, worst } = agreed(chosen(1), chosen(3));
  expect(all).toMatchObject({ sameToken: 0, predictedIou: undefined, maskIou: { mean: 1, least: 1 } });
  expect(worst).toHaveLength(1);
});

test("of several masks that a protocol keeps of a prompt, the first is compared", () => {
  const kept = (second: number) =>
    sideOfMasks([
      { image: 1, pixels: 4, token: 1 },
      { image: 1, pixels: second, token: 2 },
    ]);
  expect(agreed(kept(3), kept(9)).all).toMatchObject({ n: 1, sameToken: 1, maskIou: { mean: 1 } });
});

test("a mask whose runs do not fill its photo is an error that names its row", () => {
  const a = sideOfMasks([{ image: 1, target: 5, pixels: 4 }]);
  const rows = a.byPrompts.get("box")!.map((row) => ({ ...row, mask: { ...row.mask, counts: "1" } }));
  const broken: Side = { ...a, byPrompts: new Map([["box", rows]]) };
  expect(() => agreementOf(a, broken, samTokens)).toThrow("row of B, image 1, target 5, prompts box");
});

const masks = fc.array(
  fc.record({
    pixels: fc.integer({ min: 0, max: 16 }),
    from: fc.integer({ min: 0, max: 16 }),
    token: fc.integer({ min: 1, max: 3 }),
    predictedIou: fc.integer({ min: 0, max: 64 }).map((n) => n / 64),
  }),
  { minLength: 1, maxLength: 8 },
);
const numbered = (given: readonly Omit<SmallMask, "image">[]) =>
  sideOfMasks(given.map((mask, i) => ({ image: 1, target: i + 1, ...mask })));

test("a run agrees with itself in everything, whatever its masks are", () => {
  fc.assert(
    fc.property(masks, (given) => {
      const { all, worst } = agreed(numbered(given), numbered(given));
      expect(all).toMatchObject({ sameToken: 1, differingPixels: 0, maskIou: { mean: 1, least: 1 } });
      expect(all!.predictedIou).toEqual({ mean: 0, largest: 0, n: given.length });
      expect(worst).toEqual([]);
    }),
  );
});

test("A agrees with B as B agrees with A, and pixels are counted as bitmaps count them", () => {
  fc.assert(
    fc.property(masks, masks, (x, y) => {
      const n = Math.min(x.length, y.length);
      const [a, b] = [x.slice(0, n), y.slice(0, n)];
      const there = agreed(numbered(a), numbered(b)).all!;
      expect(agreed(numbered(b), numbered(a)).all).toEqual(there);
      const inside = ({ pixels, from }: (typeof a)[number], i: number) => i >= from && i < from + pixels;
      const differing = a.reduce((sum, mask, at) => {
        const places = Array.from({ length: 16 }, (_, i) => i);
        return sum + places.filter((i) => inside(mask, i) !== inside(b[at]!, i)).length;
      }, 0);
      expect(there.differingPixels).toBe(differing / (16 * n));
    }),
  );
});
