import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRegistry, type RegisteredVariant, type Registry } from "../../plan/plugins/registry.ts";
import { seededCheckpoint } from "../../weights/index.ts";
import { describeGraphs } from "../build.ts";
import { fittingVariants, hasOwnCheckpoint } from "./fit.ts";
import { type Shapes, withZeroFile } from "./fixtures/zeroFile.ts";
import { openWeights } from "./openedWeights.ts";

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sam-bench-test-"));
  registry = await loadRegistry();
});
afterAll(() => rmSync(folder, { recursive: true }));

// Every file is held against every variant.
test("each variant's checkpoint fits those of its shapes alone, and any other one refuses it with their names", async () => {
  const own = [...registry.variants.values()].filter(hasOwnCheckpoint);
  expect(own.length).toBeGreaterThan(10);
  const shapes = await Promise.all(own.map(shapesOf));
  const keys = shapes.map((each) => JSON.stringify(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))));
  for (const [i, variant] of own.entries()) {
    const alike = own.filter((_, k) => keys[k] === keys[i]).map(({ preset }) => preset.id);
    expect(alike).toContain(variant.preset.id);
    await withZeroFile(folder, shapes[i]!, async (archive) => {
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
