import { expect, test } from "vitest";
import type { ImageEmbedding, MaskPrediction, ModelInput } from "../api.ts";
import { outputChecks } from "./outputChecks.ts";

const geometry = {
  image: { height: 2, width: 3 },
  resized: { height: 4, width: 6 },
  offset: { x: 0, y: 0 },
  frame: { height: 6, width: 6 },
};
const input: ModelInput = { tensor: { dims: [1, 3, 6, 6], data: new Float32Array(108) }, geometry };

function tensor(...dims: readonly number[]) {
  return { dims, data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)) };
}

function logits(tokens: number, changes: object = {}): MaskPrediction {
  return {
    kind: "logits",
    lowResLogits: tensor(tokens, 4, 4),
    predictedIou: new Float32Array(tokens),
    ...changes,
  } as MaskPrediction;
}

const mask = { size: geometry.image, counts: Uint32Array.of(2, 4) };
const masks = (changes: object = {}): MaskPrediction =>
  ({ kind: "masks", masks: [mask], scores: new Float32Array(1), ...changes }) as MaskPrediction;

test("what has the shapes of the contract passes", () => {
  const checks = outputChecks({ id: "mine", lacks: [] });
  checks.embedding({ tensor: tensor(1, 8, 4, 4), geometry: { ...geometry } }, input);
  const skipConnections = { tokens: tensor(1, 4, 4, 8), classes: tensor(1, 8) };
  checks.embedding({ tensor: tensor(1, 8, 4, 4), skipConnections, geometry }, input);
  checks.predictions([logits(4), logits(4)], 2, geometry);
  checks.everything(masks(), geometry);
  outputChecks({ id: "mine", lacks: ["single-mask-token"] }).predictions([logits(1)], 1, geometry);
  outputChecks({ id: "mine", lacks: ["three-masks"] }).predictions([logits(1)], 1, geometry);
});

test.each<[string, unknown, string]>([
  [
    "none",
    undefined,
    "mine: encode, image embedding: no tensor (found undefined, expected [1, channels, rows, columns])",
  ],
  [
    "three dimensions",
    { tensor: tensor(8, 4, 4), geometry },
    "wrong dimensions (found [8, 4, 4], expected [1, channels",
  ],
  ["two images", { tensor: tensor(2, 8, 4, 4), geometry }, "more than one image (found [2, 8, 4, 4]"],
  [
    "too few values",
    { tensor: { dims: [1, 8, 4, 4], data: new Float32Array(64) }, geometry },
    "wrong number of values (found 64, expected 128, 1 x 8 x 4 x 4)",
  ],
  ["plain numbers", { tensor: { dims: [1, 1, 1, 1], data: [1] }, geometry }, "not a Float32Array (found Array"],
  [
    "a value that is no number",
    { tensor: { dims: [1, 1, 1, 6], data: Float32Array.of(0, 1, 2, 3, 4, Number.NaN) }, geometry },
    "not a finite number (found NaN at 5, expected finite values)",
  ],
  ["no geometry", { tensor: tensor(1, 8, 4, 4) }, "geometry: not the input's (found none"],
  [
    "another geometry",
    { tensor: tensor(1, 8, 4, 4), geometry: { ...geometry, frame: { height: 8, width: 8 } } },
    "geometry: not the input's (found 2 x 3 as 4 x 6 at 0, 0 of 8 x 8, expected 2 x 3 as 4 x 6 at 0, 0 of 6 x 6)",
  ],
  [
    "a skip connection that is no tensor",
    { tensor: tensor(1, 8, 4, 4), skipConnections: { tokens: undefined }, geometry },
    "mine: encode, skip connection tokens: no tensor (found undefined, expected [1, …])",
  ],
  [
    "a skip connection of two images",
    { tensor: tensor(1, 8, 4, 4), skipConnections: { tokens: tensor(2, 4, 4, 8) }, geometry },
    "skip connection tokens: more than one image (found [2, 4, 4, 8], expected [1, …])",
  ],
  [
    "a skip connection with an infinite value",
    {
      tensor: tensor(1, 8, 4, 4),
      skipConnections: { fine: tensor(1, 2), tokens: { dims: [1, 2], data: Float32Array.of(0, -Infinity) } },
      geometry,
    },
    "skip connection tokens: not a finite number (found -Infinity at 1, expected finite values)",
  ],
])("an image embedding with %s is refused", (_, embedding, message) => {
  const { embedding: check } = outputChecks({ id: "mine", lacks: [] });
  expect(() => check(embedding as ImageEmbedding, input)).toThrow(message);
});

