import { expect, test } from "vitest";
import type { Prompt } from "../../api.ts";
import type { Question } from "../../process/external/answers.ts";
import type { ExternalSupport } from "../../process/external/hello.ts";
import type { Message } from "../../process/external/messages.ts";
import { photoHolder } from "./heldPhoto.ts";
import { photoVariant } from "./photoVariant.ts";

const photo = { size: { height: 2, width: 3 }, pixels: new Uint8Array(18) };
const masks: ExternalSupport = { tokens: { multimask: [1, 2, 3], single: [0] }, answers: "masks", stability: true };
const logits: ExternalSupport = { tokens: { multimask: [0, 1] }, answers: "logits", logitsSide: 2 };
const geometry = { resized: [2, 3], offset: [0, 0], frame: [4, 4] };
const prompt: Prompt<"image"> = { frame: "image", points: [{ x: 1.5, y: 0, label: 1 }] };

/** A variant whose process answers with these fields and frames, 10 ms after each question. */
function answering(supports: ExternalSupport, decode: Partial<Message["fields"]>, frames: readonly Uint8Array[] = []) {
  const asked: Question[] = [];
  let now = 0;
  const link = {
    async ask(question: Question): Promise<Message> {
      asked.push(question);
      now += 10;
      if (question.call === "setImage") return { fields: { prepareMs: 1, encodeMs: 4, geometry }, frames: [] };
      return { fields: { decodeMs: 2, postprocessMs: 1, ...decode }, frames };
    },
    close: async () => undefined,
  };
  return { asked, variant: photoVariant(link, { variant: "mine", supports, clock: { nowMs: () => now } }) };
}

async function predictionOf(...[supports, decode, frames]: Parameters<typeof answering>) {
  const { variant } = answering(supports, decode, frames);
  await variant.setImage(photo);
  return variant.decode([prompt], { set: "multimask", stabilityOffset: 1 });
}

test("pixels, prompts in the image frame and the set are asked for as the protocol has them", async () => {
  const { asked, variant } = answering(
    masks,
    { tokens: [0], predictions: [{ predictedIou: [0.5] }, { predictedIou: [0.25] }] },
    [new Uint8Array(6), new Uint8Array(6).fill(255)],
  );
  await variant.setImage(photo);
  const box = { x0: 0, y0: 0, x1: 2.5, y1: 2 };
  const mask = { dims: [1, 1, 1], data: Float32Array.of(1) };
  const { predictions } = await variant.decode([prompt, { frame: "image", points: [], box, mask }], { set: "single" });
  expect(asked).toEqual([
    { call: "setImage", fields: { height: 2, width: 3 }, frames: [photo.pixels] },
    {
      call: "decode",
      fields: {
        set: "single",
        prompts: [
          { points: [[1.5, 0, 1]], box: null, mask: null },
          { points: [], box: [0, 0, 2.5, 2], mask: 0 },
        ],
        stabilityOffset: null,
      },
      frames: [Uint8Array.of(0, 0, 128, 63)],
      expects: [6, 6],
    },
  ]);
  expect(predictions).toMatchObject([
    { tokens: [0], predictedIou: Float32Array.of(0.5), output: { masks: [{ counts: Uint32Array.of(6) }] } },
    { tokens: [0], predictedIou: Float32Array.of(0.25), output: { masks: [{ counts: Uint32Array.of(0, 6) }] } },
  ]);
});

test("what the harness waited and what the process says of it are added up apart", async () => {
  const { variant } = answering(masks, { tokens: [0], predictions: [{ predictedIou: [1] }] }, [new Uint8Array(6)]);
  expect(await variant.setImage(photo)).toEqual({ prepareMs: 1, encodeMs: 4 });
  await variant.decode([prompt], { set: "single" });
  expect(variant.waited).toEqual({ wallMs: 20, ownMs: 8 });
});

