import { expect, test } from "vitest";
import type { Capability, Prompt, PromptSampler, Rle, Size } from "../api.ts";
import { encodeRle } from "../mask/index.ts";
import { type Fitting, misfitOf, requireFit } from "./fit.ts";
import { needsOf, promptPlan, protocols } from "./index.ts";

const sam = { id: "sam-vit-b", lacks: [] } as const;
const efficient = { id: "efficientsam-ti", lacks: ["single-mask-token", "mask-input"], maxPoints: 6 } as const;
const lacking = ["single-mask-token", "three-masks"] as const;
/** A decoder as `--return-single-mask` exports it. */
const oneMask = { id: "mine", lacks: lacking, choosesUpTo: 2 } as const;
const stable = { id: "mine", lacks: ["predicted-iou"] } as const;

const fits = (variant: Fitting, prompts: string, protocol?: string) =>
  promptPlan({ prompts, protocol }).every((each) => misfitOf(each, variant) === undefined);
const refusal = (variant: Fitting, flags: { prompts?: string; protocol?: string }) => () =>
  requireFit(promptPlan(flags), variant);

test("a protocol refuses a variant that lacks what it needs", () => {
  const variant = { id: "efficientsam-ti", lacks: ["single-mask-token"] as readonly Capability[] };
  expect(refusal(variant, { protocol: "miou-edgesam" })).toThrow(
    "efficientsam-ti: can not be measured by protocol miou-edgesam, it lacks what that needs (found no single-mask-token)",
  );
  for (const { id } of protocols.filter(
    ({ needs, prompted }) => !needs.includes("single-mask-token") && prompted !== "nothing",
  ))
    requireFit(promptPlan({ protocol: id }), variant);
  requireFit(promptPlan({ protocol: "miou-edgesam" }), { id: "sam-vit-b", lacks: ["mask-input"] });
});

test("a variant with an everything mode of its own is not prompted by a grid, and one without is not asked for it", () => {
  const own = { id: "fastsam-s", lacks: ["single-mask-token", "mask-input"], everything: "own output" } as const;
  expect(refusal(own, { protocol: "anything-ar1000" })).toThrow(
    "fastsam-s: can not be measured by protocol anything-ar1000, which prompts a grid of points",
  );
  requireFit(promptPlan({ protocol: "anything-ar-fastsam" }), own);
  requireFit(promptPlan({ protocol: "miou-gtbox" }), own);
  expect(refusal(sam, { protocol: "anything-ar-fastsam" })).toThrow(
    "sam-vit-b: can not be measured by protocol anything-ar-fastsam, which prompts nothing",
  );
});

test("a model that takes six points is asked for five, and refused for nine with the prompts that fit", () => {
  expect(fits(efficient, "1dt,2dt,3dt,5dt")).toBe(true);
  expect(fits(efficient, "9dt")).toBe(false);
  expect(fits(efficient, "5c,box,3p")).toBe(true);
  const error = thrown(refusal(efficient, { protocol: "points-dt" }));
  expect(error.message).toBe(
    "efficientsam-ti: takes fewer points than prompts 9dt hold (found 9, a box counting as two, expected at most 6)",
  );
  expect(error.hint).toBe("choose prompts of fewer points; --prompts 1dt,2dt,3dt,5dt,1dt-oracle fit");
});

test("a box counts as two points, and the single point of a decoder exported for one leaves none for it", () => {
  const one = { id: "mine", lacks: [], maxPoints: 1 };
  expect([fits(one, "1p"), fits(one, "box"), fits(one, "3p")]).toEqual([true, false, false]);
  const three = { ...one, maxPoints: 3 };
  expect([fits(three, "box"), fits(three, "box+1p"), fits(three, "box+2p")]).toEqual([true, true, false]);
});

test("one mask a prompt is the most confident of three up to two points, padding counted, and nothing else", () => {
  expect([fits(oneMask, "box"), fits(oneMask, "1p"), fits(oneMask, "com")]).toEqual([true, true, true]);
  for (const prompts of ["3p", "2dt", "3c", "1dt-oracle"]) expect(fits(oneMask, prompts)).toBe(false);
  const error = thrown(refusal(oneMask, {}));
  expect(error.message).toBe(
    "mine: can not be measured with prompts 3p, which need three masks (found a decoder that gives one mask, the single-mask token's for more than 2 points, padding counted)",
  );
  expect(error.hint).toBe("export the decoder without --return-single-mask; --prompts box,1p fit");
  const everything = thrown(refusal(oneMask, { protocol: "anything-ar1000" }));
  expect(everything.message).toBe(
    "mine: can not be measured with prompts anything, which need three masks (found a decoder that gives one mask)",
  );
});

