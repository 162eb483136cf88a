import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { memoryConsole } from "./fixtures/bench.ts";
import { ownHome } from "./fixtures/ownHome.ts";
import { quantize } from "./quantize.ts";

ownHome();

const defaults = { quantized: "ptq4sam", from: "sam-nano", calibration: "shapes", images: 1, weights: "auto" };

test("flags name the variant; the calibration is kept for bench run, with what it was made of", async () => {
  const console = memoryConsole();
  const args = { ...defaults, bits: "w4a6", method: "minmax", json: true };
  expect(await quantize.run(args, console)).toBe(0);
  const said = JSON.parse(console.said.out) as Record<string, unknown>;
  expect(said).toMatchObject({
    variant: "ptq4sam/sam-nano/w4a6-minmax",
    dataset: "shapes",
    images: 1,
    seed: 0,
    weights: { source: "nano", file: "sam-nano.safetensors" },
  });
  expect(existsSync(said.file as string)).toBe(true);
});

test.each([
  [{ images: 0 }, "--images: no images to calibrate on (found 0, expected at least 1)"],
  [{ calibration: "photos" }, "dataset photos: is there to be scored, and nothing is calibrated on it"],
  [{ calibration: "photos", "calibration-data": "." }, "--data: the dataset photos is part of its plug-in"],
  [{ bits: "w9a9" }, "w9a9: bits out of range"],
  [{ method: "omze" }, "unknown quantisation method: omze; did you mean omse?"],
  [{ quantized: "ptq4sam/sam-vit-b/w8a8" }, "ptq4sam/sam-vit-b/w8a8: no checkpoint here"],
  [{ quantized: "sam-nano/x" }, "unknown variant: sam-nano/x"],
  [{ quantized: "ptq4sam/sam-vit-b/w4a4-qdrop", weights: "seeded" }, "learning a full-size model takes days on a CPU"],
])("%o is the user's to mend", async (changed, message) => {
  await expect(quantize.run({ ...defaults, ...changed }, memoryConsole())).rejects.toThrow(message);
});
