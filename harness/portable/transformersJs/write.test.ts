import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ownHome } from "../../commands/fixtures/ownHome.ts";
import { readSignature } from "../../onnx/index.ts";
import { writtenLibraryFolder, writtenModel } from "../fixtures/writtenModel.ts";
import { requireReplaceable } from "../folder.ts";
import { readRecord } from "./record.ts";

const home = ownHome();
let folder: string;
beforeAll(async () => {
  folder = join(home(), "web");
  await writtenLibraryFolder("sam-nano", folder);
});

const contents = (path: string) =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name)).toString("base64")]),
  );
const jsonOf = (path: string, name: string) => JSON.parse(readFileSync(join(path, name), "utf8"));
/** Writes text in the place of a part of a file's text, in a folder that holds this file alone. */
function edited(name: string, from: string, to: string): string {
  const path = join(home(), name);
  mkdirSync(path);
  writeFileSync(join(path, "config.json"), readFileSync(join(folder, "config.json"), "utf8").replace(from, to));
  return path;
}

test("both graphs have the library's names, types and shapes, for a photo of the model's side", () => {
  const valuesOf = (file: string) => {
    const { inputs, outputs } = readSignature(join(folder, "onnx", file));
    return [inputs, outputs].map((values) =>
      values.map(({ name, type, dims }) => `${name} ${type} ${dims?.join(" ")}`),
    );
  };
  expect(valuesOf("vision_encoder.onnx")).toEqual([
    ["pixel_values float32 1 3 256 256"],
    ["image_embeddings float32 1 64 32 32", "image_positional_embeddings float32 1 64 32 32"],
  ]);
  expect(valuesOf("prompt_encoder_mask_decoder.onnx")).toEqual([
    [
      "input_points float32 1 prompts points 2",
      "input_labels int64 1 prompts points",
      "image_embeddings float32 1 64 32 32",
      "image_positional_embeddings float32 1 64 32 32",
    ],
    ["iou_scores float32 1 prompts 3", "pred_masks float32 1 prompts 3 128 128"],
  ]);
});

test("the JSON files say the class, the side, the frame, mean and std", () => {
  expect(jsonOf(folder, "config.json")).toMatchObject({
    model_type: "sam",
    vision_config: { image_size: 256 },
    "transformers.js_config": { dtype: { vision_encoder: "fp32", prompt_encoder_mask_decoder: "fp32" } },
    sam_bench: { variant: { id: "sam-nano" }, weights: { source: "nano" } },
  });
  expect(jsonOf(folder, "preprocessor_config.json")).toMatchObject({
    processor_class: "SamProcessor",
    size: { longest_edge: 256 },
    pad_size: { height: 256, width: 256 },
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
  });
});

test.each([
  ["half/sam-nano", "vision_encoder_fp16.onnx", "prompt_encoder_mask_decoder_fp16.onnx"],
  ["w8/sam-nano", "vision_encoder_quantized.onnx", "prompt_encoder_mask_decoder_quantized.onnx"],
  ["w4/sam-nano", "vision_encoder_q4.onnx", "prompt_encoder_mask_decoder_quantized.onnx"],
  ["sam-fast/sam-nano", "vision_encoder_quantized.onnx", "prompt_encoder_mask_decoder.onnx"],
  ["evit/sam-nano", "vision_encoder.onnx", "prompt_encoder_mask_decoder.onnx"],
])("%s: each file is named by the numbers that it holds", async (id, encoder, decoder) => {
  const path = join(home(), id.replaceAll("/", "-"));
  const { graphs } = await writtenLibraryFolder(id, path);
  expect(Object.values(graphs).map(({ file }) => file)).toEqual([`onnx/${encoder}`, `onnx/${decoder}`]);
  expect(readdirSync(join(path, "onnx")).sort()).toEqual([encoder, decoder].sort());
});

test.each([
  ["bf16/sam-nano", "no name for weights of bfloat16"],
  ["hq-sam-nano", "HQ-SAM's decoder takes features of early layers"],
  ["efficientsam-nano", "EfficientSAM stretches the photo"],
  ["efficientvit-sam-nano", "an image frame of 256 px and a prompt frame of 512 px"],
  ["sam2.1-nano", "SAM 2's decoder takes maps at three resolutions"],
])("%s is refused with the reason, and nothing is written", async (id, reason) => {
  const path = join(home(), "refused");
  const written = writtenLibraryFolder(id, path);
  await expect(written).rejects.toThrow(`${id}: can not be written for transformers.js`);
  await expect(written).rejects.toThrow(reason);
  expect(existsSync(path)).toBe(false);
});

test("the published operators are refused", async () => {
  const written = writtenLibraryFolder("sam-nano", join(home(), "refused"), "reference");
  await expect(written).rejects.toThrow("the published operators are not cut where the library cuts");
});

test("the same model is the same bytes, and says nothing of this machine", async () => {
  const before = contents(folder);
  await writtenLibraryFolder("sam-nano", folder);
  expect(contents(folder)).toEqual(before);
  for (const name of ["config.json", "preprocessor_config.json", "LICENCE.txt", "sha256.json"]) {
    const text = readFileSync(join(folder, name), "utf8");
    expect(text).not.toContain(home());
    expect(text).not.toContain(homedir());
  }
});

test("a folder of either layout gives way to the other, and one with files of others does not", async () => {
  const path = join(home(), "both");
  await writtenModel("sam-nano", path);
  await writtenLibraryFolder("sam-nano", path);
  expect(readdirSync(path)).not.toContain("model.json");
  await writtenModel("sam-nano", path);
  expect(readdirSync(path)).not.toContain("onnx");
  await writtenLibraryFolder("sam-nano", path);
  writeFileSync(join(path, "onnx", "notes.txt"), "mine");
  expect(() => requireReplaceable(path)).toThrow("holds files that bench onnx did not write (found onnx/notes.txt)");
});

test("a config.json of others is no record, and one with a wrong field or of another version is refused", () => {
  expect(readRecord(folder)?.variant.id).toBe("sam-nano");
  expect(readRecord(edited("others", "sam-bench transformers.js folder", "other"))).toBeUndefined();
  expect(readRecord(edited("cut", "{", ""))).toBeUndefined();
  const version = edited("version", '"version": 1', '"version": 2');
  expect(() => readRecord(version)).toThrow("config.json: of a version that is not known here (found 2, expected 1)");
  const outside = edited("outside", '"onnx/vision_encoder.onnx"', '"../vision_encoder.onnx"');
  expect(() => readRecord(outside)).toThrow(/config\.json: field files/);
});
