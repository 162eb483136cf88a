import fc from "fast-check";
import { expect, test } from "vitest";
import type { Geometry, MaskSpec, Rle } from "../../api.ts";
import { difference, union } from "../combine.ts";
import pipeline from "../fixtures/pipeline.json" with { type: "json" };
import pytorch from "../fixtures/upscale_pytorch.json" with { type: "json" };
import { areaOf, encodeRle } from "../rle.ts";
import { parseCounts } from "../rleString.ts";
import { maskFromLogits, maskWithStability, stabilityScore, upscaleLogits } from "./upscale.ts";

const sam: MaskSpec = { path: "model-frame", interpolation: "bilinear", threshold: ">0" };
const efficientSam: MaskSpec = { path: "direct", interpolation: "bicubic", threshold: ">=0" };

/** Draws logits as the fixtures' README says. */
function waves({ low_res: side, a, b, c }: { low_res: number; a: number; b: number; c: number }): Float32Array {
  const angle = (index: number) => (index / (side - 1)) * 2 * Math.PI;
  return Float32Array.from({ length: side * side }, (_, i) => {
    return 6 * Math.sin(a * angle(i % side) + 0.7) * Math.cos(b * angle(Math.floor(i / side))) + c;
  });
}

function padded(height: number, width: number, side: number): Geometry {
  const scale = side / Math.max(height, width);
  const resized = { height: Math.floor(height * scale + 0.5), width: Math.floor(width * scale + 0.5) };
  return { image: { height, width }, resized, offset: { x: 0, y: 0 }, frame: { height: side, width: side } };
}

function stretched(height: number, width: number, side: number): Geometry {
  const square = { height: side, width: side };
  return { image: { height, width }, resized: square, offset: { x: 0, y: 0 }, frame: square };
}

function pixelsApart(a: Rle, b: Rle): number {
  return areaOf(union([difference(a, b), difference(b, a)]));
}

/** Eight pixels from corner to corner, as the fixtures sample them. */
function diagonal(logits: Float32Array, { height, width }: Geometry["image"]): number[] {
  const at = (i: number, length: number) => Math.floor((i * (length - 1)) / 7);
  return Array.from({ length: 8 }, (_, i) => logits[at(i, height) * width + at(i, width)]!);
}

function furthest(found: readonly number[], expected: readonly number[]): number {
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
}

test("SAM's masks are those of PyTorch", () => {
  for (const wave of pipeline.upscale) {
    const { height, width } = wave;
    const geometry = padded(height, width, wave.side);
    const expected = parseCounts(wave.mask.counts, { height, width });
    // Logits within float32's rounding of 0 may fall on either side; here none does.
    expect(pixelsApart(maskFromLogits(waves(wave), geometry, sam), expected)).toBeLessThanOrEqual(3);
    expect(furthest(diagonal(upscaleLogits(waves(wave), geometry, sam), { height, width }), wave.sample)).toBeLessThan(
      2e-6,
    );
  }
});

test("other paths, kernels and geometries give the masks of PyTorch", () => {
  for (const { counts, sample, ...wave } of pytorch) {
    const { geometry, spec } = wave as { geometry: Geometry; spec: MaskSpec };
    const apart = pixelsApart(maskFromLogits(waves(wave), geometry, spec), parseCounts(counts, geometry.image));
    expect({ name: wave.name, apart }).toEqual({ name: wave.name, apart: 0 });
    expect(furthest(diagonal(upscaleLogits(waves(wave), geometry, spec), geometry.image), sample)).toBeLessThan(4e-6);
  }
});

test("the stability score is that of PyTorch, counted at the image's size", () => {
  for (const wave of pipeline.upscale) {
    const geometry = padded(wave.height, wave.width, wave.side);
    const found = stabilityScore(waves(wave), { geometry, spec: sam, offset: 1 });
    // In the second case all 427 pixels of one row lie at -1 but for rounding, of 132114 in the larger mask.
    expect(Math.abs(found - wave.stability_score)).toBeLessThan(2e-4);
  }
});

test("a mask without a pixel above -offset has a stability of 0", () => {
  const score = stabilityScore(new Float32Array(16).fill(-5), { geometry: padded(6, 8, 16), spec: sam, offset: 1 });
  expect(score).toBe(0);
});

const specs = fc.record({
  path: fc.constantFrom("model-frame", "direct"),
  interpolation: fc.constantFrom("bilinear", "bicubic"),
  threshold: fc.constantFrom(">0", ">=0"),
}) satisfies fc.Arbitrary<MaskSpec>;

