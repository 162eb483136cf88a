import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HarnessError } from "../../errors.ts";
import { loadRegistry, type RegisteredVariant, type Registry, variantOf } from "../../plan/plugins/registry.ts";
import { checkpointOf, openTensorArchive, seededCheckpoint, type TensorArchive } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";
import { explainMisfit, fits, fittingVariants, hasOwnCheckpoint } from "./fit.ts";
import { nearestVariant } from "./misfit.ts";
import { openWeights } from "./openedWeights.ts";

type Shapes = Readonly<Record<string, readonly number[]>>;

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
  await withFile(nano, async (archive) => {
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
  await withFile(shapes, async (archive) => {
    expect(await fittingVariants(registry, archive)).toEqual([]);
  });
});

test("of a file that nearly fits, the nearest variant is named with all that is missing, extra and misshaped", async () => {
  const missing = "image_encoder.blocks.5.attn.rel_pos_w";
  const misshaped = "image_encoder.pos_embed";
  const shapes = { ...without(missing), [misshaped]: [1, 32, 32, 97], "image_encoder.head.weight": [4] };
  await withFile(shapes, async (archive) => {
    expect(await fittingVariants(registry, archive)).toEqual([]);
    expect(await nearestVariant(registry, archive)).toEqual({
      variant: "sam-nano",
      missing: [{ name: missing, expected: nano[missing] }],
      extra: [{ name: "image_encoder.head.weight", found: [4] }],
      misshaped: [{ name: misshaped, found: [1, 32, 32, 97], expected: nano[misshaped] }],
    });
  });
  await withFile({ weight: [3, 3] }, async (archive) => {
    expect(await nearestVariant(registry, archive)).toBeUndefined();
  });
});

test("an error about a wrong checkpoint names the variant that it fits", async () => {
  await withFile(nano, async (archive) => {
    const explained = await explainMisfit(await misfit(archive, "sam-vit-b"), registry, archive);
    expect((explained as HarnessError).message).toMatch(/weight image_encoder\.\S+ has the wrong shape \(found \[/);
    expect((explained as HarnessError).hint).toMatch(/^this is a checkpoint of sam-nano/);
  });
});

test("an error about a checkpoint that fits nothing stays as it is, and so does a bug", async () => {
  await withFile({ weight: [3, 3] }, async (archive) => {
    const error = await misfit(archive, "sam-nano");
    expect(await explainMisfit(error, registry, archive)).toBe(error);
    const bug = new TypeError("a bug");
    expect(await explainMisfit(bug, registry, archive)).toBe(bug);
  });
});

// One file for each architecture at its full size: it fits the variants that have its names and shapes, and no other.
test("each variant's checkpoint fits those of its shapes alone, and any other one refuses it with their names", async () => {
  const own = [...registry.variants.values()].filter(hasOwnCheckpoint);
  expect(own.length).toBeGreaterThan(10);
  const shapes = await Promise.all(own.map(shapesOf));
  const keys = shapes.map((each) => JSON.stringify(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))));
  for (const [i, variant] of own.entries()) {
    const alike = own.filter((_, k) => keys[k] === keys[i]).map(({ preset }) => preset.id);
    expect(alike).toContain(variant.preset.id);
    await withFile(shapes[i]!, async (archive) => {
      expect(await fittingVariants(registry, archive)).toEqual(alike);
      const other = own.find((_, k) => k > i && keys[k] !== keys[i]) ?? own.find((_, k) => keys[k] !== keys[i])!;
      const weights = { source: "checkpoint", file: archive.file } as const;
      await expect(openWeights({ variant: other, weights }, registry)).rejects.toMatchObject({
        hint: `this is a checkpoint of ${alike.join(" or ")}`,
      });
    });
  }
});

/** Returns the tensors that the variant takes of a checkpoint, with their shapes. */
async function shapesOf(variant: RegisteredVariant): Promise<Shapes> {
  const seeded = seededCheckpoint();
  const shapes = new Map<string, readonly number[]>();
  const checkpoint = {
    ...seeded,
    take: (name: string, dims: readonly number[]) => {
      shapes.set(name, [...dims]);
      return seeded.take(name, dims);
    },
  };
  await describeGraphs({ variant, checkpoint, graph: "fused" });
  return Object.fromEntries(shapes);
}

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

/** A .safetensors file of zeros in half precision, open while `use` runs. The zeros are a hole: they take no disk. */
async function withFile(shapes: Shapes, use: (archive: TensorArchive) => Promise<void>): Promise<void> {
  let end = 0;
  const header = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: "F16", shape, data_offsets: [begin, end] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = join(folder, "weights.safetensors");
  writeFileSync(file, Buffer.concat([length, json]));
  truncateSync(file, 8 + json.length + end);
  const archive = await openTensorArchive(file);
  try {
    await use(archive);
  } finally {
    archive.close();
  }
}
