import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runGraph, wave } from "../../harness/onnx/fixtures/runGraph.ts";
import { seededCheckpoint, seededTensor } from "../../harness/weights/index.ts";
import { stretchedPlaces } from "../bicubic/stretched.ts";
import { configOf } from "./config.ts";
import { imageEncoder } from "./imageEncoder.ts";
import { positionsAt, stretchedRows } from "./positionsAt.ts";
import { referenceImageEncoder } from "./reference.ts";

interface Stretched {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly values: readonly number[];
}

interface Golden {
  readonly bicubic: readonly Stretched[];
  readonly linear: readonly Stretched[];
  readonly encoder: readonly {
    readonly side: number;
    readonly input: { readonly tensor: string; readonly scale: number; readonly shape: readonly number[] };
    readonly image_embedding: {
      readonly std: number;
      readonly shape: readonly number[];
      readonly index: readonly number[];
      readonly value: readonly number[];
    };
  }[];
}

/** Holds values of F.interpolate and of segment_anything's ImageEncoderViT, whose pos_embed F.interpolate resized. */
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL("fixtures/sides.json", import.meta.url)), "utf8"),
) as Golden;

test.each(golden.bicubic)("places are stretched from $from to $to as PyTorch's bicubic does", (how) => {
  const found = stretchedPlaces(wave([how.from ** 2 * how.width]).data, how);
  for (const [i, value] of how.values.entries()) expect(found[i]).toBeCloseTo(value, 6);
});

test.each(golden.linear)("rows are stretched from $from to $to as PyTorch's linear interpolation does", (how) => {
  const found = stretchedRows(wave([how.from * how.width]).data, how);
  // PyTorch computes the weights in float32.
  for (const [i, value] of how.values.entries()) expect(found[i]).toBeCloseTo(value, 5);
});

describe.each(golden.encoder)("at $side px", ({ side, input, image_embedding: expected }) => {
  test.each([
    ["fused", imageEncoder],
    ["reference", referenceImageEncoder],
  ] as const)("the %s graph gives segment_anything's image embedding", async (_, build) => {
    const trained = configOf("sam-nano");
    const wanted = configOf("sam-nano", side);
    const graph = build(wanted, positionsAt(seededCheckpoint(), trained, wanted));
    const data = seededTensor(input.tensor, input.shape).map((value) => value * input.scale);
    const { image_embedding: found } = await runGraph(graph, { image: { dims: input.shape, data } });
    expect(found!.dims).toEqual(expected.shape);
    const errors = expected.index.map((at, i) => Math.abs(found!.data[at]! - expected.value[i]!));
    expect(Math.max(...errors) / expected.std).toBeLessThan(5e-5);
  });
});

test("windows keep their relative positions, even where the grid is as wide as one", () => {
  const side = 64;
  const placed = positionsAt(seededCheckpoint(), configOf("sam-nano"), configOf("sam-nano", side));
  const table = (block: number) => placed.take(`image_encoder.blocks.${block}.attn.rel_pos_h`, [15, 32]).read();
  const own = (block: number) => seededTensor(`image_encoder.blocks.${block}.attn.rel_pos_h`, [15, 32]);
  expect(table(1)).toEqual(own(1));
  expect(table(2)).not.toEqual(own(2));
});

test("a side that is no number of patches is refused", () => {
  expect(() => configOf("sam-vit-b", 1000)).toThrow(
    "sam-vit-b: no side that its encoder takes (found 1000 px, expected a multiple of 16 px)",
  );
});