test.each<[string, unknown, string]>([
  ["none", undefined, "mine: decode: not one prediction a prompt (found undefined, expected 1 predictions)"],
  ["two for one prompt", [logits(4), logits(4)], "not one prediction a prompt (found 2 predictions, expected 1"],
  ["one of another kind", [{ kind: "boxes" }], "decode, prompt 1: no prediction"],
  [
    "[1, 32, 32] with 4,096 values",
    [logits(1, { lowResLogits: { dims: [1, 32, 32], data: new Float32Array(4096) } })],
    "mine: decode, prompt 1, low-res logits: wrong number of values (found 4096, expected 1024, 1 x 32 x 32)",
  ],
  ["logits that are not square", [logits(4, { lowResLogits: tensor(4, 2, 8) })], "not square (found [4, 2, 8]"],
  [
    "a score too few",
    [logits(4, { predictedIou: new Float32Array(3) })],
    "predicted IoU: wrong number of values (found 3",
  ],
  [
    "an infinite score",
    [logits(4, { predictedIou: Float32Array.of(0, 0, Number.POSITIVE_INFINITY, 0) })],
    "predicted IoU: not a finite number (found Infinity at 2",
  ],
  ["the single-mask token alone", [logits(1)], "too few mask tokens (found 1, expected at least 2"],
  ["a mask of another size", [masks({ masks: [{ ...mask, size: { height: 3, width: 2 } }] })], "mask 1: another size"],
  [
    "a mask that ends early",
    [masks({ masks: [{ ...mask, counts: Uint32Array.of(2, 3) }] })],
    "(found 5 px, expected 6 px)",
  ],
  ["a mask without a score", [masks({ scores: new Float32Array(0) })], "scores: wrong number of values (found 0"],
])("a prediction with %s is refused", (_, predictions, message) => {
  const { predictions: check } = outputChecks({ id: "mine", lacks: [] });
  expect(() => check(predictions as readonly MaskPrediction[], 1, geometry)).toThrow(message);
});

const unseen = (...ious: readonly number[]): MaskPrediction => {
  return { kind: "tokens", tokens: [1, 2, 3].slice(0, ious.length), predictedIou: Float32Array.from(ious) };
};
const lookedAt = { firstToken: 1, leastPredictedIou: 0.5 };

test("a prompt none of whose masks is looked at needs no logits", () => {
  const checks = outputChecks({ id: "mine", lacks: [] });
  checks.predictions([unseen(0.1, 0.2, 0.4), logits(4)], 2, geometry, lookedAt);
  expect(() => checks.predictions([unseen(0.1, 0.2, 0.4)], 1, geometry)).toThrow("decode, prompt 1: no prediction");
});

test.each<[string, MaskPrediction, string]>([
  [
    "of a mask that is looked at",
    unseen(0.1, 0.5, 0.4),
    "no logits of a mask that is looked at (found predicted IoU 0.5 of token 2, expected below 0.5)",
  ],
  [
    "a score too many",
    { ...unseen(0.1), predictedIou: new Float32Array(2) } as MaskPrediction,
    "wrong number of values",
  ],
  ["without tokens", unseen(), "tokens: not those that are looked at"],
  ["of a token before the first", { ...unseen(0.1), tokens: [0] } as MaskPrediction, "(found [0], expected 1 and"],
])("a prediction without logits %s is refused", (_, prediction, message) => {
  const checks = outputChecks({ id: "mine", lacks: [] });
  expect(() => checks.predictions([prediction], 1, geometry, lookedAt)).toThrow(message);
});

test("the number of tokens stays what it was at first, and the error says more where there is more to say", () => {
  const checks = outputChecks({ id: "mine", lacks: [] }, () => "outputs of its graphs: decoder gives masks");
  checks.predictions([logits(4)], 1, geometry);
  expect(() => checks.predictions([logits(3)], 1, geometry)).toThrow(
    expect.objectContaining({
      message: "mine: decode, prompt 1: another number of mask tokens than before (found 3, expected 4)",
      hint: "outputs of its graphs: decoder gives masks",
    }),
  );
});
