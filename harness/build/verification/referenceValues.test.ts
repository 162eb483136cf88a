import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededCheckpoint, seededTensor } from "../../weights/index.ts";
import { readFixture, withShapesOf } from "./referenceValues.ts";
import { referenceErrors } from "./verification.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-fixture-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const input = { tensor: "pixels", scale: 1, offset: 0, shape: [1, 3, 8, 8] };
const sample = { shape: [2, 2], std: 2, index: [0, 3], value: [1, 4] };
const plain = { name: "mine", note: "made by hand", image_size: 8, input, state_dict: { "a.weight": [2, 3] } };

function fixtureOf(fields: object) {
  const file = join(folder, "fixture.json");
  writeFileSync(file, JSON.stringify({ ...plain, image_embedding: sample, ...fields }));
  return readFixture(file);
}

test("names may stand as a tree, and trained values are counted without buffers", () => {
  const tree = { encoder: { "0": { bn: { weight: [3], running_mean: [3] } } }, head: [2, 2] };
  const { stateDict } = fixtureOf({ state_dict: undefined, state_dict_tree: tree, parameters: 7 });
  expect(stateDict).toEqual({ "encoder.0.bn.weight": [3], "encoder.0.bn.running_mean": [3], head: [2, 2] });
  expect(() => fixtureOf({ parameters: 7 })).toThrow(
    /its shapes have another number of parameters than it says \(found 6, expected 7\)/,
  );
  expect(() => fixtureOf({ state_dict: undefined, state_dict_tree: { encoder: { bn: 3 } } })).toThrow(
    /state_dict_tree\.encoder\.bn: the record is not as it should be/,
  );
});

test("weights of a prefix and a suffix are scaled as float32 numbers", () => {
  const state_dict = { "encoder.bn.weight": [64], "encoder.conv.weight": [64], "decoder.bn.weight": [64] };
  const weight_scale = { prefix: "encoder.", suffix: ".bn.weight", factor: 0.7 };
  const checkpoint = withShapesOf(seededCheckpoint(), fixtureOf({ state_dict, weight_scale }), "fixture");
  const factor = Math.fround(0.7);
  const seeded = (name: string) => seededTensor(name, [64]);
  expect(checkpoint.take("encoder.bn.weight", [64]).read()).toEqual(
    seeded("encoder.bn.weight").map((value) => Math.fround(value * factor)),
  );
  for (const name of ["encoder.conv.weight", "decoder.bn.weight"])
    expect(checkpoint.take(name, [64]).read()).toEqual(seeded(name));
});

test("each field that is no input is an output: lists by place, modes by their settings, single numbers too", () => {
  const modes = [
    { hq_token_only: true, multimask_output: false, masks: sample, iou_predictions: [0.5, 0.75] },
    { hq_token_only: false, multimask_output: false, masks: sample },
  ];
  const { outputs } = fixtureOf({ stages: [sample, sample], outputs: modes, features: [], count: 4 });
  expect(Object.keys(outputs)).toEqual([
    "image_embedding",
    "stages.0",
    "stages.1",
    "outputs[hq_token_only=true,multimask_output=false].masks",
    "outputs[hq_token_only=true,multimask_output=false].iou_predictions",
    "outputs[hq_token_only=false,multimask_output=false].masks",
    "count",
  ]);
  expect(outputs.count).toEqual({ shape: [], std: 0, index: [0], value: [4] });
  expect(() => fixtureOf({ masks: ["a"] })).toThrow(/field masks\.0 is not as it should be/);
  expect(() => fixtureOf({ kind: "new" })).toThrow(/field kind is not as it should be/);
});

test("a few values are measured by their root mean square, and a stability score may be a pixel off", async () => {
  const scores = [{ logit_scale: 0.25, stability_of_token_0: [0.96, 0.98], iou_predictions: [0.3, 0.4] }];
  const fixture = fixtureOf({ single_mask: scores });
  const embedding = { dims: [2, 2], data: Float32Array.of(1, 0, 0, 4) };
  const given = (name: string, ...values: number[]) => ({
    [`single_mask[logit_scale=0.25].${name}`]: { dims: [2], data: Float32Array.from(values) },
  });
  const errorsOf = (stability: number) =>
    referenceErrors(
      {
        encode: async () => ({
          image_embedding: embedding,
          ...given("stability_of_token_0", stability, 0.98),
          ...given("iou_predictions", 0.3, 0.401),
        }),
        close: async () => undefined,
      },
      fixture,
    );
  const [, pixel, iou] = Object.values(await errorsOf(0.96 + 1 / 40_000));
  expect(iou!.std).toBeCloseTo(Math.sqrt(0.125), 6);
  expect(pixel!.maxError).toBeCloseTo(2.5e-5, 6);
  expect(pixel!.ratio).toBe(0);
  const [, two] = Object.values(await errorsOf(0.96 + 2 / 40_000));
  expect(two!.ratio).toBeGreaterThan(5e-5);
});

test("a place of a smaller mask is more of a stability score", () => {
  const single_mask = [{ stability_of_token_0: [0.96, 0.98] }];
  const low_res_masks = { ...sample, shape: [2, 4, 128, 128] };
  const { outputs } = fixtureOf({ single_mask, low_res_masks });
  expect(outputs["single_mask.0.stability_of_token_0"]!.step).toBe(2 / 128 ** 2);
  expect(outputs.low_res_masks!.step).toBeUndefined();
  expect(fixtureOf({ single_mask }).outputs["single_mask.0.stability_of_token_0"]!.step).toBe(2 / 256 ** 2);
});

test("an output that the variant does not give is an error, and one without spread must be the same", async () => {
  const fixture = fixtureOf({ chosen: [3, 3] });
  const embedding = { dims: [2, 2], data: Float32Array.of(1, 0, 0, 4) };
  const rawOf = (given: object) => ({
    encode: async () => ({ image_embedding: embedding, ...given }),
    close: async () => undefined,
  });
  await expect(referenceErrors(rawOf({}), fixture)).rejects.toThrow(
    "output chosen of the fixture is not one of the variant",
  );
  const chosen = (...values: number[]) => ({ chosen: { dims: [2], data: Float32Array.from(values) } });
  expect((await referenceErrors(rawOf(chosen(3, 3)), fixture)).chosen!.ratio).toBe(0);
  expect((await referenceErrors(rawOf(chosen(3, 2)), fixture)).chosen!.ratio).toBe(Number.POSITIVE_INFINITY);
});
