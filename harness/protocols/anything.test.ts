import { expect, test } from "vitest";
import type { Candidates, KeptMask, Target } from "../api.ts";
import { encodeRle, rleFromBox } from "../mask/index.ts";
import { protocolOf } from "./index.ts";

const size = { height: 40, width: 80 };
const image = { id: 3, fileName: "3.jpg", size };

test("a grid's points sit in the middle of their cells, in both directions", () => {
  const points = protocolOf("anything-ar1000").passes[0]!.targets!(image);
  expect(points).toHaveLength(64 * 64);
  expect(points[0]!.box).toEqual({ x0: 0.625, y0: 0.3125, x1: 0.625, y1: 0.3125 });
  expect(points.at(-1)!.box.x0).toBe(80 - 0.625);
  expect(new Set(points.map(({ id }) => id)).size).toBe(64 * 64);
});

test("each of MobileSAMv2's grids has its own number of points", () => {
  const { passes } = protocolOf("anything-ar-mobilesamv2");
  const counts = passes.map((pass) => [pass.scored[0]!.prompts, pass.targets!(image).length]);
  expect(counts).toEqual([
    ["grid-16-one", 256],
    ["grid-16-three", 256],
    ["grid-32-one", 1024],
    ["grid-32-three", 1024],
    ["grid-64-one", 4096],
    ["grid-64-three", 4096],
  ]);
});

test("the default generator drops what is unsure or unstable, and keeps the rest by predicted IoU", () => {
  const { choose } = protocolOf("anything-default").passes[0]!;
  // Token 0 is the single-mask token; 1 is unsure, 2 unstable, 3 good.
  const kept = choose(candidates([0.99, 0.88, 0.95, 0.9], [1, 1, 0.9, 0.95]));
  expect(kept).toEqual([{ token: 3, score: expect.closeTo(0.9, 6) }]);
});

test("without filters all three masks stay, scored by the mean of confidence and stability", () => {
  const { choose } = protocolOf("anything-ar1000").passes[0]!;
  const kept = choose(candidates([0.1, 0.2, 0.4, 0.6], [0, 1, 0.5, 0]));
  expect(kept.map(({ token, score }) => [token, score])).toEqual([
    [1, expect.closeTo(0.6, 6)],
    [2, expect.closeTo(0.45, 6)],
    [3, expect.closeTo(0.3, 6)],
  ]);
});

test("of masks whose boxes overlap more than the bound the best stays, and an empty mask goes", () => {
  const { settle } = protocolOf("anything-default").passes[0]!;
  const box = (x0: number, width: number) => rleFromBox({ x0, y0: 0, x1: x0 + width, y1: 10 }, size);
  const empty = encodeRle(new Uint8Array(size.height * size.width), size);
  // 0 and 1: IoU 9/11 > 0.7. 0 and 2: 8/12 < 0.7.
  const masks = [kept(box(0, 10), 0.9, 0), kept(box(1, 10), 0.95, 1), kept(box(3, 10), 0.5, 2), kept(empty, 1, 3)];
  expect(settle!(masks).map(({ token }) => token)).toEqual([1, 2]);
});

const target: Target = {
  ...{ id: 1, image: 3, category: 0, areaPx: 0, crowd: false },
  box: { x0: 1, y0: 1, x1: 1, y1: 1 },
};
const prompt = { frame: "image", points: [{ x: 1, y: 1, label: 1 }] } as const;

function candidates(predictedIou: readonly number[], stability: readonly number[]): Candidates {
  const lowResLogits = { dims: [predictedIou.length, 1, 1], data: new Float32Array(predictedIou.length) };
  return {
    ...{ target, prompt, lacks: [] },
    prediction: { kind: "logits", lowResLogits, predictedIou: Float32Array.from(predictedIou) },
    mask: () => {
      throw new Error("no mask is needed to choose");
    },
    stability: (token) => stability[token],
  };
}

function kept(mask: KeptMask["mask"], score: number, token: number): KeptMask {
  return { target, prompt, prompts: "anything-32", step: 1, mask, predictedIou: score, score, token };
}
