import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { PortableModel } from "../../../onnx/index.ts";
import { writtenLibraryFolder, writtenModel } from "../../../portable/fixtures/writtenModel.ts";
import type { MaskEquality } from "../../../portable/readBack.ts";
import { terminalWidth } from "../../../report/table/formats/terminalWidth.ts";
import { ownHome } from "../../fixtures/ownHome.ts";
import { takenText } from "./onnx.ts";

const home = ownHome();
let model: PortableModel;
beforeAll(async () => {
  model = await writtenModel("sam-nano", join(home(), "taken"));
});

const files = [
  { name: "LICENCE.txt", bytes: 451 },
  { name: "encoder.onnx", bytes: 4_699_850 },
  { name: "model.json", bytes: 9062 },
];
const equal: MaskEquality = { masks: 27, equal: 27, images: 3, prompts: ["box", "1p"] };

test("it says sizes with their unit, that masks are equal, the licence, and what to do next", () => {
  const text = takenText({ model, files, masks: equal }, { folder: "taken", layout: "model.json", width: 100 });
  expect(text).toContain("sam-nano, fused graphs, sam-nano.safetensors, trained for this project: 4.71 MB in taken");
  expect(text).toMatch(/encoder\.onnx +4\.70 +runs once an image/);
  expect(text).toContain("read back: masks are equal, 27 of 27 (3 drawn scenes, prompts box, 1p)");
  expect(text).toContain("licence of the weights: MIT, as sam-bench");
  expect(text).toContain("bench run --variants sam-nano,mine --variant-files mine=taken");
});

test("the first mask that is another is named", () => {
  const first = { image: 2, target: 5, prompts: "1p", what: "the mask has other pixels" };
  const text = takenText(
    { model, files, masks: { ...equal, equal: 26, first } },
    { folder: "taken", layout: "model.json", width: 200 },
  );
  expect(text).toContain("masks differ, 26 of 27 are equal");
  expect(text).toContain("the first: image 2, target 5, 1p: the mask has other pixels");
});

test("a folder of transformers.js is named by its two graphs, and run by the script in JavaScript", async () => {
  const library = await writtenLibraryFolder("sam-nano", join(home(), "web"));
  const own = [{ name: "onnx/vision_encoder.onnx", bytes: 4_699_443 }];
  const masks = { ...equal, prompts: ["1p", "3p"] };
  const text = takenText(
    { model: library, files: own, masks },
    { folder: "web", layout: "transformers.js", width: 100 },
  );
  expect(text).toMatch(/onnx\/vision_encoder\.onnx +4\.70 +runs once an image.*dtype\s+fp32/s);
  expect(text).toContain(
    "--prompts 1p,3p --variant-files mine=web/onnx/vision_encoder.onnx,web/onnx/prompt_encoder_mask_decoder.onnx",
  );
  expect(text).toContain("node segment.mjs web PHOTO MASK.png X Y");
});

test("the table keeps to 80 columns; commands stay whole", () => {
  const text = takenText({ model, files, masks: equal }, { folder: "taken", layout: "model.json", width: 80 });
  const wide = text.split("\n").filter((line) => terminalWidth(line) > 80);
  expect(wide.every((line) => /^(measure them|in Python): /.test(line))).toBe(true);
});
