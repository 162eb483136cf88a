import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { memoryConsole } from "../commands/fixtures/bench.ts";
import { ownHome } from "../commands/fixtures/ownHome.ts";
import { onnx } from "../commands/onnx.ts";
import { encodePng, readImage } from "../image/index.ts";
import { areaOf, decodeRle } from "../mask/index.ts";
import { oneMask } from "./fixtures/oneMask.ts";

const home = ownHome();
const script = fileURLToPath(new URL("segment.py", import.meta.url));
const python = process.env.SAM_BENCH_PYTHON ?? "python3";
const missing = spawnSync(python, ["-c", "import numpy, onnxruntime, PIL"]).status !== 0;

const box = { frame: "image", points: [], box: { x0: 60, y0: 50, x1: 400, y1: 330 } } as const;
const point = { frame: "image", points: [{ x: 221, y: 190, label: 1 }] } as const;

const models = [
  ["sam-nano", "nano"],
  ["efficientsam-nano", "nano"],
  ["sam-fast/sam-nano", "nano"],
  ["half/sam-nano", "nano"],
  ["w4/sam-nano", "nano"],
  ["mobilesam", "seeded"],
  ["sam-vit-b", "seeded"],
] as const;

test.skipIf(missing).each(models)(
  "the script gives the masks of %s, %s weights, in every pixel (needs Python with numpy, onnxruntime and Pillow; SAM_BENCH_PYTHON names one)",
  async (variant, weights) => {
    const folder = join(home(), variant.replaceAll("/", "-"));
    expect(await onnx.run({ variant, out: folder, weights }, memoryConsole())).toBe(0);
    const photos = fileURLToPath(new URL("../../datasets/photos/images/", import.meta.url));
    const photo = await readImage(join(photos, "000000058636.jpg"));
    const png = join(home(), "photo.png");
    const out = join(home(), "mask.png");
    writeFileSync(png, await encodePng(photo));
    for (const [prompts, prompt, numbers] of [
      ["box", box, [60, 50, 400, 330]],
      ["1p", point, [221, 190, 1]],
    ] as const) {
      const { status, stderr } = spawnSync(python, [script, folder, png, out, prompts, ...numbers.map(String)]);
      expect(String(stderr)).toBe("");
      expect(status).toBe(0);
      const expected = await oneMask(folder, photo, prompts, prompt);
      if (weights === "nano") expect(areaOf(expected)).toBeGreaterThan(500);
      const found = (await readImage(out)).pixels.filter((_, i) => i % 3 === 0).map((value) => Number(value > 127));
      expect(found).toEqual(decodeRle(expected));
    }
  },
);