test("stability scores are no predicted IoU: a protocol that chooses or ranks by it refuses them", () => {
  const error = thrown(refusal(stable, { prompts: "box" }));
  expect(error.message).toBe(
    "mine: can not be measured with prompts box, which keep the mask of the highest predicted IoU (found iou_predictions that are stability scores)",
  );
  expect(error.hint).toBe("export the decoder without --use-stability-score");
  for (const protocol of ["anything-ar1000", "anything-sa1b", "ap-gtbox", "ap-detector-samiou"])
    expect(refusal(stable, { protocol })).toThrow("no predicted-iou");
  // Chosen by the box, by the target's mask, or not at all.
  expect([fits(stable, "det-boxiou"), fits(stable, "1dt-oracle"), fits(stable, "box+2p")]).toEqual([true, true, true]);
});

/** The prompts of every protocol, taken to their last step, hold what their samplers say. */
test("samplers say how many points their prompts hold", () => {
  for (const protocol of protocols.filter(({ prompted }) => prompted !== "nothing"))
    for (const { sampler, scored } of protocol.passes)
      expect(promptSizes(sampler, scored.at(-1)!.step), `${protocol.id} ${sampler.id}`).toEqual(
        Array.from({ length: scored.at(-1)!.step }, (_, i) => sampler.size(i + 1)),
      );
});

test("prompts need the mask input exactly where they feed a mask back", () => {
  for (const protocol of protocols.filter(({ prompted }) => prompted !== "nothing"))
    for (const { sampler, scored } of protocol.passes) {
      const feeds = promptsOfSampler(sampler, scored.at(-1)!.step).some(({ mask }) => mask !== undefined);
      for (const { prompts } of scored)
        expect(needsOf({ protocol, prompts }).includes("mask-input"), `${protocol.id} ${prompts}`).toBe(feeds);
    }
});

test("twenty clicks refuse a model that takes six points, and their feedback one without a mask input", () => {
  const error = thrown(refusal({ id: "efficientsam-ti", lacks: [], maxPoints: 6 }, { protocol: "noc" }));
  expect(error.message).toBe(
    "efficientsam-ti: takes fewer points than prompts noc hold (found 20, a box counting as two, expected at most 6)",
  );
  expect(fits({ id: "mine", lacks: [], maxPoints: 19 }, "noc")).toBe(false);
  expect(fits({ id: "mine", lacks: [], maxPoints: 20 }, "noc,noc-mask")).toBe(true);
  const unfed = thrown(refusal({ id: "fastsam-s", lacks: ["mask-input"] }, { protocol: "noc" }));
  expect(unfed.message).toBe(
    "fastsam-s: can not be measured with prompts noc-mask, it lacks what they need (found no mask-input)",
  );
  expect(unfed.hint).toBe(
    "leave the variant or the protocol out; `bench list protocols` says what each needs; --prompts noc fit",
  );
});

function promptSizes(sampler: PromptSampler, steps: number) {
  return promptsOfSampler(sampler, steps).map(({ points, box }) => ({ points: points.length, box: box !== undefined }));
}

/** A square of 20 x 20 px, and predictions that leave something wrong at each step. */
function promptsOfSampler(sampler: PromptSampler, steps: number): readonly Prompt<"image">[] {
  const size = { height: 40, width: 40 };
  const square = (from: number, side: number) =>
    maskOf(size, (x, y) => x >= from && x < from + side && y >= from && y < from + side);
  const box = { x0: 8, y0: 8, x1: 28, y1: 28 };
  const target = { id: 1, image: 1, category: 1, box, areaPx: 400, crowd: false, mask: square(8, 20), score: 0.5 };
  let draw = 0;
  const prompts = sampler.prompts(target, { next: () => (draw = (draw + 0.37) % 1) });
  const found = [];
  let step = prompts.next(undefined as never);
  for (let i = 1; i <= steps && !step.done; i++) {
    found.push(step.value);
    const lowResLogits = { dims: [1, 4, 4], data: new Float32Array(16) };
    step = prompts.next({ mask: square(8 + i, 6 + i), token: 0, lowResLogits });
  }
  return found;
}

function maskOf(size: Size, inside: (x: number, y: number) => boolean): Rle {
  const pixels = Array.from({ length: size.height * size.width }, (_, i) =>
    Number(inside(i % size.width, Math.floor(i / size.width))),
  );
  return encodeRle(Uint8Array.from(pixels), size);
}

function thrown(call: () => void): { readonly message: string; readonly hint?: string | undefined } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was refused");
}
