import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { loadRegistry, type Registry, variantOf } from "../../plan/plugins/registry.ts";
import { checkpointOf, type TensorArchive } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";
import { explainMisfit, fits, fittingVariants } from "./fit.ts";
import { type Shapes, withZeroFile } from "./fixtures/zeroFile.ts";
import { nearestVariant } from "./misfit.ts";

const fixture = fileURLToPath(new URL("../../../variants/sam/fixtures/sam_nano.json", import.meta.url));
const nano = (JSON.parse(readFileSync(fixture, "utf8")) as { state_dict: Shapes }).state_dict;
let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a file with the published names and shapes fits its variant, and no other size of SAM", async () => {
  await withZeroFile(folder, nano, async (archive) => {
    expect((await fittingVariants(registry, archive))[0]).toBe("sam-nano");
    for (const id of ["sam-vit-b", "sam-vit-l", "sam-vit-h"])
      expect(await fits(archive, variantOf(registry, id))).toBe(false);
    // The archive is still the caller's: asking for fits did not close it.
    expect(archive.read("mask_decoder.iou_token.weight").length).toBe(64);
  });
});

test.each([
  ["one tensor is missing", without("image_encoder.blocks.5.attn.rel_pos_w")],
  ["one tensor is left over", { ...nano, "image_encoder.head.weight": [4] }],
  ["one shape is another", { ...nano, "image_encoder.pos_embed": [1, 32, 32, 97] }],
  ["the names are of something else", { weight: [3, 3] }],
])("a file fits nothing when %s", async (_, shapes) => {
  await withZeroFile(folder, shapes, async (archive) => {
    expect(await fittingVariants(registry, archive)).toEqual([]);
  });
});

test("of a file that nearly fits, the nearest variant is named with all that is missing, extra and misshaped", async () => {
  const missing = "image_encoder.blocks.5.attn.rel_pos_w";
  const misshaped = "image_encoder.pos_embed";
  const shapes = { ...without(missing), [misshaped]: [1, 32, 32, 97], "image_encoder.head.weight": [4] };
  await withZeroFile(folder, shapes, async (archive) => {
    expect(await fittingVariants(registry, archive)).toEqual([]);
    expect(await nearestVariant(registry, archive)).toEqual({
      variant: "sam-nano",
      missing: [{ name: missing, expected: nano[missing] }],
      extra: [{ name: "image_encoder.head.weight", found: [4] }],
      misshaped: [{ name: misshaped, found: [1, 32, 32, 97], expected: nano[misshaped] }],
    });
  });
  await withZeroFile(folder, { weight: [3, 3] }, async (archive) => {
    expect(await nearestVariant(registry, archive)).toBeUndefined();
  });
});

test("an error about a wrong checkpoint names the variant that it fits", async () => {
  await withZeroFile(folder, nano, async (archive) => {
    const explained = await explainMisfit(await misfit(archive, "sam-vit-b"), registry, archive);
    expect((explained as HarnessError).message).toMatch(/weight image_encoder\.\S+ has the wrong shape \(found \[/);
    expect((explained as HarnessError).hint).toMatch(/^this is a checkpoint of sam-nano/);
  });
});

test("an error about a checkpoint that fits nothing stays as it is, and so does a bug", async () => {
  await withZeroFile(folder, { weight: [3, 3] }, async (archive) => {
    const error = await misfit(archive, "sam-nano");
    expect(await explainMisfit(error, registry, archive)).toBe(error);
    const bug = new TypeError("a bug");
    expect(await explainMisfit(bug, registry, archive)).toBe(bug);
  });
});

// One file for each architecture at its full size: it fits the variants that have its names and shapes, and no other.
function without(name: string): Shapes {
  const { [name]: _, ...rest } = nano;
  return rest;
}

async function misfit(archive: TensorArchive, id: string): Promise<unknown> {
  const variant = variantOf(registry, id);
  const checkpoint = checkpointOf({ ...archive, close: () => undefined }, "checkpoint");
  const error = await describeGraphs({ variant, checkpoint, graph: "fused" }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HarnessError);
  return error;
}
