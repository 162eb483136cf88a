import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ModelInputSpec, RgbImage } from "../api.ts";
import { maskFromLogits } from "../mask/index.ts";
import { seededTensor } from "../weights/index.ts";
import { prepare, toModelFrame } from "./prepare.ts";

interface Sampled {
  readonly mean: number;
  readonly std: number;
  readonly absmax: number;
  readonly index: readonly number[];
  readonly value: readonly number[];
}

interface Case {
  readonly image: string;
  readonly height: number;
  readonly width: number;
  readonly first_bytes: readonly number[];
  readonly points: readonly (readonly [number, number])[];
  readonly sam: Transform;
  readonly efficientvit_sam_512: Transform;
  readonly sam2_1024: Transform;
  readonly sam2_512: Transform;
  readonly masks: Readonly<Record<"sam" | "efficientvit_sam" | "sam2", { readonly positive: number }>>;
}

interface Transform {
  readonly tensor: Sampled;
  readonly points?: readonly (readonly [number, number])[];
}

// By the authors' transforms of SAM, of EfficientViT-SAM and of SAM 2; the file's note says how its images are made.
const golden = JSON.parse(readFileSync(new URL("fixtures/family_preprocess.json", import.meta.url), "utf8")) as {
  readonly low_res_masks: { readonly tensor: string; readonly scale: number; readonly shape: readonly number[] };
  readonly cases: readonly Case[];
};

const sam: ModelInputSpec = {
  side: 1024,
  fit: "pad",
  resize: "pillow-bilinear",
  padValue: 0,
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
};
const sam2: ModelInputSpec = { ...sam, fit: "stretch", resize: "bilinear-antialias" };
const specs = {
  sam,
  efficientvit_sam_512: { ...sam, side: 512, promptSide: 1024 },
  sam2_1024: sam2,
  sam2_512: { ...sam2, side: 512 },
} as const;
const masksOf = {
  sam: { name: "sam", path: "model-frame" },
  efficientvit_sam_512: { name: "efficientvit_sam", path: "model-frame" },
  sam2_1024: { name: "sam2", path: "direct" },
  sam2_512: { name: "sam2", path: "direct" },
} as const;
type Name = keyof typeof specs;

const cases = golden.cases.flatMap((each) =>
  (Object.keys(specs) as Name[]).map((name) => [name, each.image, each] as const),
);

test.each(cases)("%s, %s: the input, the prompts' frame and the masks are those of the authors", (name, _, given) => {
  const image = imageOf(given);
  expect([...image.pixels.subarray(0, 6)]).toEqual(given.first_bytes);
  const { tensor, geometry } = prepare(image, specs[name]);
  expectSampled(tensor.data, given[name].tensor);
  const points = given.points.map(([x, y]) => ({ x, y, label: 1 as const }));
  const moved = toModelFrame({ frame: "image", points, box: undefined }, geometry).points;
  for (const [i, [x, y]] of (given[name].points ?? []).entries()) {
    expect(moved[i]!.x).toBeCloseTo(x, 9);
    expect(moved[i]!.y).toBeCloseTo(y, 9);
  }
  const { low_res_masks: low } = golden;
  const logits = seededTensor(low.tensor, low.shape).map((value) => value * low.scale);
  const { name: predictor, path } = masksOf[name];
  const spec = { path, interpolation: "bilinear", threshold: ">0" } as const;
  const { counts } = maskFromLogits(logits, geometry, spec);
  const positive = counts.reduce((sum, run, i) => sum + (i % 2 === 1 ? run : 0), 0);
  // One logit of 1.9 million, 1.2e-7 from 0, has another sign where PyTorch interpolates in float32.
  expect(Math.abs(positive - given.masks[predictor].positive)).toBeLessThanOrEqual(path === "direct" ? 1 : 0);
});

function expectSampled(data: Float32Array, { mean, std, absmax, index, value }: Sampled): void {
  for (const [i, at] of index.entries()) expect(Math.abs(data[at]! - value[i]!)).toBeLessThan(1e-5);
  const sum = data.reduce((total, each) => total + each, 0);
  const squares = data.reduce((total, each) => total + each * each, 0);
  expect(sum / data.length).toBeCloseTo(mean, 6);
  expect(Math.sqrt(squares / data.length - (sum / data.length) ** 2)).toBeCloseTo(std, 5);
  expect(data.reduce((most, each) => Math.max(most, Math.abs(each)), 0)).toBeCloseTo(absmax, 5);
}

function imageOf({ image, height, width }: Case): RgbImage {
  // u(image, i) of seeded weights, version 1.
  const state = fnv1a(image);
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const u = (mixed(mixed(i) ^ state) >>> 8) / 2 ** 24;
    return Math.floor(255 * (0.5 * u + (0.5 * Math.floor(i / (3 * width))) / height));
  });
  return { size: { height, width }, pixels };
}

function fnv1a(text: string): number {
  return new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
}

function mixed(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}
