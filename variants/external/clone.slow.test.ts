import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askHello } from "../../harness/process/external/hello.ts";
import { ExternalLink } from "../../harness/process/external/link.ts";
import { presetOf, processOf } from "./presets.ts";

const python = process.env.SAM_BENCH_PYTHON ?? "python3";
const missing = spawnSync(python, ["-c", "import numpy, torch"], { stdio: "ignore" }).status !== 0;
const needs = "needs torch; SAM_BENCH_PYTHON names the Python that has it";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-clone-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Asks EfficientSAM's program what it is, with a folder on PYTHONPATH. */
async function hello(clone: string) {
  const variant = "torch/efficientsam-nano";
  const script = processOf(presetOf(variant)!)!.command[1]!;
  const PYTHONPATH = `${dirname(script)}:${clone}`;
  const link = new ExternalLink(variant, { words: [python, script], environment: { PYTHONPATH } });
  try {
    return await askHello(link, { variant, preset: "efficientsam-nano", setting: null, sizes: null });
  } finally {
    await link.close();
  }
}

/** Writes a package that has the names of the authors' classes; the comment makes its sources others. */
function clone(name: string, comment: string): string {
  const modules = {
    __init__: [],
    efficient_sam: ["EfficientSam"],
    efficient_sam_decoder: ["MaskDecoder", "PromptEncoder"],
    efficient_sam_encoder: ["ImageEncoderViT"],
    two_way_transformer: ["TwoWayTransformer"],
  };
  mkdirSync(join(folder, name, "efficient_sam"), { recursive: true });
  for (const [module, classes] of Object.entries(modules)) {
    const text = [`# ${comment}`, ...classes.map((each) => `class ${each}: pass`), ""].join("\n");
    writeFileSync(join(folder, name, "efficient_sam", `${module}.py`), text);
  }
  return join(folder, name);
}

test.skipIf(missing)(`without a clone, the line that brings one is said (${needs})`, async () => {
  await expect(hello(folder)).rejects.toMatchObject({
    message: expect.stringContaining("the package efficient_sam is not found"),
    hint: expect.stringContaining("git clone https://github.com/yformer/EfficientSAM"),
  });
});

test.skipIf(missing)(`clones of other sources are other versions, wherever they lie (${needs})`, async () => {
  const [one, moved, other] = await Promise.all(
    [clone("one", "a"), clone("moved", "a"), clone("other", "b")].map(async (path) => (await hello(path)).versions),
  );
  expect(one!.efficient_sam).toMatch(/^sources [0-9a-f]{12}$/);
  expect(moved).toEqual(one);
  expect(other!.efficient_sam).not.toBe(one!.efficient_sam);
});
