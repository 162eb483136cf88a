import { expect, test } from "vitest";
import type { Capability, MaskPrediction, Rle } from "../../api.ts";
import type { AskedOf, HeldImage, HeldPrediction } from "../heldImage.ts";
import { answerPrompt } from "./answer.ts";

const size = { height: 1, width: 4 };
/** The mask of token n holds n pixels. */
const maskOf = (token: number): Rle => ({ size, counts: Uint32Array.of(4 - token, token) });
const prompt = { frame: "image", points: [{ x: 1, y: 0, label: 1 }] } as const;

function heldOf(
  lacks: readonly Capability[],
  predictionOf: (asked: AskedOf) => MaskPrediction,
): { readonly held: HeldImage; readonly asked: string[] } {
  const asked: string[] = [];
  const held = (prediction: MaskPrediction): HeldPrediction => ({
    prediction,
    mask: maskOf,
    lowResLogits: () => undefined,
    stability: () => undefined,
    maskAbove: () => undefined,
  });
  return {
    asked,
    held: {
      lacks,
      async decode(prompts, question) {
        asked.push(question.looksAt);
        return prompts.map(() => held(predictionOf(question)));
      },
    },
  };
}

const logits = (...values: readonly number[]): MaskPrediction => ({
  kind: "logits",
  lowResLogits: { dims: [values.length, 1, 1], data: new Float32Array(values.length) },
  predictedIou: Float32Array.from(values),
});

test("every token's mask comes in the decoder's order, and the most confident multimask token is kept", async () => {
  const { held, asked } = heldOf([], () => logits(0.875, 0.25, 0.75, 0.5));
  const { tokens, chosen, decodeMs } = await answerPrompt(held, prompt);
  expect(tokens).toEqual(
    [0.875, 0.25, 0.75, 0.5].map((predictedIou, token) => ({ mask: maskOf(token), predictedIou })),
  );
  expect([chosen, asked, decodeMs >= 0]).toEqual([2, ["most confident"], true]);
});

test("where there is no single-mask token, the first token may be kept; an IoU that nothing predicts is left out", async () => {
  const { held } = heldOf(["single-mask-token", "predicted-iou"], () => logits(0.75, 0.25, 0.5));
  const { tokens, chosen } = await answerPrompt(held, prompt);
  expect([chosen, tokens.map(({ predictedIou }) => predictedIou)]).toEqual([0, [undefined, undefined, undefined]]);
});

test("another program, which decodes one set of tokens at a time, is asked for both", async () => {
  const { held, asked } = heldOf([], ({ looksAt }) =>
    looksAt === "single mask"
      ? { kind: "tokens", tokens: [0], predictedIou: Float32Array.of(0.5) }
      : { kind: "tokens", tokens: [1, 2, 3], predictedIou: Float32Array.of(0.25, 0.125, 0.375) },
  );
  const { tokens, chosen } = await answerPrompt(held, prompt);
  expect(asked).toEqual(["most confident", "single mask"]);
  expect(tokens.map(({ mask }) => mask)).toEqual([0, 1, 2, 3].map(maskOf));
  expect([chosen, tokens[chosen]!.predictedIou]).toEqual([3, 0.375]);
});

test("a variant that finds no mask has an empty one", async () => {
  const { held } = heldOf(["single-mask-token"], () => ({ kind: "masks", masks: [], scores: new Float32Array() }));
  const { tokens, chosen } = await answerPrompt(held, prompt);
  expect([chosen, tokens]).toEqual([0, [{ mask: maskOf(0), predictedIou: 0 }]]);
});
