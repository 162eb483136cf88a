import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openWeights } from "../../harness/build/weights/openedWeights.ts";
import { variantOfCheckpoint } from "../../harness/build/weights/recognise.ts";
import { memoryConsole } from "../../harness/commands/fixtures/bench.ts";
import { inspect } from "../../harness/commands/inspect.ts";
import type { HarnessError } from "../../harness/errors.ts";
import { loadRegistry, variantOf } from "../../harness/plan/plugins/registry.ts";
import { writeSeededFile } from "../../harness/weights/index.ts";

const registry = await loadRegistry();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["sam-vit-b", 768, "sam_vit_b_01ec64.pth"],
  ["sam-vit-h", 1280, "sam_vit_h_4b8939.pth"],
])("the transformers library's copy of %s", (id, width, authors) => {
  const tensor = "vision_encoder.patch_embed.projection.weight";
  const problem = `is the transformers library's copy (SamModel), whose weights have other names (found ${tensor})`;
  const hint = `take ${authors}, the authors' own file`;
  let file: string;
  beforeAll(() => {
    file = join(folder, `${id}.safetensors`);
    writeSeededFile(file, new Map([[tensor, [width, 3, 16, 16]]]));
  });

  test.each([id, "sam-vit-l", "mobilesam"])("is refused as %s, with the file to take", async (asked) => {
    const variant = variantOf(registry, asked);
    await expect(openWeights({ variant, weights: { source: "checkpoint", file } }, registry)).rejects.toMatchObject({
      message: `${file}: ${problem}`,
      hint,
    } satisfies Partial<HarnessError>);
  });

  test("is known where no variant is named, and bench inspect says what it is", async () => {
    await expect(variantOfCheckpoint(file, registry)).rejects.toMatchObject({ message: `${file}: ${problem}`, hint });
    const console = memoryConsole();
    expect(await inspect.run({ file }, console)).toBe(0);
    expect(console.said.out.trim().split("\n").at(-1)).toBe(`variant     none: it ${problem}; ${hint}`);
    const json = memoryConsole();
    await inspect.run({ file, json: true }, json);
    expect(JSON.parse(json.said.out)).toMatchObject({
      variant: null,
      otherForm: { problem: `${file}: ${problem}`, hint },
    });
  });
});
