import { expect, test } from "vitest";
import type { Box, Candidates, Crop, EverythingMode, KeptMask, Target } from "../../api.ts";
import { areaOf, encodeRle, rleFromBox, union } from "../../mask/index.ts";
import { protocolOf } from "../index.ts";

const size = { height: 40, width: 80 };
const image = { id: 3, fileName: "3.jpg", size };
const passOf = (id: string) => protocolOf(id).passes[0]!;
const modeOf = (id: string): EverythingMode => passOf(id).everything!;
const box = (x0: number, y0: number, x1: number, y1: number): Box => ({ x0, y0, x1, y1 });
const whole: Crop = { box: box(0, 0, 80, 40), targets: [] };

test("the paper's grid has 64 points a side; with one mask a point, 128", () => {
  const [crop, ...others] = modeOf("anything-ar1000").crops(image);
  expect(others).toEqual([]);
  expect(crop!.targets).toHaveLength(64 * 64);
  expect(crop!.targets[0]!.box).toEqual(box(0.625, 0.3125, 0.625, 0.3125));
  expect(crop!.targets.at(-1)!.box.x0).toBe(80 - 0.625);
  expect(
    modeOf("anything-ar1000-single")
      .crops(image)
      .map(({ targets }) => targets.length),
  ).toEqual([128 * 128]);
});

test("each of MobileSAMv2's grids has its own number of points", () => {
  const { passes } = protocolOf("anything-ar-mobilesamv2");
  const counts = passes.map((pass) => [
    pass.scored[0]!.prompts,
    ...pass.everything!.crops(image).map(({ targets }) => targets.length),
  ]);
  expect(counts).toEqual([
    ["grid-16-one", 256],
    ["grid-16-three", 256],
    ["grid-32-one", 1024],
    ["grid-32-three", 1024],
    ["grid-64-one", 4096],
    ["grid-64-three", 4096],
  ]);
});

test("SA-1B's generator has 32 points a side on the image, 16 and 8 on its crops; the default one 32 on all", () => {
  const points = (mode: EverythingMode) => mode.crops(image).map(({ targets }) => targets.length);
  expect(points(modeOf("anything-sa1b"))).toEqual([1024, ...Array(4).fill(256), ...Array(16).fill(64)]);
  const [one, two] = protocolOf("anything-default-crops").passes;
  expect(points(one!.everything!)).toEqual(Array(5).fill(1024));
  expect(points(two!.everything!)).toEqual(Array(21).fill(1024));
});

test("the default generator drops what is unsure or unstable, and keeps the rest by predicted IoU", () => {
  const { choose } = passOf("anything-default");
  // Token 0 is the single-mask token; 1 is unsure, 2 unstable, 3 good.
  const found = choose(candidates([0.99, 0.88, 0.95, 0.9], [1, 1, 0.9, 0.95]));
  expect(found).toEqual([{ token: 3, score: expect.closeTo(0.9, 6) }]);
});

test("a generator says below which predicted IoU it keeps no mask, where it filters by that", () => {
  expect(passOf("anything-default").leastPredictedIou).toBe(0.88);
  expect(passOf("anything-sa1b").leastPredictedIou).toBe(0.88);
  expect(passOf("anything-ar1000").leastPredictedIou).toBeUndefined();
});

test("SA-1B's generator takes a predicted IoU of exactly 0.88, the released one does not", () => {
  const even = { ...candidates([0, 0, 0, 0], [1, 1, 1, 1]) };
  const exact: Candidates = {
    ...even,
    prediction: { kind: "masks", masks: [], scores: Float64Array.of(0.88) as unknown as Float32Array },
  };
  expect(passOf("anything-sa1b").choose(exact)).toEqual([{ token: 0, score: 0.88 }]);
  expect(passOf("anything-default").choose(exact)).toEqual([]);
});

test("without filters all three masks stay, scored by the mean of confidence and stability", () => {
  const found = passOf("anything-ar1000").choose(candidates([0.1, 0.2, 0.4, 0.6], [0, 1, 0.5, 0]));
  expect(found.map(({ token, score }) => [token, score])).toEqual([
    [1, expect.closeTo(0.6, 6)],
    [2, expect.closeTo(0.45, 6)],
    [3, expect.closeTo(0.3, 6)],
  ]);
});

test("one mask a point is ranked by chance, whatever the model says of it", () => {
  const { choose } = passOf("anything-ar1000-single");
  expect(choose(candidates([0.9, 0, 0, 0], [0, 0, 0, 0]))).toEqual([{ token: 0, score: 0.375 }]);
});

