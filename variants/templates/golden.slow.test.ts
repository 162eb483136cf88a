import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFixture } from "../../harness/build/verification/referenceValues.ts";
import { seededTensor } from "../../harness/weights/index.ts";

const python = process.env.SAM_BENCH_PYTHON ?? "python3";
const missing = spawnSync(python, ["-c", "import numpy, torch"]).status !== 0;

/** Every rule of seeded values, and a module of two layers whose output is known. */
const script = `
import json, sys, torch
import golden

tensors = [(name, shape, golden.seeded(name, shape).flatten().tolist()) for name, shape in json.loads(sys.argv[2])]
model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 4, stride=4), torch.nn.BatchNorm2d(2)).eval()
shapes = golden.seed(model)
image = golden.Input("input.pos_embed", (1, 3, 16, 16), scale=4.0, offset=0.5)
with torch.no_grad():
    golden.write(sys.argv[1], image=image, shapes=shapes, outputs={"image_embedding": model(image.tensor())})
print(json.dumps(tensors))
`;

const tensors: readonly (readonly [string, readonly number[]])[] = [
  ["a_weight", [8, 5]],
  ["block.norm.weight", [7]],
  ["block.norm.bias", [7]],
  ["bn.running_var", [5]],
  ["bn.running_mean", [5]],
  ["bn.num_batches_tracked", []],
  ["pe.positional_encoding_gaussian_matrix", [2, 9]],
  ["encoder.pos_embed", [1, 3, 3, 4]],
  ["head.dfl.conv.weight", [1, 16, 1, 1]],
  ["größe.weight", [3, 70_000]],
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-golden-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(missing)(
  "golden.py seeds as the harness does, and writes what bench verify reads (needs PyTorch; SAM_BENCH_PYTHON names it)",
  () => {
    const file = join(folder, "model.json");
    const told = execFileSync(python, ["-c", script, file, JSON.stringify(tensors)], {
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
      maxBuffer: 2 ** 26,
      encoding: "utf8",
    });
    for (const [name, shape, values] of JSON.parse(told) as [string, number[], number[]][])
      expect([name, values]).toEqual([name, [...seededTensor(name, shape)]]);
    const { image_size, input, stateDict, outputs } = readFixture(file);
    expect([image_size, input.shape, input.scale, input.offset]).toEqual([16, [1, 3, 16, 16], 4, 0.5]);
    expect(Object.keys(stateDict)).toEqual([
      "0.weight",
      "0.bias",
      "1.weight",
      "1.bias",
      "1.running_mean",
      "1.running_var",
      "1.num_batches_tracked",
    ]);
    const { shape, index, value } = outputs.image_embedding!;
    expect([shape, index.length, new Set(index).size]).toEqual([[1, 2, 4, 4], 32, 32]);
    const place = index.indexOf(0);
    expect(value[place]).toBeCloseTo(firstOutput(), 5);
  },
);

/** The convolution's first output, normalised, written out. */
function firstOutput(): number {
  const image = seededTensor("input.pos_embed", [1, 3, 16, 16]).map((each) => each * 4 + 0.5);
  const kernel = seededTensor("0.weight", [2, 3, 4, 4]);
  let sum = seededTensor("0.bias", [2])[0]!;
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 4; x++) sum += kernel[c * 16 + y * 4 + x]! * image[c * 256 + y * 16 + x]!;
  const first = (name: string) => seededTensor(`1.${name}`, [2])[0]!;
  const normalised = (sum - first("running_mean")) / Math.sqrt(first("running_var") + 1e-5);
  return normalised * first("weight") + first("bias");
}