const upscalings = fc
  .record({
    lowSide: fc.integer({ min: 1, max: 12 }),
    side: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 50 }),
    width: fc.integer({ min: 1, max: 50 }),
    spec: specs,
  })
  .chain(({ lowSide, side, height, width, spec }) =>
    fc.record({
      spec: fc.constant(spec),
      geometry: fc.constant(spec.path === "direct" ? stretched(height, width, side) : centred(height, width, side)),
      // Few values, so that 0 itself, long runs of one sign and exact ties all occur.
      values: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: lowSide ** 2, maxLength: lowSide ** 2 }),
    }),
  );

function centred(height: number, width: number, side: number): Geometry {
  const { resized, ...rest } = padded(height, width, side);
  const whole = { height: Math.max(resized.height, 1), width: Math.max(resized.width, 1) };
  const offset = { x: Math.floor((side - whole.width) / 2), y: Math.floor((side - whole.height) / 2) };
  return { ...rest, resized: whole, offset };
}

test("a mask is the upscaled logits at the threshold, pixel for pixel", () => {
  fc.assert(
    fc.property(upscalings, ({ spec, geometry, values }) => {
      const low = Float32Array.from(values);
      const logits = upscaleLogits(low, geometry, spec);
      const bitmap = Uint8Array.from(logits, (logit) => Number(spec.threshold === ">0" ? logit > 0 : logit >= 0));
      expect(maskFromLogits(low, geometry, spec)).toEqual(encodeRle(bitmap, geometry.image));
    }),
    { numRuns: 500 },
  );
});

test("a stability is the share of upscaled logits beyond the offset, pixel for pixel, and the mask is as without it", () => {
  // No sum of the few values by weights of a few digits is this offset.
  const offset = Math.SQRT1_2;
  fc.assert(
    fc.property(upscalings, ({ spec, geometry, values }) => {
      const low = Float32Array.from(values);
      const logits = upscaleLogits(low, geometry, spec);
      const above = (level: number) => logits.reduce((pixels, logit) => pixels + Number(logit > level), 0);
      const { mask, stability } = maskWithStability(low, { geometry, spec, offset });
      expect(stability).toBe(above(-offset) === 0 ? 0 : above(offset) / above(-offset));
      expect(mask).toEqual(maskFromLogits(low, geometry, spec));
    }),
    { numRuns: 500 },
  );
});

test("a mask does not depend on the masks before it", () => {
  const geometry = padded(60, 80, 64);
  const wavy = (phase: number) => Float32Array.from({ length: 256 }, (_, i) => Math.sin(i * phase) * 3);
  const alone = maskFromLogits(wavy(0.3), { ...geometry }, sam);
  for (const before of [new Float32Array(256).fill(9), wavy(1.1), new Float32Array(256).fill(-9)]) {
    maskWithStability(before, { geometry, spec: sam, offset: 1 });
    expect(maskFromLogits(wavy(0.3), geometry, sam)).toEqual(alone);
  }
});

test("an offset that is not above 0 is a bug, not a stability", () => {
  const input = { geometry: padded(6, 8, 16), spec: sam, offset: 0 };
  expect(() => stabilityScore(new Float32Array(16), input)).toThrow("an offset of 0 for a stability score");
});

test("a logit of 0 is outside for SAM and inside for EfficientSAM", () => {
  const zeros = new Float32Array(16);
  expect(areaOf(maskFromLogits(zeros, padded(6, 8, 16), sam))).toBe(0);
  expect(areaOf(maskFromLogits(zeros, stretched(6, 8, 16), efficientSam))).toBe(48);
});

test("logits that are no square are refused", () => {
  expect(() => maskFromLogits(new Float32Array(12), padded(6, 8, 16), sam)).toThrow(
    "low-res logits: not the square of one mask (found 12 values, expected side * side)",
  );
});

test("one geometry serves masks of several specs and sides", () => {
  const geometry = stretched(6, 8, 16);
  const low = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  for (const spec of [sam, efficientSam, sam]) {
    expect(maskFromLogits(low, geometry, spec)).toEqual(maskFromLogits(low, { ...geometry }, spec));
    expect(maskFromLogits(low.subarray(0, 4), geometry, spec)).toEqual(
      maskFromLogits(low.subarray(0, 4), { ...geometry }, spec),
    );
  }
});

test("a resized image that leaves the frame is a bug, not a mask", () => {
  const geometry = { ...padded(6, 8, 16), offset: { x: 1, y: 0 } };
  expect(() => maskFromLogits(new Float32Array(16), geometry, sam)).toThrow(/leaves the model frame/);
});

test("the direct path refuses a padded image", () => {
  expect(() => maskFromLogits(new Float32Array(16), padded(6, 8, 16), efficientSam)).toThrow(
    "mask path direct: the image does not fill the model frame (found 12 high x 16 wide, expected 16 x 16)",
  );
});