test("stability is taken where it was asked for, and held masks know it by the decoder's numbers", async () => {
  const one = { predictedIou: [0.1, 0.2, 0.3], stability: [0.7, 0.8, 0.9] };
  const { variant, asked } = answering(masks, { tokens: [1, 2, 3], predictions: [one] }, [new Uint8Array(18)]);
  const holder = photoHolder(variant, { lacks: [] } as never);
  const { value: held } = await holder.prepare(photo).hold();
  const [prediction] = await held.decode([prompt], { looksAt: "three masks", stabilityOffset: 1 });
  expect(prediction!.stability(3, 1)).toBeCloseTo(0.9, 6);
  expect(asked.at(-1)!.fields).toMatchObject({ set: "multimask", stabilityOffset: 1 });
  expect(() => prediction!.mask(0)).toThrow("token 0 was not asked for, but 1, 2, 3");
});

test("a photo that another came after is set again before its prompts", async () => {
  const { variant, asked } = answering(masks, { tokens: [0], predictions: [{ predictedIou: [1] }] }, [
    new Uint8Array(6),
  ]);
  const holder = photoHolder(variant, { lacks: [] } as never);
  const { value: held } = await holder.prepare(photo).hold();
  await held.decode([prompt], { looksAt: "single mask" });
  await holder.prepare({ ...photo }).hold();
  await held.decode([prompt], { looksAt: "single mask" });
  expect(asked.map(({ call }) => call)).toEqual(["setImage", "decode", "setImage", "setImage", "decode"]);
});

const good = { tokens: [1, 2, 3], predictions: [{ predictedIou: [1, 1, 1], stability: [1, 1, 1] }] };

test.each([
  [
    "times beyond the wait",
    { ...good, decodeMs: 8, postprocessMs: 4 },
    /longer than the harness waited \(found decodeMs and postprocessMs of 12.0 ms, expected at most 10.0 ms\)/,
  ],
  ["a negative time", { ...good, postprocessMs: -1 }, /postprocessMs is no time \(found -1/],
  ["a decode of no time", { ...good, decodeMs: 0 }, /decodeMs is no time \(found 0, expected milliseconds above 0\)/],
  ["a time that is a text", { ...good, decodeMs: "2" }, /decodeMs is no time/],
  ["other tokens", { ...good, tokens: [0, 1, 2] }, /other tokens than it said it has \(found \[0,1,2\]/],
  ["no tokens", { ...good, tokens: undefined }, /other tokens .*found nothing/],
  ["too few predictions", { ...good, predictions: [] }, /not one prediction a prompt \(found 0, expected 1\)/],
  ["no predictions", { ...good, predictions: {} }, /not one prediction a prompt/],
  [
    "a predicted IoU too few",
    { ...good, predictions: [{ predictedIou: [1, 1] }] },
    /prompt 1: predictedIou: not one a token \(found 2, expected 3\)/,
  ],
  [
    "a predicted IoU that is null",
    { ...good, predictions: [{ predictedIou: [1, null, 1] }] },
    /not a finite number \(found null at 1/,
  ],
  ["no stability", { ...good, predictions: [{ predictedIou: [1, 1, 1] }] }, /prompt 1: stability: not one a token/],
])("%s in an answer is refused", async (_, fields, message) => {
  await expect(predictionOf(masks, fields, [new Uint8Array(18)])).rejects.toThrow(message);
});

test("logits that are no numbers are refused, with their place", async () => {
  const frame = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, Number.NaN, 6, 7).buffer);
  const fields = { tokens: [0, 1], predictions: [{ predictedIou: [1, 1] }] };
  await expect(predictionOf(logits, fields, [frame])).rejects.toThrow("not a finite number (found NaN at 5)");
});

test.each([
  ["outside of the frame", { ...geometry, offset: [2, 0] }],
  ["of no height", { ...geometry, resized: [0, 3] }],
  ["of a frame without bounds", { ...geometry, frame: [1e9, 1e9] }],
  ["in parts of pixels", { ...geometry, resized: [1.5, 3] }],
  ["missing", undefined],
])("a place in the model frame %s is refused", async (_, given) => {
  const link = {
    ask: async () => ({ fields: { prepareMs: 0, encodeMs: 0.1, geometry: given }, frames: [] }),
    close: async () => undefined,
  };
  const variant = photoVariant(link, { variant: "mine", supports: logits });
  await expect(variant.setImage(photo)).rejects.toThrow(/mine: setImage: geometry is no place in a model frame/);
});