test("of masks whose boxes overlap more than the bound the best stays, and an empty mask goes", () => {
  const empty = encodeRle(new Uint8Array(size.height * size.width), size);
  const at = (x0: number) => rleFromBox(box(x0, 0, x0 + 11, 11), size);
  // Boxes end at the last pixel, 10 px on. 0 and 1: IoU 9/11 > 0.7. 0 and 2: 8/12 < 0.7.
  const masks = [kept(at(0), 0.9, 0), kept(at(1), 0.95, 1), kept(at(3), 0.5, 2), kept(empty, 1, 3)];
  expect(tokens(modeOf("anything-default").settleCrop(masks, whole, image))).toEqual([1, 2]);
});

test.each(["anything-ar1000", "anything-ar1000-single"])(
  "%s: of two overlapping masks the one with the higher predicted IoU stays, though the other ranks higher",
  (id) => {
    const mask = rleFromBox(box(0, 0, 20, 20), size);
    const masks = [
      { ...kept(mask, 0.9, 0), predictedIou: 0.5 },
      { ...kept(mask, 0.4, 1), predictedIou: 0.6 },
    ];
    expect(tokens(modeOf(id).settleCrop(masks, whole, image))).toEqual([1]);
  },
);

test("what a crop's edge cuts goes; at the image's own edge, and further off than 20 px, it stays", () => {
  const mode = modeOf("anything-default-crops");
  const large = { ...image, size: { height: 100, width: 300 } };
  const crop: Crop = { box: box(0, 0, 184, 100), targets: [] };
  const of = (x0: number, x1: number, token: number) =>
    kept(rleFromBox(box(x0, 30, x1, 60), large.size), 1 - token / 10, token);
  // The last pixels lie at 164 and 163: 20 and 21 px from the crop's edge. The third begins at the image's edge.
  const masks = [of(100, 165, 0), of(130, 164, 1), of(0, 40, 2)];
  expect(tokens(mode.settleCrop(masks, crop, large))).toEqual([1, 2]);
  expect(tokens(mode.settleCrop(masks, { ...crop, box: box(0, 0, 300, 100) }, large))).toEqual([0, 1, 2]);
});

test("of duplicates in two crops the smaller crop's stays, and proposals end up by score", () => {
  const mode = modeOf("anything-default-crops");
  const crop: Crop = { box: box(0, 0, 40, 40), targets: [] };
  const one = rleFromBox(box(5, 5, 20, 20), size);
  const other = rleFromBox(box(30, 5, 38, 20), size);
  const found = [
    { crop: whole, kept: kept(one, 0.99, 0) },
    { crop: whole, kept: kept(other, 0.95, 1) },
    { crop, kept: kept(one, 0.9, 2) },
  ];
  expect(tokens(mode.settle(found))).toEqual([1, 2]);
});

test("SA-1B's masks have no small holes and components; a mask that is small as a whole, or nearly the image, goes", () => {
  const mode = modeOf("anything-sa1b");
  const hole = rleFromBox(box(4, 4, 10, 10), size);
  const ring = encodeRle(
    Uint8Array.from({ length: 40 * 80 }, (_, i) => {
      const x = i % 80;
      const y = Math.floor(i / 80);
      return x < 15 && y < 15 && !(x >= 4 && x < 10 && y >= 4 && y < 10) ? 1 : 0;
    }),
    size,
  );
  const ringAndSpeck = union([ring, rleFromBox(box(60, 20, 69, 29), size)]);
  const small = rleFromBox(box(40, 20, 49, 31), size);
  const found = [kept(ringAndSpeck, 0.9, 0), kept(small, 0.95, 1)].map((each) => ({ crop: whole, kept: each }));
  const [only, ...others] = mode.settle(found);
  expect(others).toEqual([]);
  expect(only!.mask).toEqual(union([ring, hole]));
  expect(areaOf(small)).toBe(99);
  const nearly = [kept(rleFromBox(box(0, 0, 80, 38), size), 0.9, 0), kept(rleFromBox(box(0, 0, 80, 37), size), 0.8, 1)];
  expect(tokens(mode.settleCrop(nearly, whole, image))).toEqual([1]);
});

test("a mask that becomes a duplicate by losing a small part gives way to one that was whole", () => {
  const body = rleFromBox(box(5, 5, 25, 25), size);
  const specked = union([body, rleFromBox(box(60, 20, 65, 25), size)]);
  const found = [kept(specked, 0.95, 0), kept(body, 0.9, 1)].map((each) => ({ crop: whole, kept: each }));
  expect(tokens(modeOf("anything-sa1b").settle(found))).toEqual([1]);
});

