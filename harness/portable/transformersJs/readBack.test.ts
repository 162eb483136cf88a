import { join } from "node:path";
import { expect, test } from "vitest";
import { memoryConsole } from "../../commands/fixtures/bench.ts";
import { ownHome } from "../../commands/fixtures/ownHome.ts";
import { onnx } from "../../commands/onnx.ts";

const home = ownHome();

test("a folder of transformers.js is read back by the files' own layout, with the masks that were measured", async () => {
  const console = memoryConsole();
  const args = {
    variant: "sam-nano",
    weights: "auto",
    json: true,
    layout: "transformers.js",
    out: join(home(), "web"),
  };
  expect(await onnx.run(args, console)).toBe(0);
  const { masks, files } = JSON.parse(console.said.out);
  expect(masks).toEqual({ masks: 80, equal: 80, images: 3, prompts: ["1p", "3p"] });
  expect(files.map(({ name }: { readonly name: string }) => name)).toEqual([
    "LICENCE.txt",
    "config.json",
    "onnx/prompt_encoder_mask_decoder.onnx",
    "onnx/vision_encoder.onnx",
    "preprocessor_config.json",
    "sha256.json",
  ]);
});
