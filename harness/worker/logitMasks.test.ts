import { expect, test } from "vitest";
import { maskFromLogits, stabilityScore } from "../mask/index.ts";
import { logitMasks } from "./logitMasks.ts";

const size = { height: 8, width: 8 };
const geometry = { image: size, resized: size, offset: { x: 0, y: 0 }, frame: size };
const spec = { path: "model-frame", interpolation: "bilinear", threshold: ">0" } as const;
const tokens = [0.4, 0.9].map((phase) => Float32Array.from({ length: 16 }, (_, i) => 3 * Math.sin(i * phase)));
const masks = () => logitMasks((token) => tokens[token], { geometry, spec });

test("a mask is the same whether its stability was asked for before or not", () => {
  const asked = masks();
  for (const [token, logits] of tokens.entries()) {
    expect(asked.stability(token, 1)).toBe(stabilityScore(logits, { geometry, spec, offset: 1 }));
    expect(asked.mask(token)).toEqual(masks().mask(token));
    expect(asked.mask(token)).toEqual(maskFromLogits(logits, geometry, spec));
  }
});

test("a mask whose stability is known is not made again", () => {
  let read = 0;
  const logitsOf = (token: number) => {
    read++;
    return tokens[token];
  };
  const counting = logitMasks(logitsOf, { geometry, spec });
  counting.stability(0, 1);
  counting.mask(0);
  expect(read).toBe(1);
});

test("a token without logits has nothing", () => {
  const none = masks();
  expect([none.mask(2), none.stability(2, 1), none.maskAbove(2, 0)]).toEqual([undefined, undefined, undefined]);
});