test("a variant's own everything mode keeps every mask by its confidence, and none where it has none", () => {
  const { choose, everything } = passOf("anything-ar-fastsam");
  const masks = [rleFromBox(box(0, 0, 5, 5), size), rleFromBox(box(0, 0, 6, 5), size)];
  const own = (scores: readonly number[]): Candidates => ({
    ...candidates([0], [0]),
    prediction: { kind: "masks", masks: masks.slice(0, scores.length), scores: Float32Array.from(scores) },
  });
  expect(choose(own([0.75, 0.5]))).toEqual([
    { token: 0, score: 0.75 },
    { token: 1, score: 0.5 },
  ]);
  expect(choose(own([]))).toEqual([]);
  expect(everything!.source).toBe("own output");
  expect(everything!.crops(image)).toMatchObject([{ box: whole.box, targets: [{ id: 0, image: 3 }] }]);
});

test("a variant's own everything mode says how far its ranks go and what limits it", () => {
  const { title, about, notes, headline } = protocolOf("anything-ar-fastsam");
  expect(title).toContain("AR@300");
  // Without it a comparison would be judged by AR@1000, which there is none of.
  expect(headline).toBe("AR@300");
  expect(about).not.toContain("without a filter");
  expect(about).toContain("300 at most");
  expect(notes.join(" ")).toContain("AR@1000");
});

const target: Target = {
  id: 1,
  image: 3,
  category: 0,
  areaPx: 0,
  crowd: false,
  box: { x0: 1, y0: 1, x1: 1, y1: 1 },
};
const prompt = { frame: "image", points: [{ x: 1, y: 1, label: 1 }] } as const;

test("TinySAM's generator prompts 8 points a side, then what no mask covers with certainty of the places around them", () => {
  const pass = passOf("anything-tinysam");
  const mode = pass.everything!;
  const large = { ...image, size: { height: 320, width: 640 } };
  const [crop, ...others] = mode.crops(large);
  expect(others).toEqual([]);
  expect(crop!.targets).toHaveLength(64);
  const places = mode.secondTargets!([], crop!, large);
  // There are 15 around each of 64 points, but for the last of a row or column: two steps on is the image's end, so they have 4
  // fewer, and the very last one 7.
  expect(places).toHaveLength(64 * 15 - 14 * 4 - 7);
  expect(places.map(({ id }) => id)).toEqual(places.map((_, i) => 64 + i));
  const [first] = crop!.targets;
  expect(first!.box).toEqual(box(40, 20, 40, 20));
  expect(places.slice(0, 4).map(({ box: { x0, y0 } }) => [x0, y0])).toEqual([
    [20, 10],
    [20, 20],
    [20, 30],
    [40, 10],
  ]);
  const left = {
    ...kept(rleFromBox(box(0, 0, 640, 320), large.size), 1, 1),
    certain: rleFromBox(box(0, 0, 320, 320), large.size),
  };
  const open = mode.secondTargets!([left], crop!, large);
  expect(open.every(({ box: { x0 } }) => x0 >= 320)).toBe(true);
  expect(open.length).toBe(places.filter(({ box: { x0 } }) => x0 >= 320).length);
});

test("TinySAM's generator remembers of a mask what has logits over 8.5", () => {
  const found = passOf("anything-tinysam").choose(candidates([0.99, 0.88, 0.95, 0.9], [1, 1, 0.9, 0.95]));
  expect(found.map(({ token, certain }) => [token, areaOf(certain!)])).toEqual([[3, 17]]);
});

function candidates(predictedIou: readonly number[], stability: readonly number[]): Candidates {
  const lowResLogits = { dims: [predictedIou.length, 1, 1], data: new Float32Array(predictedIou.length) };
  return {
    target,
    prompt,
    lacks: [],
    prediction: { kind: "logits", lowResLogits, predictedIou: Float32Array.from(predictedIou) },
    mask: () => {
      throw new Error("no mask is needed to choose");
    },
    stability: (token) => stability[token],
    maskAbove: (_, level) => rleFromBox(box(0, 0, 2 * level, 1), size),
    random: () => ({ next: () => 0.375 }),
  };
}

function kept(mask: KeptMask["mask"], score: number, token: number): KeptMask {
  return { target, prompt, prompts: "anything-32", step: 1, mask, predictedIou: score, score, token };
}

function tokens(masks: readonly KeptMask[]): readonly number[] {
  return masks.map(({ token }) => token);
}
